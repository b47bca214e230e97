"""Finds compressed hours that a bad disk has damaged, which SQLite does not notice, and takes them from a backup."""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, literal, select, tuple_, update

from services.recorder.ledger import lock_upkeep
from services.recorder.sqlite_files import IMMUTABLE, opened_read_only
from services.recorder.store import Store
from shared.conditions import Reason, storage
from shared.history.compression import FORMAT, intact
from shared.history.readings import ALWAYS
from shared.history.tables import compressed_hour, from_ms

log = logging.getLogger("recorder")

HOURS = 50
"""How many are read at a time, once a minute: all hours of a home within a day."""
COLUMNS = ("last", "n", "data", "format")

Key = tuple[str, str, int]
BEFORE_ALL: Key = ("", "", ALWAYS[0])


class LeftAlone(NamedTuple):
    """How many hours are unreadable: those of a newer version, and damaged ones with their first and last time."""

    newer: int
    damaged: int
    since: int | None
    until: int | None


class HourCheck:
    """Reads all compressed hours, some at a time and again and again, and marks those that are damaged.

    A marked hour is left as it is until a copy has it intact, or it can be read after all.
    """

    def __init__(self, store: Store, copies: Callable[[], Sequence[Path]]) -> None:
        self._store, self._copies = store, copies
        self._after = BEFORE_ALL
        self._restored = 0
        self._left_alone: LeftAlone | None = None

    def work(self) -> None:
        """Check the next hours; after the last one, start over."""
        begins = self._after == BEFORE_ALL
        self._after, changed = self._store.run(self._check)
        if begins or changed or any(self._left_alone or ()):  # counting reads the whole table
            self._left_alone = None

    def unread(self) -> Reason | None:
        """Return what to report if hours were compressed by a newer version; they are left as they are."""
        newer = self._counts().newer
        return storage.unknown_format(hours=newer) if newer else None

    def damaged(self) -> Reason | None:
        """Return what to report if hours are damaged, or were since the start: the disk is failing."""
        found = self._counts()
        if found.since is not None and found.until is not None:
            since, until = from_ms(found.since), from_ms(found.until)
            return storage.damaged_hours(hours=found.damaged, since=since, until=until)
        return storage.restored_hours(hours=self._restored) if self._restored else None

    def _counts(self) -> LeftAlone:
        if self._left_alone is None:
            self._left_alone = self._store.run(_left_alone)
        return self._left_alone

    def _check(self, connection: Connection) -> tuple[Key, bool]:
        """Check some hours; return the last one, and whether a mark was set or removed."""
        lock_upkeep(connection)
        hour = compressed_hour.c
        key = (hour.source, hour.device, hour.at)
        query = select(*key, hour.data, hour.format).where(
            tuple_(*key) > tuple_(*map(literal, self._after)), func.abs(hour.format) <= FORMAT
        )
        rows = connection.execute(query.order_by(*key).limit(HOURS)).all()
        changes = [(row[:3], change) for row in rows if (change := self._change(row))]
        for one, change in changes:
            _update(connection, one, change)
        return (tuple(rows[-1][:3]) if rows else BEFORE_ALL), bool(changes)

    def _change(self, row: Any) -> dict[str, Any] | None:
        """Return the change of an hour, or None if it is marked correctly."""
        if intact(row.data):
            return {"format": -row.format} if row.format < 0 else None
        copy = self._copy_of(tuple(row[:3]))
        if copy:
            self._restored += 1
            log.warning("An hour of %s (%s) was damaged and is taken from a backup.", row.device, from_ms(row.at))
            return copy
        return {"format": -row.format} if row.format > 0 else None

    def _copy_of(self, key: Key) -> dict[str, Any] | None:
        """Return an hour from the newest copy in which it is readable."""
        query = f"SELECT {', '.join(COLUMNS)} FROM compressed_hour WHERE source = ? AND device = ? AND at = ?"  # noqa: S608
        for file in self._copies():
            with suppress(sqlite3.Error), opened_read_only(file, IMMUTABLE) as copy:
                found = copy.execute(query, key).fetchone()
                values = dict(zip(COLUMNS, found, strict=True)) if found else {}
                if values.get("format") == FORMAT and intact(values["data"]):
                    return values
        return None


def mark_damaged(connection: Connection, keys: Sequence[Key]) -> None:
    """Mark hours, which are then neither read nor changed."""
    for key in keys:
        _update(connection, key, {"format": -FORMAT})


def _update(connection: Connection, key: Sequence[Any], values: dict[str, Any]) -> None:
    hour = compressed_hour.c
    source, device, at = key
    connection.execute(
        update(compressed_hour).where(hour.source == source, hour.device == device, hour.at == at).values(values)
    )


def _left_alone(connection: Connection) -> LeftAlone:
    hour = compressed_hour.c
    count, damaged = func.count, and_(hour.format < 0)
    query = select(
        count().filter(hour.format > FORMAT),
        count().filter(damaged),
        func.min(hour.at).filter(damaged),
        func.max(hour.last).filter(damaged),
    )
    return LeftAlone(*connection.execute(query).one())
