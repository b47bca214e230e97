"""Files that the tools read and write: plain errors, atomic writes."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from shared.conditions import Reason
from shared.errors import DamagedError, StorageError, UsageError
from shared.files import sync
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
        raise ToolError(f"{what} failed: {_first_line(error.orig)}.") from None
    except sqlite3.Error as error:
        raise ToolError(f"{what} failed: {_first_line(error)}.") from None
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise ToolError(f"{what} failed: {where}{error.strerror or error}.") from None


def _first_line(error: BaseException | None) -> str:
    """Strip what drivers add: hints, positions, the statement."""
    message = (str(error).strip().splitlines() or ["no reason given"])[0].rstrip(".")
    return (
        "no permission to write next to it, which SQLite needs even for reading" if "readonly" in message else message
    )


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


SHARED = "mode=rw"
"""mode=ro cannot open a WAL database without a running writer; query_only forbids changes as well."""
READ_ONLY = "mode=ro"
IMMUTABLE = "mode=ro&immutable=1"
"""Nobody writes the file, so SQLite creates no files beside it."""


def opened_read_only(path: Path, mode: str = SHARED) -> "closing[sqlite3.Connection]":
    """Open a SQLite database for reading."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None, timeout=5)
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    connection.execute("PRAGMA query_only=ON")
    return closing(connection)


def integrity_fault(connection: sqlite3.Connection) -> str:
    """Return what SQLite's quick_check complains about, empty if nothing."""
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
    except sqlite3.OperationalError:  # locked or no permission: proves nothing about the file
        raise
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    return "" if found == ["ok"] else " ".join(" ".join(found).split())


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
        sync(part)
        part.replace(path)
        sync(path.parent)
    finally:
        for leftover in (part, *side_files(part)):
            with suppress(OSError):
                leftover.unlink(missing_ok=True)


def require_another(path: Path, place: Place) -> None:
    """Raise UsageError if a path is the database itself."""
    if isinstance(place, Path) and path.exists() and place.exists() and path.samefile(place):
        raise UsageError(f"{path} is the database itself.")


def side_files(path: Path) -> tuple[Path, ...]:
    """Return the paths of the files SQLite may keep beside a database."""
    return tuple(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))
