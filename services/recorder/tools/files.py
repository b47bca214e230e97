"""Files that the tools read and write: plain errors, atomic writes."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from services.recorder.sqlite_files import side_files
from shared.conditions import Reason
from shared.errors import DamagedError, StorageError, UsageError
from shared.files import move_into_place
from shared.history.database_errors import first_line, sqlite_code
from shared.history.engine import Place

MAGIC = b"SQLite format 3\0"


class ToolError(StorageError):
    """A tool failed; its English sentence is printed there and goes nowhere else."""

    def __init__(self, sentence: str) -> None:
        super().__init__(Reason.sentence(sentence))


@contextmanager
def plain_errors(what: str) -> Iterator[None]:
    """Turn errors of drivers and the system into one sentence about what failed."""
    try:
        yield
    except DamagedError as error:
        raise ToolError(f"{what} failed: the database is damaged ({error}).") from None
    except DBAPIError as error:
        raise ToolError(f"{what} failed: {_cause(error)}.") from None
    except sqlite3.Error as error:
        raise ToolError(f"{what} failed: {_cause(error)}.") from None
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise ToolError(f"{what} failed: {where}{error.strerror or error}.") from None


def _cause(error: Exception) -> str:
    """Return the driver's sentence, or ours where that tells more."""
    if (sqlite_code(error) or 0) & 0xFF == sqlite3.SQLITE_READONLY:
        return "no permission to write next to it, which SQLite needs even for reading"
    return (first_line(error) or "no reason given").rstrip(".")


def require_database(path: Path) -> None:
    """Raise UsageError unless a path is a readable SQLite file. Changes nothing."""
    if not path.exists():
        raise UsageError(f"There is no file {path}.")
    if not path.is_file():
        raise UsageError(f"{path} is not a file.")
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    if head != MAGIC:
        raise UsageError(f"{path} is {'empty' if not head else 'not a SQLite database'}.")


@contextmanager
def written_atomically(path: Path, *, force: bool) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` once it is written and synced; it is deleted on error."""
    if path.is_dir():
        raise UsageError(f"{path} is a directory; name a file.")
    if path.exists() and not force:
        raise UsageError(f"{path} exists already; choose another name, or --force to overwrite it.")
    if not path.parent.is_dir():
        raise UsageError(f"There is no directory {path.parent}.")
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
        raise UsageError(f"{path} is the database itself.")
