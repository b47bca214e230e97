"""From the broker to the database: a message is acknowledged only after it is committed."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TypeVar

from services.recorder.rows import RECORDED, to_dead_letter, to_row
from services.recorder.settings import RecorderSettings
from services.recorder.store import Store, open_store, set_aside
from services.recorder.upkeep import Upkeep
from shared.backoff import Backoff
from shared.bus import Delivery
from shared.conditions import Reason, storage
from shared.errors import BadMessageError, DamagedError, StorageError
from shared.health import Health
from shared.history.engine import shown
from shared.service import Service

log = logging.getLogger("recorder")

T = TypeVar("T")

MAX_RETRY_S = 30.0

Faults = dict[str, Reason | None]
"""By topic, why its last message in a batch could not be recorded."""


async def serve(service: Service[RecorderSettings]) -> None:
    """Record until cancelled; then commit what has already been received."""
    settings, health, place = service.settings, service.health, service.settings.database
    deliveries: asyncio.Queue[Delivery] = asyncio.Queue()
    for topic, _ in RECORDED:
        service.bus.collect(topic, deliveries.put_nowait, share=settings.recorder_share)
    store = await _retry(lambda: open_store(place), health)
    log.info("Recording into %s.", shown(place))
    upkeep = Upkeep(store, settings.zone, settings.raw_days)
    batch: list[Delivery] = []
    try:
        while True:
            await fill_batch(batch, deliveries, settings.batch_size, settings.batch_seconds)
            faults = await _retry(lambda: commit_batch(batch, store, datetime.now(UTC)), health)
            if len(batch) == settings.batch_size:
                upkeep.run_now()
            acknowledge(batch)
            report_faults(faults, health)
            await asyncio.to_thread(run_upkeep, upkeep, health, datetime.now(UTC))
    finally:
        _finish(batch, store)


async def fill_batch(batch: list[Delivery], deliveries: asyncio.Queue[Delivery], size: int, seconds: float) -> None:
    """Wait for a message, then fill the batch until it is full or so many seconds old."""
    batch.append(await deliveries.get())
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while len(batch) < size:
                batch.append(await deliveries.get())


def commit_batch(batch: Sequence[Delivery], store: Store, now: datetime) -> Faults:
    """Commit every message of a batch, as a row of its table or as a dead letter, so that none blocks the others.

    Raises StorageError if the database cannot be written.
    """
    messages = [delivery for delivery in batch if delivery.payload]  # an empty one clears a retained message
    valid, rows, bad = [], [], []
    for delivery in messages:
        try:
            rows.append(to_row(delivery.topic, delivery.payload, now))
            valid.append(delivery)
        except BadMessageError as error:
            bad.append((delivery, error))
    bad += [(valid[index], BadMessageError(reason)) for index, reason in store.write(rows).items()]
    store.write([to_dead_letter(delivery.topic, delivery.payload, error, now) for delivery, error in bad])
    return {delivery.topic: None for delivery in messages} | {delivery.topic: error.reason for delivery, error in bad}


def report_faults(faults: Faults, health: Health) -> None:
    """Report the topics whose messages could not be recorded, and those that recovered."""
    for topic, cause in faults.items():
        health.report(topic, storage.rejected(topic=topic, cause=cause) if cause else None)


def run_upkeep(upkeep: Upkeep, health: Health, now: datetime) -> None:
    """Run upkeep for a moment; what fails is still due next time."""
    try:
        upkeep.work(now)
        health.report("upkeep", None)
    except StorageError as error:
        health.report("upkeep", error.reason)


def acknowledge(batch: list[Delivery]) -> None:
    """Acknowledge a committed batch in order of arrival, and empty it."""
    for delivery in batch:
        delivery.ack()
    batch.clear()


def _finish(batch: list[Delivery], store: Store) -> None:
    """Try once; what cannot be written is delivered again after the next start."""
    with suppress(StorageError):
        commit_batch(batch, store, datetime.now(UTC))
        acknowledge(batch)
    store.close()


async def _retry(work: Callable[[], T], health: Health) -> T:
    """Retry until it succeeds; meanwhile the broker keeps everything, as nothing is acknowledged."""
    backoff = Backoff(1.0, MAX_RETRY_S)
    while True:
        try:
            result = await asyncio.to_thread(work)
            health.report("database", None)
            return result
        except DamagedError as error:
            if _start_over(error, health):
                continue
        except StorageError as error:
            health.report("database", error.reason)
        await asyncio.sleep(backoff.next_s())


def _start_over(damage: DamagedError, health: Health) -> bool:
    """Set a damaged database aside, and report that until the next start."""
    try:
        reason = set_aside(damage, datetime.now(UTC))
    except StorageError as error:
        health.report("database", error.reason)
        return False
    if reason:
        health.report("damaged", reason)
    return True
