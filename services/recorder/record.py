"""From the broker to the database: nothing is acknowledged before it is committed."""

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
from shared.bus import Delivery
from shared.errors import BadMessageError, DamagedError, StorageError
from shared.health import Health
from shared.history.engine import shown
from shared.service import Service

log = logging.getLogger("recorder")

T = TypeVar("T")

RETRY_MOST_S = 30.0

Faults = dict[str, str | None]
"""What was wrong with the last message of each topic of a batch."""


async def serve(service: Service[RecorderSettings]) -> None:
    """Record for ever; when told to stop, commit first what has come in."""
    settings, health, place = service.settings, service.health, service.settings.database
    deliveries: asyncio.Queue[Delivery] = asyncio.Queue()
    for topic, _ in RECORDED:
        service.bus.collect(topic, deliveries.put_nowait, share=settings.recorder_share)
    store = await _until_done(lambda: open_store(place), health)
    log.info("Recording into %s.", shown(place))
    upkeep = Upkeep(store, settings.zone, settings.raw_days)
    batch: list[Delivery] = []
    try:
        while True:
            await collect(batch, deliveries, settings.batch_size, settings.batch_seconds)
            faults = await _until_done(lambda: keep(batch, store, datetime.now(UTC)), health)
            if len(batch) == settings.batch_size:
                upkeep.hurry()
            acknowledge(batch)
            tell(faults, health)
            await asyncio.to_thread(keep_up, upkeep, health, datetime.now(UTC))
    finally:
        _finish(batch, store)


async def collect(batch: list[Delivery], deliveries: asyncio.Queue[Delivery], size: int, seconds: float) -> None:
    """Wait for a message, then fill the batch until it is full or so many seconds old."""
    batch.append(await deliveries.get())
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while len(batch) < size:
                batch.append(await deliveries.get())


def keep(batch: Sequence[Delivery], store: Store, now: datetime) -> Faults:
    """Commit every message of a batch: as a row of its table, or else as a dead letter that never blocks the rest.

    Raises StorageError where neither can be done.
    """
    said = [delivery for delivery in batch if delivery.payload]  # an empty one clears what was retained
    good, rows, bad = [], [], []
    for delivery in said:
        try:
            rows.append(to_row(delivery.topic, delivery.payload, now))
            good.append(delivery)
        except BadMessageError as error:
            bad.append((delivery, error))
    bad += [(good[index], BadMessageError(reason)) for index, reason in store.write(rows).items()]
    store.write([to_dead_letter(delivery.topic, delivery.payload, error, now) for delivery, error in bad])
    return {delivery.topic: None for delivery in said} | {delivery.topic: str(error) for delivery, error in bad}


def tell(faults: Faults, health: Health) -> None:
    """Say what could not be recorded, and what can be again."""
    for topic, reason in faults.items():
        if reason is None:
            health.solved(topic)
        else:
            health.problem(topic, f"A message on {topic} is not recorded: {reason}. It is kept in dead_letter.")


def keep_up(upkeep: Upkeep, health: Health, now: datetime) -> None:
    """Work a moment on what is made of the rows; what fails is still due the next time."""
    try:
        upkeep.work(now)
        health.solved("upkeep")
    except StorageError as error:
        health.problem("upkeep", str(error))


def acknowledge(batch: list[Delivery]) -> None:
    """Tell the broker, in order of arrival, that a batch is safe, and empty it."""
    for delivery in batch:
        delivery.ack()
    batch.clear()


def _finish(batch: list[Delivery], store: Store) -> None:
    """One try; what cannot be written now comes again after the next start."""
    with suppress(StorageError):
        keep(batch, store, datetime.now(UTC))
        acknowledge(batch)
    store.close()


async def _until_done(work: Callable[[], T], health: Health) -> T:
    """Try until it is done. Meanwhile nothing is acknowledged, so the broker keeps it."""
    pause = 1.0
    while True:
        try:
            result = await asyncio.to_thread(work)
            health.solved("database")
            return result
        except DamagedError as error:
            if _begun_anew(error, health):
                continue
        except StorageError as error:
            health.problem("database", str(error))
        await asyncio.sleep(pause)
        pause = min(pause * 2, RETRY_MOST_S)


def _begun_anew(damage: DamagedError, health: Health) -> bool:
    """Make room for a new database, and say so until the next start."""
    try:
        sentence = set_aside(damage, datetime.now(UTC))
    except StorageError as error:
        health.problem("database", str(error))
        return False
    if sentence:
        log.error("%s", sentence)
        health.problem("damaged", sentence)
    return True
