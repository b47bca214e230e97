"""What is made of the rows besides keeping them: roll-ups, outages, packed hours, and the end of what is too old.

Everything is done in small transactions between two batches, and nothing is forgotten at a kill: the ledger of what is
due is written in the transaction of the rows themselves.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, delete, func, insert, select

from services.recorder import outages
from services.recorder.letters import bring_back, throw_away
from services.recorder.pack import pack_hour
from services.recorder.rollup import Piece, Rollups, alone, next_piece, settle
from services.recorder.store import Store
from shared.history.derived import DAY, DAY_MS, HOUR_MS, SOURCES, STEP_MS, upkeep_note
from shared.history.readings import devices
from shared.history.tables import battery_state, grid_state, inverter_state, outage_schedule, packed, to_ms

EVERY_S = 60.0
"""Between two looks at what is due; readings younger than this are in the raw rows, and queries look there."""
SOON_S = 5.0
"""After a full batch: what a recorder that was away has missed is summed up before somebody looks."""
BUDGET_S = 0.2
"""So long the next batch may have to wait."""
PURGED = (inverter_state, battery_state, grid_state)
ROWS_FOR = timedelta(days=10)
"""Longer than the broker keeps readings for a recorder that is away, so that an hour is hardly ever packed twice."""
PURGE_MS = HOUR_MS // 2
"""So much is purged in one transaction: a few hundred rows."""
PAGES = 500
"""So many pages of the file are given back in one transaction."""


class Upkeep:
    """Bounded work for the moments between two batches."""

    def __init__(
        self, store: Store, zone: ZoneInfo, raw_days: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._zone, self._raw = store, zone, timedelta(days=raw_days)
        self._clock = clock
        self._rest_until = clock()
        self._zone_is_noted = False

    def work(self, now: datetime) -> None:
        """Do what is due, for a moment; raises StorageError where the database cannot be written."""
        began = self._clock()
        if began < self._rest_until:
            return
        if not self._zone_is_noted:
            self._store.run(self._note_zone)
            self._zone_is_noted = True
        while self._clock() - began < BUDGET_S:
            if not self._step(now):
                self._rest_until = self._clock() + EVERY_S
                return

    def hurry(self) -> None:
        """Rest no longer than a moment, for much has come at once."""
        self._rest_until = min(self._rest_until, self._clock() + SOON_S)

    def finish(self, now: datetime) -> None:
        """Do all that is due, however long it takes."""
        self._store.run(self._note_zone)
        while self._step(now):
            pass

    def _step(self, now: datetime) -> bool:
        """Do the first thing that is due; return whether there was any. Nothing is purged before it is rolled up."""
        return (
            bring_back(self._store, now)
            or self._store.run(partial(self._piece, now=now))
            or self._store.run(partial(throw_away, now=now))
            or self._purge(now)
            or self._store.run(partial(_pack, cutoff=to_ms(now - ROWS_FOR)))
        )

    def _piece(self, connection: Connection, now: datetime) -> bool:
        alone(connection)
        piece = next_piece(connection)
        if piece is None:
            return False
        purged = _note(connection, piece.source)
        # of what was purged nothing can be made anew: what was made of it stays as it is
        horizon = int(purged) + 2 * STEP_MS if purged else 0
        if piece.source in SOURCES:
            Rollups(connection, SOURCES[piece.source], piece.device).renew(piece.start, piece.end, self._zone, horizon)
        if max(piece.start, horizon) < piece.end:
            self._renew_outages(connection, piece, max(piece.start, horizon), now)
        settle(connection, piece)
        return True

    def _renew_outages(self, connection: Connection, piece: Piece, start: int, now: datetime) -> None:
        if piece.source == grid_state.name:
            outages.renew(connection, start, piece.end, self._zone, now)
        elif piece.source == outage_schedule.name:
            outages.renew_plans(connection, start, self._zone, now)
        elif piece.source == inverter_state.name:
            outages.renew_figures(connection, start, piece.end, now)

    def _note_zone(self, connection: Connection) -> None:
        """Cut all days anew where they were cut in another zone."""
        alone(connection)
        before = _note(connection, "zone")
        if before == self._zone.key:
            return
        for source in SOURCES.values() if before else ():
            days = source.rollup.c
            query = select(days.device, func.min(days.at), func.max(days.at)).where(days.step == DAY)
            spans = connection.execute(query.group_by(days.device)).all()
            connection.execute(delete(source.rollup).where(days.step == DAY))
            for device, first, last in spans:
                Rollups(connection, source, device).renew_days(first, last + 25 * HOUR_MS, self._zone)
        _set_note(connection, "zone", self._zone.key)

    def _purge(self, now: datetime) -> bool:
        """Delete a little of what is too old; return whether there was any."""
        cutoff = to_ms(now - self._raw) // HOUR_MS * HOUR_MS
        return any(self._store.run(partial(_purge, table=table, cutoff=cutoff)) for table in PURGED)


def _purge(connection: Connection, table: Table, cutoff: int) -> bool:
    alone(connection)
    return _purge_hours(connection, table, cutoff) or _purge_rows(connection, table, cutoff)


def _purge_hours(connection: Connection, table: Table, cutoff: int) -> bool:
    hour = packed.c
    for device in devices(connection, table):
        here = (hour.source == table.name, hour.device == device, hour.at < cutoff)
        oldest = connection.execute(select(func.min(hour.at)).where(*here)).scalar()
        if oldest is not None:
            _set_note(connection, table.name, str(cutoff))
            connection.execute(delete(packed).where(*here, hour.at < oldest + DAY_MS))
            _give_back(connection)
            return True
    return False


def _purge_rows(connection: Connection, table: Table, cutoff: int) -> bool:
    for device in devices(connection, table):
        oldest = connection.execute(select(func.min(table.c.at)).where(table.c.device == device)).scalar()
        if oldest is not None and oldest < cutoff:
            until = min(cutoff, oldest + PURGE_MS)
            _set_note(connection, table.name, str(cutoff))
            connection.execute(delete(table).where(table.c.device == device, table.c.at < until))
            _give_back(connection)
            return True
    return False


def _pack(connection: Connection, cutoff: int) -> bool:
    alone(connection)
    there = pack_hour(connection, cutoff)
    if there:
        _give_back(connection)
    return there


def _give_back(connection: Connection) -> None:
    """Let a file shrink. Each page that is freed is a row without columns, which only the driver fetches."""
    if connection.dialect.name != "sqlite":
        return
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA incremental_vacuum({PAGES})")
    cursor.fetchall()
    cursor.close()


def _note(connection: Connection, name: str) -> str | None:
    return connection.execute(select(upkeep_note.c.value).where(upkeep_note.c.name == name)).scalar()


def _set_note(connection: Connection, name: str, value: str) -> None:
    if _note(connection, name) != value:
        connection.execute(delete(upkeep_note).where(upkeep_note.c.name == name))
        connection.execute(insert(upkeep_note), {"name": name, "value": value})
