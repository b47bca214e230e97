"""Files that a tool reads or writes: what is wrong with them in one sentence, and nothing half written left behind."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from shared.errors import ConfigError, DamagedError, StorageError
from shared.files import sync
from shared.history.engine import Place

MAGIC = b"SQLite format 3\0"


@contextmanager
def plainly(what: str) -> Iterator[None]:
    """Turn what goes wrong inside into one sentence that says what was tried."""
    try:
        yield
    except DamagedError as error:
        raise StorageError(f"{what} failed: the database is damaged ({error}).") from None
    except DBAPIError as error:
        raise StorageError(f"{what} failed: {_first_line(error.orig)}.") from None
    except sqlite3.Error as error:
        raise StorageError(f"{what} failed: {_first_line(error)}.") from None
    except BrokenPipeError:
        raise
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise StorageError(f"{what} failed: {where}{error.strerror or error}.") from None


def _first_line(error: BaseException | None) -> str:
    """Say it without what drivers add: hints, positions, the statement."""
    said = (str(error).strip().splitlines() or ["no reason given"])[0].rstrip(".")
    return "this user may not write beside it, which SQLite needs even for reading" if "readonly" in said else said


def require_database(path: Path) -> None:
    """Raise ConfigError where a path is not a SQLite file that we may read. Changes nothing."""
    if not path.exists():
        raise ConfigError(f"There is no file {path}.")
    if not path.is_file():
        raise ConfigError(f"{path} is not a file.")
    try:
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    if head != MAGIC:
        raise ConfigError(f"{path} is {'empty' if not head else 'not a SQLite database'}.")


OURS = "mode=rw"
"""A WAL database whose writer is away cannot be opened with mode=ro; query_only forbids changes all the same."""
THEIRS = "mode=ro"
FINISHED = "mode=ro&immutable=1"
"""Nobody writes it, so that no file need appear beside it."""


def reading(path: Path, how: str = OURS) -> "closing[sqlite3.Connection]":
    """Open a database only to read it."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, isolation_level=None, timeout=5)
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    connection.execute("PRAGMA query_only=ON")
    return closing(connection)


def faults(connection: sqlite3.Connection) -> str:
    """Return what SQLite finds wrong with a database, or an empty text."""
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
    except sqlite3.OperationalError:  # locked, no permission: says nothing about the file
        raise
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    return "" if found == ["ok"] else " ".join(" ".join(found).split())


@contextmanager
def finished(path: Path, *, force: bool) -> Iterator[Path]:
    """Lend a name beside `path`; only what was written whole and is on the disk takes the place of `path`."""
    if path.is_dir():
        raise ConfigError(f"{path} is a directory; name a file in it.")
    if path.exists() and not force:
        raise ConfigError(f"{path} is there already; another name, or --force to replace it.")
    if not path.parent.is_dir():
        raise ConfigError(f"There is no directory {path.parent}.")
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
    """Raise ConfigError where a path is the database itself."""
    if isinstance(place, Path) and path.exists() and place.exists() and path.samefile(place):
        raise ConfigError(f"{path} is the database itself.")


def side_files(path: Path) -> tuple[Path, ...]:
    """Return the names of what SQLite may keep beside a database."""
    return tuple(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))
