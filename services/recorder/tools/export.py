"""Exports a table as CSV or JSON Lines, streaming row by row with flat memory."""

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    LargeBinary,
    Select,
    Table,
    Text,
    func,
    inspect,
    null,
    select,
)

from services.recorder.tools.files import plain_errors, require_another, require_database, written_atomically
from services.recorder.tools.period import Period
from services.recorder.tools.progress import is_interactive, progress
from shared.conditions import recorder_tools as tools
from shared.errors import UsageError
from shared.history.compression import FORMAT, decompress
from shared.history.derived import SOURCES
from shared.history.engine import Place, reader, shown
from shared.history.migration import HEAD, require_known, revision
from shared.history.readings import ALWAYS, Span, damaged_hours, devices, distinct, readings
from shared.history.tables import compressed_hour, from_ms, metadata, to_ms
from shared.messages import iso
from shared.texts.localizer import Localizer

ROWS_PER_FETCH = 1000
STDOUT = "-"
TIME_WORDS = {"at", "since", "start", "end", "last"}
"""The last word in the name of a column that holds a time."""

Formatter = Callable[[Any], Any]


@dataclass(frozen=True)
class ExportRequest:
    """What to export, and where to."""

    table: str
    period: Period
    format: str = "csv"
    output: str = STDOUT
    force: bool = False


def export(place: Place, request: ExportRequest, localizer: Localizer) -> str:
    """Write the rows of a table and return a sentence with their number."""
    table = metadata.tables.get(request.table)
    if table is None:
        raise UsageError(tools.no_table(given=request.table[:60], known=", ".join(sorted(metadata.tables))))
    if request.output != STDOUT:
        require_another(Path(request.output), place)
    with plain_errors(f"export {table.name}"), opened(place) as connection, _target(request) as file:
        span = _span(request.period)
        rows, total = _rows(connection, table, request.period, span)
        count = WRITERS[request.format](file, table, progress(rows, total, table.name))
        file.flush()
        missing = missing_hours(connection, table, span, localizer)
    return " ".join((localizer("tool.exported", rows=localizer.decimal(count), table=table.name), *missing))


def missing_hours(connection: Connection, table: Table, span: Span, localizer: Localizer) -> list[str]:
    """Return a sentence on the hours of a table that are damaged, if there are any."""
    damaged = damaged_hours(connection, table, span)
    return [localizer.count("tool.hours_missing", damaged)] if damaged else []


def overview(place: Place, localizer: Localizer) -> str:
    """Return a list of all tables with their number of rows and the first and last time."""
    with plain_errors("export --list"), opened(place) as connection:
        existing = set(inspect(connection).get_table_names())
        lines = [_line(connection, table) for name, table in sorted(metadata.tables.items()) if name in existing]
    table, rows, first, last = localizer("tool.table_columns").split()
    return "\n".join([f"{table:20} {rows:>12}  {first:24}  {last}", *lines])


def is_time(column: Column[Any]) -> bool:
    """Return whether a column holds a time in milliseconds since 1970."""
    return isinstance(column.type, BigInteger) and column.name.rpartition("_")[2] in TIME_WORDS


def time_column(table: Table) -> Column[Any] | None:
    """Return the column with the time of a row, if the table has one."""
    return next((column for column in table.columns if is_time(column)), None)


def require_ours(place: Place) -> None:
    """Raise UsageError or ConfigError unless it is a database of ours with the current schema."""
    if isinstance(place, Path):
        require_database(place)
    current = revision(place)
    if current is None:
        raise UsageError(tools.foreign(place=shown(place)))
    require_known(place, current)
    if current < HEAD:
        raise UsageError(tools.older(place=shown(place), found=current, known=HEAD))


@contextmanager
def opened(place: Place) -> Iterator[Connection]:
    """Open a database of ours for reading."""
    require_ours(place)
    engine = reader(place)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _span(period: Period) -> Span:
    return (to_ms(period.start) if period.start else ALWAYS[0], to_ms(period.end) if period.end else ALWAYS[1])


def _rows(
    connection: Connection, table: Table, period: Period, span: Span
) -> tuple[Iterable[Sequence[Any]], int | None]:
    """Return the rows, compressed or not, and their number if a progress bar is shown."""
    query = _query(connection, table, period)
    total = _count(connection, query) if is_interactive() else None
    if table.name not in SOURCES:
        return connection.execute(query.execution_options(yield_per=ROWS_PER_FETCH)), total
    if total is not None:
        hour = compressed_hour.c
        where = (hour.source == table.name, hour.at >= span[0], hour.at < span[1])
        total += connection.execute(select(func.coalesce(func.sum(hour.n), 0)).where(*where)).scalar_one()
    return _readings(connection, table, span), total


