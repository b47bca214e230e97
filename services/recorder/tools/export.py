"""Any table, any period, as CSV or JSON Lines, row by row: however much there is, the memory stays flat."""

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

from services.recorder.tools.files import finished, plainly, require_another, require_database
from services.recorder.tools.period import Period
from services.recorder.tools.progress import progress, watched
from shared.errors import ConfigError
from shared.history.derived import SOURCES
from shared.history.engine import Place, reader, shown
from shared.history.packing import unpack
from shared.history.readings import ALWAYS, Span, devices, distinct, readings
from shared.history.schema import NEEDED, revision
from shared.history.tables import from_ms, metadata, packed, to_ms
from shared.messages import iso

AT_ONCE = 1000
STDOUT = "-"
MOMENTS = {"at", "since", "start", "end", "last"}
"""The last word in the name of a column that holds a moment."""

Show = Callable[[Any], Any]


@dataclass(frozen=True)
class Wish:
    """What to export, and where to."""

    table: str
    period: Period
    format: str = "csv"
    output: str = STDOUT
    force: bool = False


def export(place: Place, wish: Wish) -> str:
    """Write the rows of a table and return a sentence that says how many."""
    table = metadata.tables.get(wish.table)
    if table is None:
        raise ConfigError(f'There is no table "{wish.table[:60]}"; there are {", ".join(sorted(metadata.tables))}.')
    if wish.output != STDOUT:
        require_another(Path(wish.output), place)
    with plainly(f"The export of {table.name}"), _opened(place) as connection, _target(wish) as file:
        rows, total = _rows(connection, table, wish.period)
        count = WRITERS[wish.format](file, table, progress(rows, total, table.name, "rows"))
        file.flush()
    return f"{count:,} rows of {table.name} are written."


def overview(place: Place) -> str:
    """Return every table with its first and last row and how many there are, as text."""
    with plainly(f"Reading {shown(place)}"), _opened(place) as connection:
        there = set(inspect(connection).get_table_names())
        lines = [_line(connection, table) for name, table in sorted(metadata.tables.items()) if name in there]
    return "\n".join([f"{'table':20} {'rows':>12}  {'first':24}  last", *lines])


def is_moment(column: Column[Any]) -> bool:
    """Return whether a column holds milliseconds since 1970."""
    return isinstance(column.type, BigInteger) and column.name.rpartition("_")[2] in MOMENTS


def moment_of(table: Table) -> Column[Any] | None:
    """Return the column that says when a row holds."""
    return next((column for column in table.columns if is_moment(column)), None)


def require_ours(place: Place) -> None:
    """Raise ConfigError where there is no database of ours with the schema that this program knows."""
    if isinstance(place, Path):
        require_database(place)
    current = revision(place)
    if current is None:
        raise ConfigError(f"{shown(place)} holds no readings of this program.")
    if current > NEEDED:
        raise ConfigError(
            f"{shown(place)} was written by a newer version of this program (schema {current}, this one "
            f"knows {NEEDED})."
        )
    if current < NEEDED:
        raise ConfigError(
            f"{shown(place)} has the schema {current} of an older version: the recorder brings it to {NEEDED} at its "
            "next start."
        )


@contextmanager
def _opened(place: Place) -> Iterator[Connection]:
    require_ours(place)
    engine = reader(place)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _rows(connection: Connection, table: Table, period: Period) -> tuple[Iterable[Sequence[Any]], int | None]:
    """Return the rows, packed or not, and how many there are where somebody sees a bar."""
    query = _query(connection, table, period)
    total = _count(connection, query) if watched() else None
    if table.name not in SOURCES:
        return connection.execute(query.execution_options(yield_per=AT_ONCE)), total
    span = (to_ms(period.start) if period.start else ALWAYS[0], to_ms(period.end) if period.end else ALWAYS[1])
    if total is not None:
        hour = packed.c
        here = (hour.source == table.name, hour.at >= span[0], hour.at < span[1])
        total += connection.execute(select(func.coalesce(func.sum(hour.n), 0)).where(*here)).scalar_one()
    return _readings(connection, table, span), total


