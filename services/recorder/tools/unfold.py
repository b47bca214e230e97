"""Unfolds every reading, compressed or not, into a SQLite file of its own: SQL cannot read what is compressed."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, insert, inspect, select

from services.recorder.tools.export import missing_hours, opened
from services.recorder.tools.files import plain_errors, require_another, require_database
from services.recorder.tools.progress import progress
from shared.conditions import recorder_tools as tools
from shared.errors import UsageError
from shared.history.derived import SOURCES
from shared.history.engine import Place, writer
from shared.history.readings import ALWAYS, devices, readings
from shared.history.views import views
from shared.texts.localizer import Localizer

ROWS_AT_ONCE = 5000
TABLES = [source.raw for source in SOURCES.values()]
VIEWS = ("v_inverter_raw", "v_battery_raw")


def unfold(place: Place, file: Path, localizer: Localizer) -> str:
    """Add to a file what it does not have yet, and return a sentence with the number of readings."""
    if not file.parent.is_dir():
        raise UsageError(tools.no_directory(directory=str(file.parent)))
    if file.exists():
        require_another(file, place)
        require_database(file)
    with plain_errors(f"unfold {file}"), opened(place) as connection:
        target = writer(file)
        try:
            _prepare(target, file)
            count = sum(_unfolded(connection, target, table) for table in TABLES)
            missing = [one for table in TABLES for one in missing_hours(connection, table, ALWAYS, localizer)]
        finally:
            target.dispose()
    added = localizer("tool.unfolded", readings=localizer.decimal(count), file=file)
    return " ".join((added, *missing))


def _prepare(target: Engine, file: Path) -> None:
    """Create the tables and views. Raises UsageError if the file is something else."""
    there = set(inspect(target).get_table_names()) - {table.name for table in TABLES}
    if there:
        raise UsageError(tools.other_tables(file=str(file), table=min(there)))
    with target.begin() as writing:
        for table in TABLES:
            table.create(writing, checkfirst=True)
        for name in VIEWS:
            writing.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
            writing.exec_driver_sql(f"CREATE VIEW {name} AS {views('sqlite')[name]}")


def _unfolded(connection: Connection, target: Engine, table: Table) -> int:
    names = [column.name for column in table.columns if column.name not in ("device", "at")]
    return sum(_of_device(connection, target, table, device, names) for device in devices(connection, table))


def _batches(samples: Iterator[Any]) -> Iterator[list[Any]]:
    while some := list(islice(samples, ROWS_AT_ONCE)):
        yield some


def _of_device(connection: Connection, target: Engine, table: Table, device: str, names: list[str]) -> int:
    """Copy the readings that are newer than the last one that is there."""
    with target.connect() as reading:
        last = reading.execute(select(func.max(table.c.at)).where(table.c.device == device)).scalar()
    span = (ALWAYS[0] if last is None else last + 1, ALWAYS[1])
    found: Iterator[Any] = readings(connection, table, device, names, span)
    count = 0
    for some in _batches(progress(found, None, device)):
        with target.begin() as writing:
            rows = [dict(zip(("at", *names), sample, strict=True)) | {"device": device} for sample in some]
            writing.execute(insert(table), rows)
        count += len(rows)
    return count
