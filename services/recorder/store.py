"""Writes rows to the database: one transaction per batch; a row whose key exists is skipped."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError

from services.recorder.ledger import mark_due, purge_horizons
from services.recorder.rows import Row
from services.recorder.running import keep_running
from services.recorder.salvage import is_ours
from services.recorder.statements import only_changes, statement
from services.recorder.watched_files import DatabaseFiles, free_name, log_of, remove_stale_log
from shared.conditions import Reason, storage, system
from shared.errors import ConfigError, DamagedError, StorageError
from shared.files import second_name, sync
from shared.history.database_errors import Kind, SchemaError, diagnose
from shared.history.engine import Place, shown, writer
from shared.history.migration import migrate
from shared.history.readings import ends
from shared.history.tables import battery_state, from_ms, grid_state, inverter_state, outage_schedule

log = logging.getLogger("recorder")

T = TypeVar("T")

Rows = Sequence[tuple[Table, Row]]

READINGS = (inverter_state, battery_state, grid_state)
DERIVED_FROM = (*READINGS, outage_schedule)
"""The tables that roll-ups and outages are derived from."""


class Store:
    """A database open for writing."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._engine = writer(place)
        self._files = DatabaseFiles.of(place)
        self._newest: int | None = None
        self._newest_known = False
        self.lost: Reason | None = None
        """What was lost because the files of the open database were changed."""

    def newest(self) -> datetime | None:
        """Return the time of the newest reading: a clock must not be behind it."""
        if not self._newest_known:
            self._saw(self.run(newest_reading))
            self._newest_known = True
        return None if self._newest is None else from_ms(self._newest)

    def write(self, rows: Rows) -> dict[int, Reason]:
        """Commit rows and return those the database rejects, by index, with the reason; duplicates are stored once.

        Raises StorageError if nothing can be written at the moment, DamagedError if the file is corrupt.
        """
        if not rows:
            return {}
        rejected = self._write(rows)
        # in a file that was removed meanwhile, they would be lost
        return self._write(rows) if self._was_replaced() else rejected

    def _write(self, rows: Rows) -> dict[int, Reason]:
        with self._translated_errors():
            try:
                self._write_all(rows)
            except (IntegrityError, DataError):
                return self._write_each(rows)
        return {}

    def run(self, work: Callable[[Connection], T]) -> T:
        """Run other work in one transaction; raises like `write`."""
        with self._translated_errors(), self._engine.begin() as connection:
            return work(connection)

    def forget_newest(self) -> None:
        """Search for the newest reading again, as some were removed."""
        self._newest_known, self._newest = False, None

    def close(self) -> None:
        """Close all connections; the last one removes the log."""
        self._engine.dispose()
        self._files = DatabaseFiles(self._files.main)

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        inode = None
        try:
            inode = DatabaseFiles.of(self._place).inode
            self._reopen_if_tampered()
            yield
            found = DatabaseFiles.of(self._place)
            if not found.tampered_in_use(self._files):  # otherwise the next use notices it
                self._files = found
        except (OSError, DatabaseError, SchemaError) as error:
            self.close()  # whatever a connection has cached may be wrong
            fault = diagnose(error)
            if fault.kind is Kind.DAMAGED and isinstance(self._place, Path):
                raise DamagedError(fault.cause, self._place, inode) from None
            raise StorageError(storage.unwritable(cause=fault.cause)) from None

    def _was_replaced(self) -> bool:
        with suppress(OSError):
            return DatabaseFiles.of(self._place).replaced(self._files)
        return False

    def _write_all(self, rows: Rows) -> None:
        by_table: dict[Table, list[Row]] = {}
        for table, row in rows:
            by_table.setdefault(table, []).append(row)
        newest = max((row[1] for table in READINGS for row in by_table.get(table, ())), default=None)
        with self._engine.begin() as connection:
            # sorted, so that two recorders cannot deadlock
            add_rows(connection, dict(sorted(by_table.items(), key=lambda one: one[0].name)))
        self._saw(newest)

    def _write_each(self, rows: Rows) -> dict[int, Reason]:
        """Find the rejected rows, slowly: one transaction per row."""
        rejected = {}
        for index, (table, row) in enumerate(rows):
            try:
                with self._engine.begin() as connection:
                    add_rows(connection, {table: [row]})
            except (IntegrityError, DataError) as error:
                rejected[index] = diagnose(error).cause
        return rejected

    def _saw(self, at: int | None) -> None:
        if at is not None:
            self._newest = at if self._newest is None else max(self._newest, at)

    def _reopen_if_tampered(self) -> None:
        """Reopen files that were removed, replaced or cut: writes to the open, unlinked ones would be lost."""
        found, before = DatabaseFiles.of(self._place), self._files
        if not isinstance(self._place, Path) or not found.tampered(before):
            return
        log.warning("A file of the database %s was removed, replaced or cut; opening it again.", shown(self._place))
        newest = self._newest
        self._rescue_log()
        self.close()
        self._files = DatabaseFiles(found.main)
        self.forget_newest()
        if found.replaced(before):
            remove_stale_log(self._place, before)
        migrate(self._place)
        self._files = DatabaseFiles.of(self._place)
        if not found.replaced(before):
            self._notice_loss(newest)

    def _rescue_log(self) -> None:
        """Write what is in the log to the database file: an open connection still has both, whatever their names."""
        with suppress(DatabaseError), self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").close()

    def _notice_loss(self, before: int | None) -> None:
        with self._engine.connect() as connection:
            after = newest_reading(connection)
        if before is not None and after is not None and after < before:
            name = log_of(Path(str(self._place))).name
            self.lost = storage.log_lost(name=name, since=from_ms(after), until=from_ms(before))


