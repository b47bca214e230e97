"""The ledger of five-minute steps whose roll-ups and outage records are due, written with the rows themselves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, text

from shared.history.derived import HOUR_MS, STEP_MS, rollup_due
from shared.history.readings import ALWAYS

MAX_CHUNK_MS = 24 * HOUR_MS
"""The longest chunk, so that transactions stay short and memory flat."""

UPKEEP_LOCK = 3_276_007
"""An arbitrary advisory lock number; no other program uses it on the server."""

MARK = text(
    "INSERT INTO rollup_due (source, device, at, marks) VALUES (:source, :device, :at, 1) "
    "ON CONFLICT (source, device, at) DO UPDATE SET marks = rollup_due.marks + 1"
)
NOTE = text("SELECT value FROM upkeep_note WHERE name = :name")


@dataclass(frozen=True)
class Chunk:
    """Due steps of one device, each with the number of marks it had when it was read."""

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


def next_chunk(connection: Connection) -> Chunk | None:
    """Return the first due steps, if any."""
    due = rollup_due.c
    order = (due.source, due.device, due.at)
    first = connection.execute(select(*order).order_by(*order).limit(1)).first()
    if first is None:
        return None
    where = (due.source == first.source, due.device == first.device, due.at < first.at + MAX_CHUNK_MS)
    found = connection.execute(select(due.at, due.marks).where(*where).order_by(due.at))
    return Chunk(first.source, first.device, [(row.at, row.marks) for row in found])


def settle(connection: Connection, chunk: Chunk) -> None:
    """Remove a chunk from the ledger, except steps that were marked again meanwhile."""
    due = rollup_due.c
    query = delete(rollup_due).where(due.source == chunk.source, due.device == chunk.device)
    for at, marks in chunk.marks:
        connection.execute(query.where(due.at == at, due.marks == marks))
