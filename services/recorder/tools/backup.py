"""A consistent copy of the database, even while the recorder writes."""

import sqlite3
from contextlib import closing
from pathlib import Path
from stat import S_IMODE

from services.recorder.tools.files import (
    SHARED,
    ToolError,
    integrity_fault,
    opened_read_only,
    plain_errors,
    require_another,
    require_database,
    side_files,
    written_atomically,
)
from services.recorder.tools.progress import steps
from shared.errors import UsageError
from shared.history.engine import Place

PAGES = 1024
"""How many pages are copied per step: 4 MB."""


def backup(place: Place, file: Path, *, force: bool) -> str:
    """Copy the database to a file and return a sentence about it."""
    if isinstance(place, str):
        raise UsageError(
            "The database is a PostgreSQL server: use its own pg_dump, which copies it consistently while the "
            "recorder writes."
        )
    require_database(place)
    require_another(file, place)
    log = side_files(file)[0]
    if log.exists():  # SQLite would apply it to the copy
        raise UsageError(f"{file} has {log.name} beside it and so is a database in use: choose another name.")
    with plain_errors(f"The backup of {place} to {file}"), written_atomically(file, force=force) as part:
        copy(place, part)
        part.chmod(S_IMODE(place.stat().st_mode))  # readable by the same users
    return f"{place} was copied to {file} ({file.stat().st_size / 1e6:.1f} MB); the copy is intact."


def copy(source: Path, target: Path, mode: str = SHARED) -> None:
    """Copy a database page by page and check the copy; raises StorageError if it is damaged."""
    with opened_read_only(source, mode) as old, closing(sqlite3.connect(target, isolation_level=None)) as new:
        # one snapshot for the whole copy: SQLite would start over at each commit of the recorder
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with steps("copying", "page") as advance:
            old.backup(new, pages=PAGES, progress=lambda _status, left, total: advance(total - left, total))
        new.execute("PRAGMA journal_mode=DELETE")  # a single file
        fault = integrity_fault(new)
        if fault:
            raise ToolError(f"The copy of {source} is damaged ({fault}), so the database itself may be too.")
