"""A consistent copy of the database, even while the recorder writes."""

from pathlib import Path
from stat import S_IMODE

from services.recorder.sqlite_files import SHARED, copy_checked, side_files
from services.recorder.tools.files import (
    ToolError,
    plain_errors,
    require_another,
    require_database,
    written_atomically,
)
from services.recorder.tools.progress import steps
from shared.errors import UsageError
from shared.history.engine import Place


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
    """Copy a database and check the copy; raises ToolError if it is damaged."""
    with steps("copying", "page") as advance:
        fault = copy_checked(source, target, advance, mode)
    if fault:
        raise ToolError(f"The copy of {source} is damaged ({fault}), so the database itself may be too.")
