"""Rows into the database: one transaction a batch, and a row that is there already stays as it is."""

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError

from services.recorder.rows import Row
from shared.errors import ConfigError, StorageError
from shared.history.engine import writer
from shared.history.schema import migrate

log = logging.getLogger("recorder")

PASSING = ("locked", "full", "I/O error")
"""What SQLite says of troubles that may be over in a moment."""


class Store:
    """The database, opened for writing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._engine = writer(path)
        self._file = _identity(path)

    def write(self, rows: Sequence[tuple[Table, Row]]) -> None:
        """Commit rows, all or none; what comes twice is stored once. Raises StorageError where it cannot be written.

        The statement goes to the driver as it is: SQLAlchemy's own executemany costs three times as much here.
        """
        by_table: dict[str, tuple[Table, list[Row]]] = {}
        for table, row in rows:
            by_table.setdefault(table.name, (table, []))[1].append(row)
        try:
            self._follow_the_file()
            with self._engine.begin() as connection:
                for table, some in by_table.values():
                    connection.exec_driver_sql(_statement(table), some)
        except (OSError, DatabaseError) as error:
            reason = error.orig if isinstance(error, DatabaseError) else error
            raise StorageError(f"The database cannot be written ({reason}); readings wait at the broker.") from None

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def _follow_the_file(self) -> None:
        """Begin anew where the file was deleted or replaced: an open one without a name would swallow everything."""
        if _identity(self._path) == self._file:
            return
        log.warning("The database %s was removed or replaced; going on with what is there now.", self._path)
        self.close()
        migrate(self._path)
        self._file = _identity(self._path)


def open_store(path: Path) -> Store:
    """Open the database, making or migrating it where needed.

    Raises StorageError for a trouble that may pass, ConfigError for one that only the user can mend.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        migrate(path)
        return Store(path)
    except (OSError, DatabaseError, StorageError) as error:
        reason = str(error.orig if isinstance(error, DatabaseError) else error)
    sentence = f"The database {path} cannot be opened for writing ({reason})"
    if any(text in reason for text in PASSING):
        raise StorageError(f"{sentence}; readings wait at the broker.")
    raise ConfigError(f"{sentence}: check DB_PATH and who owns its directory.")


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


@cache
def _statement(table: Table) -> str:
    return str(insert(table).on_conflict_do_nothing().compile(dialect=sqlite.dialect()))
