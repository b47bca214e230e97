"""The ledger of five-minute steps whose roll-ups and outage records are due, written with the rows themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, text

from shared.history.derived import HOUR_MS, STEP_MS, rollup_due
from shared.history.readings import ALWAYS

MAX_CHUNK_MS = 24 * HOUR_MS
"""The longest chunk, so that transactions stay short and memory flat."""
MAX_STEPS, MAX_MARKS = 10, 500
"""The most of a chunk of several devices: steps that are recomputed, and marks that are read."""
FEW = 50
"""So many steps that still grow are computed again every minute, as in a home; those of a fleet when they are over."""

UPKEEP_LOCK = 3_276_007
"""An arbitrary advisory lock number; no other program uses it on the server."""

MARK = text(
    "INSERT INTO rollup_due (source, device, at, marks) VALUES (:source, :device, :at, 1) "
    "ON CONFLICT (source, device, at) DO UPDATE SET marks = rollup_due.marks + 1"
)
SETTLE = text("DELETE FROM rollup_due WHERE source = :source AND device = :device AND at = :at AND marks = :marks")
NOTE = text("SELECT value FROM upkeep_note WHERE name = :name")


@dataclass(frozen=True)
class Mark:
    """A due step, and how often it was marked by when it was read."""

    device: str
    at: int
    marks: int


@dataclass(frozen=True)
class Chunk:
    """Due steps of some devices of a source within one time, from the first step up to the end of the last."""

    source: str
    marks: Sequence[Mark]

    @property
    def devices(self) -> list[str]:
        """Whose they are."""
        return sorted({mark.device for mark in self.marks})

    @property
    def start(self) -> int:
        """Where it begins."""
        return min(mark.at for mark in self.marks)

    @property
    def end(self) -> int:
        """Where it ends."""
        return max(mark.at for mark in self.marks) + STEP_MS


def mark_due(connection: Connection, source: str, rows: Iterable[tuple[str, int]]) -> None:
    """Mark the steps of new rows (device, at) as due, in the transaction that inserts them."""
    # sorted, so that two recorders cannot deadlock
    steps = sorted({(device, at // STEP_MS * STEP_MS) for device, at in rows})
    connection.execute(MARK, [{"source": source, "device": device, "at": at} for device, at in steps])


def lock_upkeep(connection: Connection) -> None:
    """Serialize the upkeep of several recorders on one server; a SQLite file has a single writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({UPKEEP_LOCK})")


def purge_horizon(connection: Connection, source: str) -> int:
    """Return the time before which nothing can be recomputed, as the rows were purged: what was derived stays."""
    purged: str | None = connection.execute(NOTE, {"name": source}).scalar()
    return int(purged) + 2 * STEP_MS if purged else ALWAYS[0]


def next_chunk(connection: Connection, closed_by: int) -> Chunk | None:
    """Return the first due steps, if any: those that ended by a time, then those that still grow.

    Of many devices only the former, as each of the latter would be computed again every minute.
    """
    due = rollup_due.c
    order = (due.source, due.device, due.at)
    closed = due.at + STEP_MS <= closed_by
    first = connection.execute(select(*order).where(closed).order_by(*order).limit(1)).first()
    if first is None:
        growing = connection.execute(select(*order).order_by(*order).limit(FEW + 1)).all()
        if not growing or len(growing) > FEW:
            return None
        first, closed = growing[0], due.at >= ALWAYS[0]
    where = (due.source == first.source, due.device == first.device, due.at < first.at + MAX_CHUNK_MS, closed)
    last: int = connection.execute(select(func.max(due.at)).where(*where)).scalar_one()
    steps = (last - first.at) // STEP_MS + 1
    return Chunk(first.source, _marks(connection, first, last, closed, max(1, MAX_STEPS // steps)))


def _marks(connection: Connection, first: Any, last: int, closed: Any, devices: int) -> Sequence[Mark]:
    """Return the marks of some devices, from the first on, within one time."""
    due = rollup_due.c
    within = (due.source == first.source, due.device >= first.device, due.at >= first.at, due.at <= last, closed)
    query = select(due.device, due.at, due.marks).where(*within).order_by(due.device, due.at).limit(MAX_MARKS)
    marks = [Mark(*row) for row in connection.execute(query)]
    names = sorted({mark.device for mark in marks})[:devices]
    return [mark for mark in marks if mark.device in names]


def settle(connection: Connection, chunk: Chunk) -> None:
    """Remove a chunk from the ledger, except steps that were marked again meanwhile."""
    parameters = [
        {"source": chunk.source, "device": mark.device, "at": mark.at, "marks": mark.marks} for mark in chunk.marks
    ]
    connection.execute(SETTLE, parameters)
