"""Rows into the database: one transaction a batch, and a row that is there already stays as it is."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DatabaseError

from services.recorder.rows import Row
from shared.errors import ConfigError, StorageError
from shared.history.engine import writer
from shared.history.schema import migrate


class Store:
    """The database, opened for writing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, rows: Sequence[tuple[Table, Row]]) -> None:
        """Commit rows, all or none; what comes twice is stored once. Raises StorageError where it cannot be written.

        The statement goes to the driver as it is: SQLAlchemy's own executemany costs three times as much here.
        """
        by_table: dict[str, tuple[Table, list[Row]]] = {}
        for table, row in rows:
            by_table.setdefault(table.name, (table, []))[1].append(row)
        try:
            with self._engine.begin() as connection:
                for table, some in by_table.values():
                    connection.exec_driver_sql(_statement(table), some)
        except DatabaseError as error:
            raise StorageError(f"The database cannot be written ({error.orig}); readings wait at the broker.") from None

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


def open_store(path: Path) -> Store:
    """Open the database, making or migrating it where needed, or raise ConfigError with one sentence."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        migrate(path)
        return Store(writer(path))
    except (OSError, DatabaseError, StorageError) as error:
        reason = error.orig if isinstance(error, DatabaseError) else error
        raise ConfigError(
            f"The database {path} cannot be opened for writing ({reason}): check DB_PATH and who owns its directory."
        ) from None


@cache
def _statement(table: Table) -> str:
    return str(insert(table).on_conflict_do_nothing().compile(dialect=sqlite.dialect()))
