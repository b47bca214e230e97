"""The ledger of what must be rolled up anew, and the rolling up of one piece of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, delete, insert, select, text

from services.recorder import summary
from services.recorder.integrate import GAP_MS
from shared.history.derived import DAY, FIVE_MINUTES, HOUR, HOUR_MS, STEP_MS, Source, rollup_due
from shared.history.readings import readings
from shared.history.tables import from_ms, to_ms

MOST_MS = 24 * HOUR_MS
"""A piece is no longer than this, so that a transaction stays short and memory flat."""

ALONE = 3_276_007
"""Any number that nobody else locks on the server."""

MARK = text(
    "INSERT INTO rollup_due (source, device, at, marks) VALUES (:source, :device, :at, 1) "
    "ON CONFLICT (source, device, at) DO UPDATE SET marks = rollup_due.marks + 1"
)


@dataclass(frozen=True)
class Piece:
    """Some five minutes of one device that are due, with the marks that were seen on each."""

    source: str
    device: str
    marks: Sequence[tuple[int, int]]

    @property
    def start(self) -> int:
        """Where it begins."""
        return self.marks[0][0]

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.marks[-1][0] + STEP_MS


def mark(connection: Connection, source: str, moments: Iterable[tuple[str, int]]) -> None:
    """Note, in the transaction that brings new rows (device, at), what must be made anew."""
    # in order, so that two recorders never wait for each other in a circle
    due = sorted({(device, at // STEP_MS * STEP_MS) for device, at in moments})
    connection.execute(MARK, [{"source": source, "device": device, "at": at} for device, at in due])


def alone(connection: Connection) -> None:
    """Let several recorders on one server do upkeep one after the other; a file has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ALONE})")


def next_piece(connection: Connection) -> Piece | None:
    """Return what is due first."""
    due = rollup_due.c
    order = (due.source, due.device, due.at)
    first = connection.execute(select(*order).order_by(*order).limit(1)).first()
    if first is None:
        return None
    here = (due.source == first.source, due.device == first.device, due.at < first.at + MOST_MS)
    found = connection.execute(select(due.at, due.marks).where(*here).order_by(due.at))
    return Piece(first.source, first.device, [(row.at, row.marks) for row in found])


def settle(connection: Connection, piece: Piece) -> None:
    """Take a piece off the ledger, except what was marked again meanwhile."""
    due = rollup_due.c
    query = delete(rollup_due).where(due.source == piece.source, due.device == piece.device)
    for at, marks in piece.marks:
        connection.execute(query.where(due.at == at, due.marks == marks))


@dataclass(frozen=True)
class Rollups:
    """One device's roll-ups, in an open transaction."""

    connection: Connection
    source: Source
    device: str

    def renew(self, start: int, end: int, zone: tzinfo, horizon: int) -> None:
        """Make those anew that rows from `start` up to `end` have a part in.

        Before `horizon`, where rows were purged, nothing can be made anew, but what is missing is made.
        """
        first, last = start - STEP_MS, end + STEP_MS  # the energy between two readings may lie in a neighbour
        made = summary.five_minutes(self.source, self._rows(first, last), first, last)
        there = self._moments(first, min(last, horizon))
        since = min(max(first, horizon), last)
        self._replace(FIVE_MINUTES, since, last, [row for row in made if row["at"] not in there])
        self._renew_hours(first // HOUR_MS * HOUR_MS, -(-last // HOUR_MS) * HOUR_MS)
        self.renew_days(first, last + HOUR_MS, zone)  # a day looks back into the evening before

    def renew_days(self, start: int, end: int, zone: tzinfo) -> None:
        """Make all local days anew that `start` up to `end` touches."""
        at = midnight(start, zone)
        while at < end:
            following = next_midnight(at, zone)
            small = self._small(at - HOUR_MS, following)
            rows = [row for row in small if row["at"] >= at]
            before = small[-len(rows) - 1] if len(small) > len(rows) else None
            self._replace(DAY, at, following, [summary.day(self.source, rows, at, before)] if rows else [])
            at = following

    def _renew_hours(self, start: int, end: int) -> None:
        hours: dict[int, list[Any]] = {}
        for row in self._small(start, end):
            hours.setdefault(row["at"] // HOUR_MS * HOUR_MS, []).append(row)
        self._replace(HOUR, start, end, [summary.combined(self.source, rows, HOUR, at) for at, rows in hours.items()])

    def _rows(self, start: int, end: int) -> Sequence[Any]:
        span = (start - GAP_MS, end + GAP_MS + 1)
        return list(readings(self.connection, self.source.raw, self.device, self.source.fields, span))

    def _moments(self, start: int, end: int) -> set[int]:
        return set(
            self.connection.execute(
                select(self.source.rollup.c.at).where(*self._here(FIVE_MINUTES, start, end))
            ).scalars()
        )

    def _small(self, start: int, end: int) -> Sequence[Any]:
        here = self._here(FIVE_MINUTES, start, end)
        query = select(self.source.rollup).where(*here).order_by(self.source.rollup.c.at)
        return self.connection.execute(query).mappings().all()

    def _replace(self, step: int, start: int, end: int, made: Sequence[summary.Figures]) -> None:
        self.connection.execute(delete(self.source.rollup).where(*self._here(step, start, end)))
        if made:
            self.connection.execute(insert(self.source.rollup), [{"device": self.device, **row} for row in made])

    def _here(self, step: int, start: int, end: int) -> Sequence[Any]:
        rollup = self.source.rollup.c
        return rollup.device == self.device, rollup.step == step, rollup.at >= start, rollup.at < end


def midnight(ms: int, zone: tzinfo) -> int:
    """Return the beginning of a moment's local day."""
    return to_ms(datetime.combine(from_ms(ms).astimezone(zone).date(), time(), zone))


def next_midnight(ms: int, zone: tzinfo) -> int:
    """Return the beginning of the local day after a moment's."""
    return to_ms(datetime.combine(from_ms(ms).astimezone(zone).date() + timedelta(days=1), time(), zone))
