"""The ledger of five-minute steps whose roll-ups and outage records are due, written with the rows themselves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from sqlalchemy import Connection, func, select, text

from services.recorder.statements import plain
from shared.history.derived import HOUR_MS, STEP_MS, rollup_due
from shared.history.readings import ALWAYS

MAX_CHUNK_MS = 6 * HOUR_MS
"""The longest chunk, so that transactions stay short and memory flat: a day of readings takes 15 MB more."""
MAX_STEPS, MAX_MARKS = 10, 500
"""The largest chunk of several devices: steps to recompute, and marks to read."""
FEW = 50
"""Up to this many unfinished steps are recomputed every minute, as in a home; those of a fleet when they are over."""

UPKEEP_LOCK = 3_276_007
"""An arbitrary advisory lock number; no other program uses it on the server."""
RUNS_LOCK = 3_276_008
"""The first of two such numbers; the second one stands for a device."""

MARK = text(
    "INSERT INTO rollup_due (source, device, at, marks) VALUES (:source, :device, :at, 1) "
    "ON CONFLICT (source, device, at) DO UPDATE SET marks = rollup_due.marks + 1"
)
HORIZONS = text("SELECT name, value FROM upkeep_note WHERE name IN ('inverter_state', 'battery_state', 'grid_state')")
Horizons = Mapping[str, int]
"""By source, the time before which nothing can be recomputed because the rows were purged."""
SETTLE = text("DELETE FROM rollup_due WHERE source = :source AND device = :device AND at = :at AND marks = :marks")


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
        """The devices of the steps."""
        return sorted({mark.device for mark in self.marks})

    @property
    def start(self) -> int:
        """Where it begins."""
        return min(mark.at for mark in self.marks)

    @property
    def end(self) -> int:
        """Where it ends."""
        return max(mark.at for mark in self.marks) + STEP_MS


def mark_due(connection: Connection, rows: Iterable[tuple[str, str, int]]) -> None:
    """Mark the steps of new rows (source, device, at) as due, in the transaction that inserts them."""
    # sorted, so that two recorders cannot deadlock
    steps = sorted({(source, device, at // STEP_MS * STEP_MS) for source, device, at in rows})
    connection.exec_driver_sql(plain(MARK, connection.dialect.name), steps)


def lock_upkeep(connection: Connection) -> None:
    """Serialize the upkeep of several recorders on one server; a SQLite file has a single writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({UPKEEP_LOCK})")


def lock_runs(connection: Connection, devices: Iterable[str]) -> None:
    """Serialize writing the runs of a grid: by upkeep, briefly, and by recorders, which wait for nothing else."""
    if connection.dialect.name == "postgresql":
        # all lock the keys in the same order, so there is no deadlock, even if two devices have the same key
        keys = sorted({crc32(device.encode()) - 2**31 for device in devices})
        locks = ", ".join(f"pg_advisory_xact_lock({RUNS_LOCK}, {key})" for key in keys)
        connection.exec_driver_sql(f"SELECT {locks}")


def purge_horizons(connection: Connection) -> Horizons:
    """Return the horizons of all sources that were purged; read in each transaction, as another recorder may purge."""
    found = connection.exec_driver_sql(plain(HORIZONS, connection.dialect.name))
    return {name: int(purged) + 2 * STEP_MS for name, purged in found}


def purge_horizon(connection: Connection, source: str) -> int:
    """Return the horizon of a source; before all times if nothing was purged."""
    return purge_horizons(connection).get(source, ALWAYS[0])


def next_chunk(connection: Connection, closed_by: int) -> Chunk | None:
    """Return the first due steps, if any: those that ended by a time, then unfinished ones.

    With many devices only the former, as each of the latter would be recomputed every minute.
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
