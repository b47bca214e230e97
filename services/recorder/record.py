"""From the broker to the database: nothing is acknowledged before it is committed."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Table

from services.recorder.rows import RECORDED, Row, to_row
from services.recorder.settings import RecorderSettings
from services.recorder.store import Store, open_store
from shared.errors import BadMessageError, StorageError
from shared.health import Health
from shared.link import Delivery
from shared.service import Service

log = logging.getLogger("recorder")

T = TypeVar("T")

RETRY_MOST_S = 30.0


async def serve(service: Service[RecorderSettings]) -> None:
    """Record for ever; when told to stop, commit first what has come in."""
    settings = service.settings
    deliveries: asyncio.Queue[Delivery] = asyncio.Queue()
    for topic, _ in RECORDED:
        service.bus.collect(topic, deliveries.put_nowait)
    store = await _opened(settings.db_path, service.health)
    log.info("Recording into %s.", settings.db_path)
    batch: list[Delivery] = []
    try:
        while True:
            await collect(batch, deliveries, settings.batch_size, settings.batch_seconds)
            await _write(store, readable(batch, service.health), service.health)
            acknowledge(batch)
    finally:
        _finish(batch, store, service.health)


async def collect(batch: list[Delivery], deliveries: asyncio.Queue[Delivery], size: int, seconds: float) -> None:
    """Wait for a message, then fill the batch until it is full or so many seconds old."""
    batch.append(await deliveries.get())
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while len(batch) < size:
                batch.append(await deliveries.get())


def acknowledge(batch: list[Delivery]) -> None:
    """Tell the broker, in order of arrival, that a batch is safe, and empty it."""
    for delivery in batch:
        delivery.ack()
    batch.clear()


def _finish(batch: list[Delivery], store: Store, health: Health) -> None:
    """One try; what cannot be written now comes again after the next start."""
    with suppress(StorageError):
        store.write(readable(batch, health))
        acknowledge(batch)
    store.close()


def readable(batch: Sequence[Delivery], health: Health) -> list[tuple[Table, Row]]:
    """Return the rows of a batch; what cannot be read is said and left out, so that it never blocks the rest."""
    rows = []
    for delivery in batch:
        if not delivery.payload:  # a retained message was cleared
            continue
        try:
            rows.append(to_row(delivery.topic, delivery.payload))
            health.solved(delivery.topic)
        except BadMessageError as error:
            health.problem(delivery.topic, f"A message on {delivery.topic} is not recorded: {error}.")
    return rows


async def _opened(path: Path, health: Health) -> Store:
    return await _until_done(lambda: open_store(path), health)


async def _write(store: Store, rows: Sequence[tuple[Table, Row]], health: Health) -> None:
    if rows:
        await _until_done(lambda: store.write(rows), health)


async def _until_done(work: Callable[[], T], health: Health) -> T:
    """Try until it is done. Meanwhile nothing is acknowledged, so the broker keeps it."""
    pause = 1.0
    while True:
        try:
            result = await asyncio.to_thread(work)
            health.solved("database")
            return result
        except StorageError as error:
            health.problem("database", str(error))
        await asyncio.sleep(pause)
        pause = min(pause * 2, RETRY_MOST_S)
