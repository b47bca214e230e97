"""A consistent copy of the database while the recorder writes on."""

import sqlite3
from contextlib import closing
from pathlib import Path
from stat import S_IMODE

from services.recorder.tools.files import (
    OURS,
    faults,
    finished,
    plainly,
    reading,
    require_another,
    require_database,
    side_files,
)
from services.recorder.tools.progress import steps
from shared.errors import ConfigError, StorageError
from shared.history.engine import Place

PAGES = 1024
"""So many are copied in one step: 4 MB."""


def backup(place: Place, file: Path, *, force: bool) -> str:
    """Copy the database into a file and return a sentence that says so."""
    if isinstance(place, str):
        raise ConfigError(
            "The database is a PostgreSQL server: use its own pg_dump, which copies it consistently while the "
            "recorder writes."
        )
    require_database(place)
    require_another(file, place)
    log = side_files(file)[0]
    if log.exists():  # SQLite would take it for the commits of the copy
        raise ConfigError(f"{file} belongs to {log.name} beside it, a database in use: another name, please.")
    with plainly(f"The backup of {place} to {file}"), finished(file, force=force) as part:
        copy(place, part)
        part.chmod(S_IMODE(place.stat().st_mode))  # who may not read the one may not read the other
    return f"{place} is copied to {file} ({file.stat().st_size / 1e6:.1f} MB), and the copy is checked."


def copy(source: Path, target: Path, how: str = OURS) -> None:
    """Copy a database page by page and check the copy; raises StorageError where it is not sound."""
    with reading(source, how) as old, closing(sqlite3.connect(target, isolation_level=None)) as new:
        # one snapshot for the whole copy: SQLite would begin again at each commit of the recorder
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with steps("copying", "page") as show:
            old.backup(new, pages=PAGES, progress=lambda _status, left, total: show(total - left, total))
        new.execute("PRAGMA journal_mode=DELETE")  # one plain file, which can be read without files beside it
        wrong = faults(new)
        if wrong:
            raise StorageError(f"The copy of {source} is not sound ({wrong}), so the database itself may be damaged.")
