"""Salvages what is readable in damaged databases that were set aside, while the recording continues in a new one.

Each step may be interrupted at any instant: rows are merged by their keys, and a file is finished once its report is
beside it.
"""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection, Table, select

from services.recorder.ledger import mark_due
from services.recorder.salvage import KEPT, RECORDED, Breathe, report_of, salvage
from services.recorder.sqlite_files import side_files
from services.recorder.store import DERIVED_FROM, READINGS, Store
from shared.conditions import Reason, storage
from shared.errors import StorageError
from shared.files import move_into_place, replace_atomically
from shared.history.compression import FORMAT, decompress, intact
from shared.history.database_errors import diagnose
from shared.history.derived import DAY_MS, HOUR_MS, STEP_MS
from shared.history.migration import FIRST, HEAD, migrate
from shared.history.tables import compressed_hour, metadata
from shared.messages import Moment

ROWS_AT_ONCE = 500
SHOWN_FOR = timedelta(days=7)
HOUR_COLUMNS = [column.name for column in compressed_hour.columns]
NOT_MERGED = ("alembic_version",)

Rows = Annotated[int, Field(ge=0, lt=2**63)]
"""A number of rows that a file of SQLite can hold."""


class Mended(BaseModel):
    """The outcome for a damaged file, as written next to it."""

    model_config = ConfigDict(frozen=True)

    name: str
    saved: Rows
    lost: Rows
    from_backup: Rows
    finished: Moment

    def reason(self) -> Reason:
        """Return what to report."""
        if self.from_backup:
            return storage.salvaged_with_backup(
                name=self.name, saved=self.saved, lost=self.lost, restored=self.from_backup
            )
        return storage.salvaged(name=self.name, saved=self.saved, lost=self.lost)


def pending(place: Path) -> list[Path]:
    """Return the unfinished damaged files next to a database, the newest first, as it has the most."""
    files = sorted(place.parent.glob(f"{place.stem}.damaged-*{place.suffix}"), reverse=True)
    return [file for file in files if not _report_file(file).exists()]


def mended(place: Path, now: datetime) -> Mended | None:
    """Return the last report, as long as it is recent; one emptied by a power cut does not count."""
    for file in sorted(place.parent.glob(f"{place.stem}.damaged-*{place.suffix}.json"), reverse=True):
        with suppress(ValidationError, OSError):
            found = Mended.model_validate_json(file.read_bytes())
            if abs(now - found.finished) < SHOWN_FOR:
                return found
    return None


def mend(damaged: Path, store: Store, backup: Path | None, now: datetime, breathe: Breathe) -> Mended:
    """Merge what is readable in a damaged file into a database, and what is missing from the last backup.

    Raises StorageError if it has to be tried again.
    """
    try:
        salvaged = _salvaged(damaged, breathe)
        report = report_of(salvaged)
        with closing(_opened(salvaged)) as source:
            _merge(source, store, breathe, rebuild=not report.derived_whole)
        restored = _merge_backup(backup, damaged, store, breathe) if backup and report.lost else 0
        lost = max(0, report.lost - restored)
        done = Mended(name=damaged.name, saved=report.saved, lost=lost, from_backup=restored, finished=now)
        replace_atomically(_report_file(damaged), done.model_dump_json())
        salvaged.unlink()
    except (OSError, sqlite3.Error) as error:
        raise StorageError(storage.not_salvaged(name=damaged.name, cause=diagnose(error).cause)) from None
    return done


def _report_file(damaged: Path) -> Path:
    return damaged.with_name(f"{damaged.name}.json")


def _salvaged(damaged: Path, breathe: Breathe) -> Path:
    """Return the file with the readable rows, completely written before it gets its name."""
    file = damaged.with_name(f".{damaged.name}.salvaged")
    if file.exists():
        return file
    part = damaged.with_name(f".{damaged.name}.part")
    leftovers = [part, *side_files(part)]
    try:
        _remove(leftovers)
        salvage(damaged, part, breathe)
        _migrate_alone(part)
        move_into_place(part, file)
    finally:
        _remove(leftovers)
    return file


