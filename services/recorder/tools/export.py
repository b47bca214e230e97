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
    select,
)

import shared.history.derived  # noqa: F401  its tables join the others
from services.recorder.tools.files import finished, plainly, require_another, require_database
from services.recorder.tools.period import Period
from services.recorder.tools.progress import progress, watched
from shared.errors import ConfigError
from shared.history.engine import Place, reader, shown
from shared.history.schema import NEEDED, revision
from shared.history.tables import from_ms, metadata, to_ms
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
        query = _query(connection, table, wish.period)
        rows = connection.execution_options(yield_per=AT_ONCE).execute(query)
        count = WRITERS[wish.format](file, table, progress(rows, _total(connection, query), table.name, "rows"))
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


def _query(connection: Connection, table: Table, period: Period) -> Select[Any]:
    """Return the rows in the order of the key, which is how they lie on the disk: nothing needs sorting."""
    key = list(table.primary_key.columns)
    query, column = select(table).order_by(*key), moment_of(table)
    if period == Period():
        return query
    if column is None:
        raise ConfigError(f"The rows of {table.name} have no moment: export it without --from and --to.")
    if column in key[1:2]:  # a jump to the period of each device, instead of a way through everything
        query = query.where(key[0].in_(_names(connection, key[0])))
    if period.start:
        query = query.where(column >= to_ms(period.start))
    if period.end:
        query = query.where(column < to_ms(period.end))
    return query


def _names(connection: Connection, column: Column[Any]) -> list[Any]:
    """Return what a column has, a seek each, where DISTINCT would read the whole table."""
    found: list[Any] = []
    name = connection.execute(select(func.min(column))).scalar()
    while name is not None:
        found.append(name)
        name = connection.execute(select(func.min(column)).where(column > name)).scalar()
    return found


def _total(connection: Connection, query: Select[Any]) -> int | None:
    """Count only for a bar that somebody sees."""
    if not watched():
        return None
    return connection.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar()


def _line(connection: Connection, table: Table) -> str:
    column = moment_of(table)
    ends = (func.min(column), func.max(column)) if column is not None else ()
    count, *found = connection.execute(select(func.count(), *ends).select_from(table)).one()
    first, last = (iso(from_ms(ms)) if ms is not None else "-" for ms in found or (None, None))
    return f"{table.name:20} {count:>12,}  {first:24}  {last}"


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