def _readings(connection: Connection, table: Table, span: Span) -> Iterator[Sequence[Any]]:
    names = table.columns.keys()[2:]  # after device and at
    for device in devices(connection, table):
        for sample in readings(connection, table, device, names, span):
            yield device, *sample


def _query(connection: Connection, table: Table, period: Period) -> Select[Any]:
    """Return the query, ordered by primary key: rows are stored in that order, so nothing is sorted."""
    key = list(table.primary_key.columns)
    query, column = select(table).order_by(*key), time_column(table)
    if period == Period():
        return query
    if column is None:
        raise UsageError(tools.no_times(table=table.name))
    if column in key[1:2]:  # one seek per device instead of a full scan
        query = query.where(key[0].in_(distinct(connection, key[0])))
    if period.start:
        query = query.where(column >= to_ms(period.start))
    if period.end:
        query = query.where(column < to_ms(period.end))
    return query


def _count(connection: Connection, query: Select[Any]) -> int:
    return connection.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()


def _line(connection: Connection, table: Table) -> str:
    count, *ends = extent(connection, table)
    first, last = (iso(from_ms(ms)) if ms is not None else "-" for ms in ends)
    return f"{table.name:20} {count:>12,}  {first:24}  {last}"


def extent(connection: Connection, table: Table) -> tuple[int, int | None, int | None]:
    """Return the number of rows, compressed or not, and the times of the first and the last."""
    column = time_column(table)
    ends = (func.min(column), func.max(column)) if column is not None else (null(), null())
    count, first, last = connection.execute(select(func.count(), *ends).select_from(table)).one()
    hour, where = compressed_hour.c, compressed_hour.c.source == table.name
    hours, rows, ended = connection.execute(
        select(func.count(), func.sum(hour.n), func.max(hour.last)).where(where)
    ).one()
    if not hours:
        return count, first, last
    oldest = connection.execute(
        select(hour.data).where(where, hour.format == FORMAT).order_by(hour.at).limit(1)
    ).scalar()
    began = next(decompress(oldest, ()), (ended,))[0] if oldest else ended
    return count + rows, min(began, began if first is None else first), max(ended, ended if last is None else last)


@contextmanager
def _target(request: ExportRequest) -> Iterator[TextIO]:
    path = Path(request.output)
    if request.output == STDOUT:
        yield sys.stdout
    elif path.exists() and not path.is_file() and not path.is_dir():  # a pipe, a device
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
    else:
        with (
            written_atomically(path, force=request.force) as part,
            part.open("w", encoding="utf-8", newline="") as file,
        ):
            yield file


def _csv(file: TextIO, table: Table, rows: Iterable[Sequence[Any]]) -> int:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table.columns.keys())
    formatters = [(index, form) for index, column in enumerate(table.columns) if (form := _csv_formatter(column))]
    return _write_each(rows, formatters, writer.writerow)


def _jsonl(file: TextIO, table: Table, rows: Iterable[Sequence[Any]]) -> int:
    names = table.columns.keys()
    formatters = [(index, form) for index, column in enumerate(table.columns) if (form := _json_formatter(column))]

    def write(values: Sequence[Any]) -> None:
        file.write(json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False, separators=(",", ":")) + "\n")

    return _write_each(rows, formatters, write)


WRITERS: Mapping[str, Callable[[TextIO, Table, Iterable[Sequence[Any]]], int]] = {"csv": _csv, "jsonl": _jsonl}


def _write_each(
    rows: Iterable[Sequence[Any]], formatters: Sequence[tuple[int, Formatter]], write: Callable[[Sequence[Any]], Any]
) -> int:
    count = 0
    for row in rows:
        values = list(row)
        for index, form in formatters:
            if values[index] is not None:
                values[index] = form(values[index])
        write(values)
        count += 1
    return count


def _json_formatter(column: Column[Any]) -> Formatter | None:
    """Return how to format a column for JSON, None if its values are taken as they are."""
    if is_time(column):
        return lambda ms: iso(from_ms(ms))
    if isinstance(column.type, LargeBinary):
        return lambda data: bytes(data).decode("utf-8", "backslashreplace")
    if isinstance(column.type, Text) and column.info.get("convert"):
        return lambda text: json.loads(text) if text[:1] in ("[", "{") else text
    return None


def _csv_formatter(column: Column[Any]) -> Formatter | None:
    if isinstance(column.type, Boolean):
        return lambda flag: str(flag).lower()
    return None if isinstance(column.type, Text) else _json_formatter(column)
