"""SQLite files as a whole: opened for reading, checked, copied."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

SHARED = "mode=rw"
"""mode=ro cannot open a WAL database without a running writer; query_only forbids changes as well."""
READ_ONLY = "mode=ro"
IMMUTABLE = "mode=ro&immutable=1"
"""The file is not being written, so SQLite creates no files next to it."""

PAGES = 1024
"""How many pages are copied per step: 4 MB."""

Step = Callable[[int, int], None]
"""Called after each step with the pages copied and all pages."""


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


def copy_checked(source: Path, target: Path, step: Step, mode: str = SHARED) -> str:
    """Copy a database page by page into a single file; return what is wrong with the copy, empty if nothing.

    All of it is one snapshot: SQLite would start over at each commit of the recorder. The copy is checked for its
    structure and for the number of rows in each table.
    """
    with opened_read_only(source, mode) as old, closing(sqlite3.connect(target, isolation_level=None)) as new:
        new.execute("PRAGMA synchronous=OFF")  # it is synced before it gets its name
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
        old.backup(new, pages=PAGES, progress=lambda _status, left, total: step(total - left, total))
        new.execute("PRAGMA journal_mode=DELETE")
        fault = integrity_fault(new)
        return fault or ("" if _counts(old) == _counts(new) else "rows are missing")


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608


def side_files(path: Path) -> tuple[Path, ...]:
    """Return the paths of the files that SQLite may keep next to a database."""
    return tuple(path.with_name(path.name + end) for end in ("-wal", "-shm", "-journal"))