def _readings(connection: Connection, table: Table, span: Span) -> Iterator[Sequence[Any]]:
    names = table.columns.keys()[2:]  # behind device and at
    for device in devices(connection, table):
        for reading in readings(connection, table, device, names, span):
            yield device, *reading


def _query(connection: Connection, table: Table, period: Period) -> Select[Any]:
    """Return the rows in the order of the key, which is how they lie on the disk: nothing needs sorting."""
    key = list(table.primary_key.columns)
    query, column = select(table).order_by(*key), moment_of(table)
    if period == Period():
        return query
    if column is None:
        raise ConfigError(f"The rows of {table.name} have no moment: export it without --from and --to.")
    if column in key[1:2]:  # a jump to the period of each device, instead of a way through everything
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
    """Return how many rows a table has, packed or not, and the moments of the first and the last."""
    column = moment_of(table)
    ends = (func.min(column), func.max(column)) if column is not None else (null(), null())
    count, first, last = connection.execute(select(func.count(), *ends).select_from(table)).one()
    hour, here = packed.c, packed.c.source == table.name
    hours, rows, ended = connection.execute(
        select(func.count(), func.sum(hour.n), func.max(hour.last)).where(here)
    ).one()
    if not hours:
        return count, first, last
    oldest = connection.execute(select(hour.data).where(here).order_by(hour.at).limit(1)).scalar_one()
    began = next(unpack(oldest, ()))[0]
    return count + rows, min(began, began if first is None else first), max(ended, ended if last is None else last)


@contextmanager
def _target(wish: Wish) -> Iterator[TextIO]:
    path = Path(wish.output)
    if wish.output == STDOUT:
        yield sys.stdout
    elif path.exists() and not path.is_file() and not path.is_dir():  # a pipe, a device
        with path.open("w", encoding="utf-8", newline="") as file:
            yield file
    else:
        with finished(path, force=wish.force) as part, part.open("w", encoding="utf-8", newline="") as file:
            yield file


def _csv(file: TextIO, table: Table, rows: Iterable[Sequence[Any]]) -> int:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table.columns.keys())
    shows = [(index, show) for index, column in enumerate(table.columns) if (show := _csv_show(column))]
    return _each(rows, shows, writer.writerow)


def _jsonl(file: TextIO, table: Table, rows: Iterable[Sequence[Any]]) -> int:
    names = table.columns.keys()
    shows = [(index, show) for index, column in enumerate(table.columns) if (show := _show(column))]

    def write(values: Sequence[Any]) -> None:
        file.write(json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False, separators=(",", ":")) + "\n")

    return _each(rows, shows, write)


WRITERS: Mapping[str, Callable[[TextIO, Table, Iterable[Sequence[Any]]], int]] = {"csv": _csv, "jsonl": _jsonl}


def _each(
    rows: Iterable[Sequence[Any]], shows: Sequence[tuple[int, Show]], write: Callable[[Sequence[Any]], Any]
) -> int:
    count = 0
    for row in rows:
        values = list(row)
        for index, show in shows:
            if values[index] is not None:
                values[index] = show(values[index])
        write(values)
        count += 1
    return count


def _show(column: Column[Any]) -> Show | None:
    """How a value of a column is said in JSON, where that is not as it is."""
    if is_moment(column):
        return lambda ms: iso(from_ms(ms))
    if isinstance(column.type, LargeBinary):
        return lambda data: bytes(data).decode("utf-8", "backslashreplace")
    if isinstance(column.type, Text) and column.info.get("convert"):
        return lambda text: json.loads(text) if text[:1] in ("[", "{") else text
    return None


def _csv_show(column: Column[Any]) -> Show | None:
    if isinstance(column.type, Boolean):
        return lambda flag: str(flag).lower()
    return None if isinstance(column.type, Text) else _show(column)