def _remove(files: Sequence[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def _tables(source: sqlite3.Connection) -> list[Table]:
    """Return our tables in a file, those that others are derived from first."""
    names = {name for (name,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    tables = [table for name, table in metadata.tables.items() if name in names and name not in NOT_MERGED]
    return sorted(tables, key=lambda table: table.name not in KEPT)


def _merge_backup(backup: Path, damaged: Path, store: Store, breathe: Breathe) -> int:
    """Merge the records of a backup; return how many were missing."""
    if not FIRST <= _schema(backup) <= HEAD:
        return 0
    with _of_our_schema(backup, damaged) as file, closing(_opened(file)) as source:
        compressed = set(store.run(_hours))
        restored = 0
        for table in (table for table in _tables(source) if table.name in RECORDED or table is compressed_hour):
            for rows in _chunks(source, table, breathe):
                if table is compressed_hour:
                    missing = [row for row in rows if row[:3] not in compressed and _is_intact(row)]
                    restored += sum(row[HOUR_COLUMNS.index("n")] for row in missing)
                    store.run(partial(_insert, table=table, rows=missing, since=None))
                else:  # what has been compressed since then is not missing
                    missing = [
                        row for row in rows if (table.name, row[0], row[1] // HOUR_MS * HOUR_MS) not in compressed
                    ]
                    restored += store.run(partial(_insert, table=table, rows=missing, since=None))
        return restored


@contextmanager
def _of_our_schema(backup: Path, damaged: Path) -> Iterator[Path]:
    """Yield a backup, or a migrated copy if an older version made it; the backup itself is not changed."""
    if _schema(backup) == HEAD:
        yield backup
        return
    part = damaged.with_name(f".{damaged.name}.backup")
    try:
        _remove([part, *side_files(part)])
        shutil.copyfile(backup, part)
        _migrate_alone(part)
        yield part
    finally:
        _remove([part, *side_files(part)])


def _schema(file: Path) -> str:
    with closing(_opened(file)) as source:
        return str(source.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def _migrate_alone(file: Path) -> None:
    """Migrate a database that nobody else uses, into a single file."""
    migrate(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _merge(source: sqlite3.Connection, store: Store, breathe: Breathe, *, rebuild: bool) -> None:
    """Insert the rows that are missing, and mark as due what is derived from them.

    Without `rebuild` derived tables are whole, except around the moment at which the new database began.
    """
    since = None if rebuild else _newest(source) - DAY_MS
    for table in _tables(source):
        for rows in _chunks(source, table, breathe):
            work = _insert_hours if table is compressed_hour else partial(_insert, table=table)
            store.run(partial(work, rows=rows, since=since))


def _chunks(source: sqlite3.Connection, table: Table, breathe: Breathe) -> Iterator[list[Any]]:
    names = [column.name for column in table.columns]
    cursor = source.execute(f"SELECT {_quoted(names)} FROM {table.name}")  # noqa: S608
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        yield rows
        breathe()


def _insert_hours(connection: Connection, rows: Sequence[Any], since: int | None) -> None:
    """Insert the missing hours; of hours that exist with other readings, insert the missing readings."""
    missing = []
    for row in rows:
        source, device, at, *_ = row
        hour = compressed_hour.c
        here = select(hour.data).where(hour.source == source, hour.device == device, hour.at == at)
        existing = connection.execute(here).scalar()
        given = row[HOUR_COLUMNS.index("data")]
        if existing is None:
            missing.append(row)
        elif existing != given and row[HOUR_COLUMNS.index("format")] <= FORMAT:
            raw = metadata.tables[source]
            names = [column.name for column in raw.columns][2:]
            samples = [(device, *sample) for sample in decompress(given, names)]
            _insert(connection, table=raw, rows=samples, since=since)
    _insert(connection, table=compressed_hour, rows=missing, since=since)


def _is_intact(row: Sequence[Any]) -> bool:
    """Return whether an hour is intact: a backup also contains the damaged ones."""
    return intact(row[HOUR_COLUMNS.index("data")], row[HOUR_COLUMNS.index("format")])


def _insert(connection: Connection, table: Table, rows: Sequence[Any], since: int | None) -> int:
    """Insert the missing rows, and return their number."""
    if not rows:
        return 0
    names = [column.name for column in table.columns]
    marks = ", ".join("?" * len(names))
    insert = f"INSERT INTO {table.name} ({_quoted(names)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608
    done = connection.exec_driver_sql(insert, [tuple(row) for row in rows]).rowcount
    for source, steps in _due(table, rows, since).items():
        mark_due(connection, ((source, device, at) for device, at in steps))
    return done


def _due(table: Table, rows: Sequence[Any], since: int | None) -> dict[str, set[tuple[str, int]]]:
    """Return the steps whose derived rows have to be computed again, by table of the readings."""
    found: dict[str, set[tuple[str, int]]] = {}
    for row in rows:
        if table in DERIVED_FROM:
            found.setdefault(table.name, set()).add((row[0], row[1] // STEP_MS * STEP_MS))
        elif table is compressed_hour:
            found.setdefault(row[0], set()).update((row[1], at) for at in range(row[2], row[2] + HOUR_MS, STEP_MS))
    recent = {source: {one for one in steps if since is None or one[1] >= since} for source, steps in found.items()}
    return {source: steps for source, steps in recent.items() if steps}


def _newest(source: sqlite3.Connection) -> int:
    each = (source.execute(f"SELECT max(at) FROM {table.name}").fetchone()[0] for table in READINGS)  # noqa: S608
    return max((at for at in each if at is not None), default=0)


def _hours(connection: Connection) -> list[Any]:
    hour = compressed_hour.c
    return [tuple(row) for row in connection.execute(select(hour.source, hour.device, hour.at))]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
