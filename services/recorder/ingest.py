"""From the broker to the database: a message is acknowledged only after it is committed."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy.exc import DatabaseError

from services.recorder.caretaker import Caretaker
from services.recorder.inbox import Inbox
from services.recorder.lost_while_away import LostWhileAway
from services.recorder.nightly_backup import BackupError, Backups
from services.recorder.rows import (
    RECORDED,
    UndatedMessageError,
    as_it_is,
    is_state,
    to_dead_letter,
    to_row,
    to_undated,
)
from services.recorder.settings import RecorderSettings
from services.recorder.store import Store, open_store, set_aside
from services.recorder.undated import Dating
from services.recorder.upkeep import Upkeep
from shared.backoff import Backoff
from shared.bus import Delivery, Publisher
from shared.clock import Clock, utc_now
from shared.conditions import Reason, storage
from shared.errors import BadMessageError, DamagedError, StorageError
from shared.health import Health
from shared.history.engine import Place, shown
from shared.history.migration import is_older, revision
from shared.messages import ReplayRequest
from shared.service import Service
from shared.topics import REPLAY, REPLAY_REQUEST

log = logging.getLogger("recorder")

T = TypeVar("T")

MAX_RETRY_S = 30.0

Faults = dict[str, Reason | None]
"""By topic, why its last message in a batch could not be recorded."""


async def serve(service: Service[RecorderSettings]) -> None:
    """Record until cancelled; then commit what has already been received."""
    settings, health, place = service.settings, service.health, service.settings.database
    inbox = Inbox(settings.batch_size, settings.batch_seconds, service.bus)
    for topic, _ in RECORDED:
        share, of_homes = settings.recorder_share, settings.recorder_homes
        service.bus.collect(topic, inbox.put, share=share, of_homes=of_homes)
        if topic.replayed:
            service.bus.collect(topic.replay, partial(put_replay, inbox), share=share, of_homes=of_homes)
    service.bus.on_new_session(partial(request_replay, service.bus))
    clock = service.bus.clock
    now = clock.now() if clock.trusted else None
    await asyncio.to_thread(report_upgrade, place, health)
    await _retry(lambda: back_up_before_migration(settings, health, now), health)
    store = await _retry(lambda: open_store(place), health)
    health.report("schema", None)
    log.info("Recording into %s.", shown(place))
    dating = await _retry(lambda: Dating(store, clock), health)
    losses = await _retry(lambda: LostWhileAway(store), health)
    backups = nightly_backups(settings)
    upkeep = Upkeep(store, settings.zone, settings.raw_days, dating=dating, copies=backups.all if backups else tuple)
    batch: list[Delivery] = []
    caretaker = _start_caretaker(settings, backups, health, clock)
    try:
        while True:
            batch.extend(await inbox.next_batch())
            faults = await _retry(lambda: commit_now(batch, store, clock, dating, losses), health)
            health.report("log", store.lost)
            health.report("away", losses.reason(clock.now()))
            if len(batch) == settings.batch_size or dating.has_news:
                upkeep.run_now()
            acknowledge(batch)
            report_faults(faults, health)
            await _retry(lambda: run_upkeep(upkeep, health, clock.now(), dating, trusted=clock.trusted), health)
            if caretaker and caretaker.done():
                caretaker.result()
    finally:
        if caretaker:
            caretaker.cancel()
        batch.extend(inbox.take())
        _finish(batch, store, clock, dating, losses)


def put_replay(inbox: Inbox, delivery: Delivery) -> None:
    """Add a message that is published again; if it is recorded already, its row exists."""
    delivery.topic = delivery.topic.removeprefix(REPLAY)
    inbox.put(delivery)


def request_replay(bus: Publisher) -> None:
    """Ask for what was published while the broker kept nothing for us."""
    bus.publish(REPLAY_REQUEST, ReplayRequest(at=utc_now()))


def nightly_backups(settings: RecorderSettings) -> Backups | None:
    """Return the backups that the first of several recorders makes of the file; a server has its own administrator."""
    place, directory = settings.database, settings.backups
    return None if isinstance(place, str) or directory is None or settings.instance else Backups(place, directory)


def _start_caretaker(
    settings: RecorderSettings, backups: Backups | None, health: Health, clock: Clock
) -> asyncio.Task[None] | None:
    """Start the caretaker of the file, in the first of several recorders only."""
    place = settings.database
    if isinstance(place, str) or settings.instance:
        return None
    return asyncio.create_task(Caretaker(place, backups, settings.zone, health, clock).run())


def report_upgrade(place: Place, health: Health) -> None:
    """Report that a database of an earlier version is upgraded, before that begins."""
    with suppress(OSError, DatabaseError):  # reported when it is opened next
        if is_older(revision(place)):
            health.report("schema", storage.UPGRADING())


def back_up_before_migration(settings: RecorderSettings, health: Health, now: datetime | None) -> None:
    """Keep a copy of a database that this version migrates, as the previous version cannot read the result.

    If that is impossible, report it and continue: a migration changes all or nothing. `now` is None while the clock is
    not set. Raises StorageError.
    """
    backups = nightly_backups(settings)
    if backups is None:
        return
    try:
        made = backups.make_before_migration(now, settings.zone, lambda: None)
    except BackupError as error:
        health.report("backup", error.reason)
        return
    if made:
        log.info("The database as it was before its migration is kept as %s.", made)


def commit_now(
    batch: Sequence[Delivery], store: Store, clock: Clock, dating: Dating, losses: LostWhileAway | None = None
) -> Faults:
    """Commit a batch now."""
    now = clock.now()
    return commit_batch(batch, store, now, dating, losses, trusted=clock.trusted)


def commit_batch(
    batch: Sequence[Delivery],
    store: Store,
    now: datetime,
    dating: Dating | None = None,
    losses: LostWhileAway | None = None,
    *,
    trusted: bool = True,
) -> Faults:
    """Commit every message of a batch, as a row of its table or as a dead letter, so that none blocks the others.

    A message by an unset clock waits separately. While our own clock is not set, no message counts as too early. Raises
    StorageError if the database cannot be written.
    """
    messages = [delivery for delivery in batch if delivery.payload]  # an empty one clears a retained message
    valid, rows, bad, undated = [], [], [], []
    date = dating.date if dating else as_it_is
    for delivery in messages:
        try:
            rows.append(to_row(delivery.topic, delivery.payload, now if trusted else None, date))
            valid.append(delivery)
        except UndatedMessageError as error:
            undated.append(to_undated(delivery.topic, delivery.payload, error.stamp))
        except BadMessageError as error:
            bad.append((delivery, error))
    bad += [(valid[index], BadMessageError(reason)) for index, reason in store.write(rows).items()]
    received = now if trusted else store.newest() or now
    store.write([to_dead_letter(delivery.topic, delivery.payload, error, received) for delivery, error in bad])
    store.write(undated)
    if dating:
        dating.persist()
    if losses:
        for delivery, (table, row) in zip(valid, rows, strict=True):
            losses.see(table, row, retained=delivery.retained)
        losses.persist()
    reasons = {id(delivery): error.reason for delivery, error in bad}
    return {delivery.topic: reasons.get(id(delivery)) for delivery in batch}  # the last message on a topic counts


def report_faults(faults: Faults, health: Health) -> None:
    """Report the topics whose messages could not be recorded, and those that recovered."""
    for topic, cause in faults.items():
        reason = cause and storage.rejected(topic=topic, cause=cause)
        health.report_topic(topic, reason, is_over=not is_state(topic))


def run_upkeep(upkeep: Upkeep, health: Health, now: datetime, dating: Dating, *, trusted: bool) -> None:
    """Run upkeep for a moment, and report what waits for the clock; what fails stays due."""
    try:
        if upkeep.work(now, trusted=trusted):
            health.report("undated", dating.reason())
            health.report("clock", upkeep.disagreement(now) if trusted else None)
            health.report("format", upkeep.hours.unread())
            health.report("hours", upkeep.hours.damaged())
        health.report("upkeep", None)
    except DamagedError:
        raise
    except StorageError as error:
        health.report("upkeep", error.reason)


def acknowledge(batch: list[Delivery]) -> None:
    """Acknowledge a committed batch in order of arrival, and empty it."""
    for delivery in batch:
        delivery.ack()
    batch.clear()


def _finish(batch: list[Delivery], store: Store, clock: Clock, dating: Dating, losses: LostWhileAway) -> None:
    """Try once; what cannot be written will be delivered again after the next start."""
    with suppress(StorageError):
        commit_now(batch, store, clock, dating, losses)
        acknowledge(batch)
    store.close()


async def _retry(work: Callable[[], T], health: Health) -> T:
    """Retry until it succeeds; meanwhile the broker keeps everything, as nothing is acknowledged."""
    backoff = Backoff(1.0, MAX_RETRY_S)
    suspected = False
    while True:
        try:
            result = await asyncio.to_thread(work)
            health.report("database", None)
            return result
        except DamagedError as error:
            if not suspected:  # a card may misread once: the connections are closed, so everything is read again
                suspected = True
                continue
            if await asyncio.to_thread(_start_over, error, health):
                continue
        except StorageError as error:
            health.report("database", error.reason)
        await asyncio.sleep(backoff.next_s())


def _start_over(damage: DamagedError, health: Health) -> bool:
    """Set a damaged database aside, and report that."""
    try:
        reason = set_aside(damage, utc_now())
    except StorageError as error:
        health.report("database", error.reason)
        return False
    if reason:
        health.report("damaged", reason)
    return True
