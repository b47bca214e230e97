"""Rows into the database: one transaction a batch, and a row that is there already stays as it is."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError

from services.recorder.rollup import mark
from services.recorder.rows import Row
from services.recorder.statements import only_changes, statement
from shared.errors import ConfigError, DamagedError, StorageError
from shared.history.engine import Place, shown, writer
from shared.history.schema import migrate
from shared.history.tables import battery_state, grid_state, inverter_state, outage_schedule

log = logging.getLogger("recorder")

T = TypeVar("T")

Rows = Sequence[tuple[Table, Row]]

MARKED = (inverter_state, battery_state, grid_state, outage_schedule)
"""What roll-ups and outages are made of."""

PASSING = ("locked", "full", "I/O error")
"""What SQLite says of troubles that may be over in a moment."""
FINAL = ("authentication failed", "does not exist", "no pg_hba.conf entry", "permission denied")
"""What PostgreSQL says of troubles that waiting does not mend."""
DAMAGED = ("malformed", "not a database")


class Store:
    """The database, opened for writing."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._engine = writer(place)
        self._inode = _inode(place)

    def write(self, rows: Rows) -> dict[int, str]:
        """Commit rows and return which of them the database will never take, and why; what comes twice is stored once.

        Raises StorageError where nothing can be written at the moment, DamagedError where a file is broken.
        """
        if not rows:
            return {}
        with self._guarded():
            try:
                self._write_all(rows)
            except (IntegrityError, DataError):
                return self._write_each(rows)
        return {}

    def run(self, work: Callable[[Connection], T]) -> T:
        """Do other work in one transaction; raises as `write` does."""
        with self._guarded(), self._engine.begin() as connection:
            return work(connection)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        inode = _inode(self._place)
        try:
            self._follow_the_file(inode)
            yield
        except (OSError, DatabaseError) as error:
            reason = _reason(error)
            if _damaged(self._place, reason):
                self.close()
                raise DamagedError(reason, Path(self._place), inode) from None
            raise StorageError(f"The database cannot be written ({reason}); readings wait at the broker.") from None

    def _write_all(self, rows: Rows) -> None:
        by_table: dict[Table, list[Row]] = {}
        for table, row in rows:
            by_table.setdefault(table, []).append(row)
        with self._engine.begin() as connection:
            for table, some in by_table.items():
                _insert(connection, table, some)

    def _write_each(self, rows: Rows) -> dict[int, str]:
        """Find out which row is refused: slowly, each with its own transaction."""
        refused = {}
        for index, (table, row) in enumerate(rows):
            try:
                with self._engine.begin() as connection:
                    _insert(connection, table, [row])
            except (IntegrityError, DataError) as error:
                refused[index] = _reason(error)
        return refused

    def _follow_the_file(self, inode: int | None) -> None:
        """Begin anew where the file was deleted or replaced: an open one without a name would swallow everything."""
        if inode == self._inode:
            return
        log.warning("The database %s was removed or replaced; going on with what is there now.", shown(self._place))
        self.close()
        migrate(self._place)
        self._inode = _inode(self._place)


def open_store(place: Place) -> Store:
    """Open the database, making or migrating it where needed.

    Raises StorageError for a trouble that may pass, ConfigError for one that only the user can mend, DamagedError for a
    file that is no database any more.
    """
    inode = None
    try:
        inode = _inode(place)
        if isinstance(place, Path):
            place.parent.mkdir(parents=True, exist_ok=True)
        migrate(place)
        return Store(place)
    except (OSError, DatabaseError, StorageError) as error:
        reason = _reason(error)
    sentence = f"The database {shown(place)} cannot be opened for writing ({reason})"
    if _damaged(place, reason):
        raise DamagedError(reason, Path(place), inode)
    if _passing(place, reason):
        raise StorageError(f"{sentence}; readings wait at the broker.")
    mend = "DATABASE_URL" if isinstance(place, str) else "DB_PATH and who owns its directory"
    raise ConfigError(f"{sentence}: check {mend}.")


def set_aside(damage: DamagedError, now: datetime) -> str | None:
    """Give a damaged database a dated name, so that a new one can begin; return the sentence that says so.

    Its write-ahead log goes with it, for a tool that may save some of it. None says that another recorder was faster:
    the file of that name is a new one and stays.
    """
    path = damage.file
    name = f"{path.stem}.damaged-{now:%Y%m%dT%H%M%SZ}{path.suffix}"
    try:
        if _inode(path) != damage.inode:
            return None
        for suffix in ("-wal", "-shm", ""):
            file = path.with_name(path.name + suffix)
            if file.exists():
                file.rename(path.with_name(name + suffix))
    except OSError as error:
        raise StorageError(
            f"The database {path} is damaged ({damage}) and cannot be renamed ({error.strerror}); readings wait at the "
            "broker."
        ) from None
    return f"The database {path} is damaged ({damage}); it is kept as {name}, and a new one was begun."


def _insert(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    sql = statement(table, connection.dialect.name)
    given: Sequence[Any] = rows
    if only_changes(table):
        names = table.columns.keys()
        given = [dict(zip(names, row, strict=True)) for row in rows]
    connection.exec_driver_sql(sql, list(given))
    if table in MARKED:
        mark(connection, table.name, ((row[0], row[1]) for row in rows))


def _inode(place: Place) -> int | None:
    """Return what tells a file from another one of the same name; a server has none."""
    if isinstance(place, str):
        return None
    try:
        return place.stat().st_ino
    except FileNotFoundError:
        return None


def _damaged(place: Place, reason: str) -> bool:
    return isinstance(place, Path) and any(text in reason for text in DAMAGED)


def _passing(place: Place, reason: str) -> bool:
    if isinstance(place, str):
        return not any(text in reason for text in FINAL)
    return any(text in reason for text in PASSING)


def _reason(error: Exception) -> str:
    """Return the first line of what the driver says."""
    said = str(error.orig if isinstance(error, DatabaseError) else error)
    return said.strip().partition("\n")[0]
