"""Upkeep of the database: roll-ups, outage records, compression, retention.

It runs in small transactions between two batches. A kill loses nothing: the ledger of what is due is written in the
transaction of the rows themselves.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, delete, func, insert, select

from services.recorder import dead_letters, outage_records
from services.recorder.compress import compress_next_hour, unknown_hours
from services.recorder.ledger import Chunk, lock_upkeep, next_chunk, settle
from services.recorder.rollups import Rollups
from services.recorder.rows import MAX_AHEAD
from services.recorder.store import Store
from services.recorder.undated import Dating
from shared.conditions import Reason, storage
from shared.conditions import clock as conditions
from shared.history.derived import DAY, DAY_MS, HOUR_MS, SOURCES, STEP_MS, upkeep_note
from shared.history.readings import devices, distinct
from shared.history.tables import battery_state, compressed_hour, grid_state, inverter_state, outage_schedule, to_ms

INTERVAL_S = 60.0
"""Between two runs; queries read newer readings from the rows."""
SOON_S = 5.0
"""The pause after a full batch: a recorder that was away catches up quickly."""
BUDGET_S = 0.2
"""How long the next batch may have to wait."""
PURGED = (inverter_state, battery_state, grid_state)
COMPRESS_AFTER = timedelta(days=10)
"""Longer than the broker queues messages for a recorder that is away, so that hardly any hour is compressed twice."""
PURGE_MS = HOUR_MS // 2
"""How much is purged in one transaction: a few hundred rows."""
VACUUM_PAGES = 500
"""How many pages of the file are released in one transaction."""


class Upkeep:
    """Upkeep in bounded portions between two batches."""

    def __init__(
        self,
        store: Store,
        zone: ZoneInfo,
        raw_days: int,
        clock: Callable[[], float] = time.monotonic,
        dating: Dating | None = None,
    ) -> None:
        self._store, self._zone, self._raw_days = store, zone, raw_days
        self._dating = dating
        self._clock = clock
        self._idle_until = clock()
        self._zone_checked = False

    def work(self, now: datetime, *, trusted: bool = True) -> bool:
        """Do what is due, within the budget, and return whether it was time to look for it.

        Raises StorageError if the database cannot be written. While the clock is not trusted, nothing is done that
        cannot be done again.
        """
        started = self._clock()
        if started < self._idle_until:
            return False
        if not self._zone_checked:
            self._store.run(self._check_zone)
            self._zone_checked = True
        while self._clock() - started < BUDGET_S:
            if not self._step(now, trusted=trusted):
                self._idle_until = self._clock() + INTERVAL_S
                break
        return True

    def run_now(self) -> None:
        """Run again soon, as many messages have arrived at once."""
        self._idle_until = min(self._idle_until, self._clock() + SOON_S)

    def finish(self, now: datetime) -> None:
        """Do everything that is due, however long it takes."""
        self._store.run(self._check_zone)
        while self._step(now, trusted=True):
            pass

    def disagreement(self, now: datetime) -> Reason | None:
        """Return what to report where the clock is behind the readings: one of them is wrong."""
        newest = self._store.newest()
        behind = newest is not None and now < newest - MAX_AHEAD
        return conditions.disagrees(now=now, newest=newest) if newest and behind else None

    def unread(self) -> Reason | None:
        """Return what to report where hours were compressed by a newer version; they are left as they are."""
        count = self._store.run(unknown_hours)
        return storage.unknown_format(hours=count) if count else None

    def _step(self, now: datetime, *, trusted: bool) -> bool:
        """Do the first thing that is due; return whether there was any. Roll-ups come before purging."""
        newest = self._store.newest()
        return (
            (trusted and dead_letters.record_early(self._store, now))
            or (self._dating is not None and (self._dating.record_dated() or self._dating.drop_surplus()))
            # an outage that lasts is reckoned up to now, but not beyond what was measured
            or self._store.run(partial(self._process_chunk, now=min(now, newest) if newest and not trusted else now))
            or (trusted and not self.disagreement(now) and self._step_for_good(now))
        )

    def _step_for_good(self, now: datetime) -> bool:
        """Do the first thing that is due and cannot be undone."""
        return (
            self._store.run(partial(_purge_dead_letters, now=now, newest=self._store.newest()))
            or self._purge(now)
            or self._store.run(partial(_compress, cutoff=to_ms(now - COMPRESS_AFTER)))
        )

    def _process_chunk(self, connection: Connection, now: datetime) -> bool:
        lock_upkeep(connection)
        chunk = next_chunk(connection)
        if chunk is None:
            return False
        purged = _note(connection, chunk.source)
        # nothing can be recomputed from purged rows: what was derived from them stays
        horizon = int(purged) + 2 * STEP_MS if purged else 0
        if chunk.source in SOURCES:
            Rollups(connection, SOURCES[chunk.source], chunk.device).refresh(
                chunk.start, chunk.end, self._zone, horizon
            )
        if max(chunk.start, horizon) < chunk.end:
            self._refresh_outages(connection, chunk, max(chunk.start, horizon), now)
        settle(connection, chunk)
        return True

    def _refresh_outages(self, connection: Connection, chunk: Chunk, start: int, now: datetime) -> None:
        if chunk.source == grid_state.name:
            outage_records.refresh(connection, start, chunk.end, self._zone, now)
        elif chunk.source == outage_schedule.name:
            outage_records.refresh_schedule(connection, start, self._zone, now)
        elif chunk.source == inverter_state.name:
            outage_records.refresh_figures(connection, start, chunk.end, now)

    def _check_zone(self, connection: Connection) -> None:
        """Recompute all days if they were computed in another time zone."""
        lock_upkeep(connection)
        before = _note(connection, "zone")
        if before == self._zone.key:
            return
        for source in SOURCES.values() if before else ():
            days = source.rollup.c
            query = select(days.device, func.min(days.at), func.max(days.at)).where(days.step == DAY)
            spans = connection.execute(query.group_by(days.device)).all()
            connection.execute(delete(source.rollup).where(days.step == DAY))
            for device, first, last in spans:
                Rollups(connection, source, device).refresh_days(first, last + 25 * HOUR_MS, self._zone)
        _set_note(connection, "zone", self._zone.key)

    def _purge(self, now: datetime) -> bool:
        """Delete some of what is too old; return whether there was any."""
        cutoff = to_ms(now - timedelta(days=self._raw_days)) // HOUR_MS * HOUR_MS
        return any(
            self._store.run(
                partial(_purge, table=table, days=self._raw_days, cutoff=cutoff, newest=self._store.newest())
            )
            for table in PURGED
        )


def _purge(connection: Connection, table: Table, days: int, cutoff: int, newest: datetime | None) -> bool:
    lock_upkeep(connection)
    if not _has_older(connection, table, cutoff):
        return False
    by_readings = kept_from(connection, days, newest)
    if by_readings is None:
        return False
    cutoff = min(cutoff, by_readings // HOUR_MS * HOUR_MS)
    return _purge_hours(connection, table, cutoff) or _purge_rows(connection, table, cutoff)


def _has_older(connection: Connection, table: Table, cutoff: int) -> bool:
    hour, at = compressed_hour.c, table.c.at
    for device in devices(connection, table):
        compressed = select(hour.at).where(hour.source == table.name, hour.device == device, hour.at < cutoff)
        rows = select(at).where(table.c.device == device, at < cutoff)
        if any(connection.execute(query.limit(1)).first() for query in (compressed, rows)):
            return True
    return False


def kept_from(connection: Connection, days: int, newest: datetime | None) -> int | None:
    """Return what to keep by the readings: `days` days that have some before the newest one; None: keep all.

    What is older may go. A clock that leaps adds no more than the days that it shows, so it costs no more than those.
    """
    found: set[int] = set()
    for source in SOURCES.values():
        day = source.rollup.c
        for device in distinct(connection, day.device):
            latest = select(day.at).where(day.device == device, day.step == DAY).order_by(day.at.desc()).limit(days + 1)
            found.update(connection.execute(latest).scalars())
    if newest is None or len(found) <= days:
        return None
    ordered = sorted(found)
    return ordered[-days - 1] + to_ms(newest) - ordered[-1]


def _purge_dead_letters(connection: Connection, now: datetime, newest: datetime | None) -> bool:
    by_readings = kept_from(connection, dead_letters.KEEP_DAYS, newest)
    too_old = to_ms(now - timedelta(days=dead_letters.KEEP_DAYS))
    return dead_letters.purge(connection, None if by_readings is None else min(too_old, by_readings))


def _purge_hours(connection: Connection, table: Table, cutoff: int) -> bool:
    hour = compressed_hour.c
    for device in devices(connection, table):
        where = (hour.source == table.name, hour.device == device, hour.at < cutoff)
        oldest = connection.execute(select(func.min(hour.at)).where(*where)).scalar()
        if oldest is not None:
            _set_note(connection, table.name, str(cutoff))
            connection.execute(delete(compressed_hour).where(*where, hour.at < oldest + DAY_MS))
            _vacuum(connection)
            return True
    return False


def _purge_rows(connection: Connection, table: Table, cutoff: int) -> bool:
    for device in devices(connection, table):
        oldest = connection.execute(select(func.min(table.c.at)).where(table.c.device == device)).scalar()
        if oldest is not None and oldest < cutoff:
            until = min(cutoff, oldest + PURGE_MS)
            _set_note(connection, table.name, str(cutoff))
            connection.execute(delete(table).where(table.c.device == device, table.c.at < until))
            _vacuum(connection)
            return True
    return False


def _compress(connection: Connection, cutoff: int) -> bool:
    lock_upkeep(connection)
    compressed = compress_next_hour(connection, cutoff)
    if compressed:
        _vacuum(connection)
    return compressed


def _vacuum(connection: Connection) -> None:
    """Shrink the file. Each released page is a row without columns, which only the driver's own cursor fetches."""
    if connection.dialect.name != "sqlite":
        return
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})")
    cursor.fetchall()
    cursor.close()


def _note(connection: Connection, name: str) -> str | None:
    return connection.execute(select(upkeep_note.c.value).where(upkeep_note.c.name == name)).scalar()


def _set_note(connection: Connection, name: str, value: str) -> None:
    if _note(connection, name) != value:
        connection.execute(delete(upkeep_note).where(upkeep_note.c.name == name))
        connection.execute(insert(upkeep_note), {"name": name, "value": value})