def open_store(place: Place) -> Store:
    """Open the database, creating or migrating it as needed.

    Raises StorageError for an error that may pass, ConfigError for one only the user can fix, DamagedError for a
    corrupt file of ours.
    """
    inode = None
    try:
        inode = DatabaseFiles.of(place).inode
        if isinstance(place, Path):
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.is_dir():
                raise _unusable(place, system.IS_DIRECTORY())
        migrate(place)
        return Store(place)
    except (OSError, DatabaseError, SchemaError) as error:
        fault = diagnose(error)
    if fault.kind is Kind.DAMAGED and isinstance(place, Path):
        if not is_ours(place):
            raise ConfigError(storage.foreign(place=shown(place)))
        raise DamagedError(fault.cause, place, inode)
    if fault.kind is Kind.FINAL:
        raise _unusable(place, fault.cause)
    raise StorageError(storage.unavailable(place=shown(place), cause=fault.cause))


def _unusable(place: Place, cause: Reason) -> ConfigError:
    setting = "DATABASE_URL" if isinstance(place, str) else "DB_PATH"
    return ConfigError(storage.unusable(place=shown(place), cause=cause, setting=setting))


def set_aside(damage: DamagedError, now: datetime) -> Reason | None:
    """Rename a damaged database, so that a new one can be created, and return the reason to report.

    Its write-ahead log goes with it, as it has commits. At every instant the old or the new names have both. Returns
    None if another recorder did so first and the file is already a new one.
    """
    path = damage.file
    aside = free_name(path.with_name(f"{path.stem}.damaged-{now:%Y%m%dT%H%M%SZ}{path.suffix}"))
    try:
        if DatabaseFiles.of(path).inode != damage.inode:
            return None
        for old, new in ((log_of(path), log_of(aside)), (path, aside)):
            if old.exists():
                second_name(old, new)
        sync(path.parent)
        for file in (path.with_name(path.name + "-shm"), log_of(path), path):
            file.unlink(missing_ok=True)
        sync(path.parent)
    except OSError as error:
        obstacle = system.os_reason(error)
        raise StorageError(storage.not_set_aside(place=str(path), cause=damage.reason, obstacle=obstacle)) from None
    return storage.set_aside(place=str(path), cause=damage.reason, name=aside.name)


def add_rows(connection: Connection, by_table: Mapping[Table, Sequence[Row]]) -> None:
    """Insert rows, add them to what is derived from them, and mark what is due."""
    followed = []
    for table, rows in by_table.items():
        inserted = _insert(connection, table, rows)
        if table in DERIVED_FROM and inserted:
            followed.append((table, rows, inserted == len(rows)))
    if not followed:
        return
    horizons = purge_horizons(connection)
    due: list[tuple[str, str, int]] = []
    # in the order of upkeep: the locks of the runs come first, to avoid deadlocks
    for table, rows, complete in sorted(followed, key=lambda one: (one[0] is not grid_state, one[0].name)):
        seen = keep_running(connection, table, rows, horizons, complete=complete)
        due += [(table.name, row[0], row[1]) for row in seen]
    if due:
        mark_due(connection, due)


def _insert(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    """Insert rows of one table, and return how many were new."""
    parameters: Sequence[Any] = rows
    if only_changes(table):
        names = table.columns.keys()
        parameters = [dict(zip(names, row, strict=True)) for row in rows]
    return connection.exec_driver_sql(statement(table, connection.dialect.name), list(parameters)).rowcount


def newest_reading(connection: Connection) -> int | None:
    """Return the time of the newest reading."""
    return max((at for table in READINGS for at in ends(connection, table, "max").values()), default=None)
