"""Files that the tools read and write: plain errors, atomic writes."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from services.recorder.sqlite_files import side_files
from services.recorder.sqlite_pages import MAGIC
from shared.conditions import Reason, files
from shared.conditions import recorder_tools as tools
from shared.conditions.system import os_reason
from shared.errors import DamagedError, StorageError, UsageError
from shared.files import move_into_place
from shared.history.database_errors import first_line, sqlite_code
from shared.history.engine import Place


class ToolError(StorageError):
    """A tool failed."""


@contextmanager
def plain_errors(command: str) -> Iterator[None]:
    """Turn errors of drivers and the system into one sentence about the command that failed."""
    try:
        yield
    except DamagedError as error:
        raise ToolError(tools.failed(command=command, cause=tools.database_damaged(fault=error.reason))) from None
    except (DBAPIError, sqlite3.Error) as error:
        raise ToolError(tools.failed(command=command, cause=_cause(error))) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        cause = os_reason(error)
        cause = files.at(place=str(error.filename), fault=cause) if error.filename else cause
        raise ToolError(tools.failed(command=command, cause=cause)) from None


def _cause(error: Exception) -> Reason:
    """Return the driver's sentence, or ours where that tells more."""
    if (sqlite_code(error) or 0) & 0xFF == sqlite3.SQLITE_READONLY:
        return tools.NOT_WRITABLE_BESIDE()
    said = first_line(error).rstrip(".")
    return Reason.sentence(said) if said else tools.NO_REASON()


def require_database(path: Path) -> None:
    """Raise UsageError unless a path is a readable SQLite file. Changes nothing."""
    if not path.exists():
        raise UsageError(tools.no_file(file=str(path)))
    if not path.is_file():
        raise UsageError(tools.not_a_file(file=str(path)))
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
    except OSError as error:
        raise UsageError(tools.unreadable(file=str(path), cause=os_reason(error))) from None
    if head != MAGIC:
        raise UsageError(tools.not_sqlite(file=str(path)) if head else tools.empty(file=str(path)))


@contextmanager
def written_atomically(path: Path, *, force: bool) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` once it is written and synced; it is deleted on error."""
    if path.is_dir():
        raise UsageError(tools.directory(file=str(path)))
    if path.exists() and not force:
        raise UsageError(tools.exists(file=str(path)))
    if not path.parent.is_dir():
        raise UsageError(tools.no_directory(directory=str(path.parent)))
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        move_into_place(part, path)
    finally:
        for leftover in (part, *side_files(part)):
            with suppress(OSError):
                leftover.unlink(missing_ok=True)


def require_another(path: Path, place: Place) -> None:
    """Raise UsageError if a path is the database itself."""
    if isinstance(place, Path) and path.exists() and place.exists() and path.samefile(place):
        raise UsageError(tools.the_database(file=str(path)))
