"""Readings as they were recorded, whether they are rows still or packed by the hour."""

from collections.abc import Iterator, Sequence
from heapq import merge
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, Connection, Table, func, select

from shared.history.derived import HOUR_MS
from shared.history.packing import Reading, unpack
from shared.history.tables import packed

ROWS_AT_ONCE = 1000
HOURS_AT_ONCE = 24


Span = tuple[int, int]
"""From a moment up to another one, in milliseconds."""
ALWAYS: Span = (-(2**62), 2**62)


def readings(connection: Connection, table: Table, device: str, names: Sequence[str], span: Span) -> Iterator[Reading]:
    """Yield the readings (at, *names) of a span in order, each moment once, with flat memory."""
    # the rows are asked for first: what is packed in between comes twice, and that does no harm
    rows = _rows(connection, table, device, names, span)
    before = None
    for reading in merge(_unpacked(connection, table, device, names, span), rows, key=itemgetter(0)):
        if reading[0] != before:
            before = reading[0]
            yield reading


def devices(connection: Connection, table: Table) -> list[str]:
    """Return the devices of a table, packed or not."""
    here = distinct(connection, table.c.device)
    return sorted({*here, *distinct(connection, packed.c.device, packed.c.source == table.name)})


def distinct(connection: Connection, column: Column[Any], *conditions: Any) -> list[Any]:
    """Return what a column at the beginning of a key has, by a seek each: DISTINCT would read the whole table."""
    found: list[Any] = []
    value = connection.execute(select(func.min(column)).where(*conditions)).scalar()
    while value is not None:
        found.append(value)
        value = connection.execute(select(func.min(column)).where(*conditions, column > value)).scalar()
    return found


def _rows(connection: Connection, table: Table, device: str, names: Sequence[str], span: Span) -> Iterator[Reading]:
    at, (start, end) = table.c.at, span
    query = select(at, *(table.c[name] for name in names)).where(table.c.device == device, at >= start, at < end)
    return iter(connection.execute(query.order_by(at).execution_options(yield_per=ROWS_AT_ONCE)))


def _unpacked(connection: Connection, table: Table, device: str, names: Sequence[str], span: Span) -> Iterator[Reading]:
    hour, (start, end) = packed.c, span
    here = (hour.source == table.name, hour.device == device, hour.at > start - HOUR_MS, hour.at < end)
    query = select(hour.data).where(*here).order_by(hour.at).execution_options(yield_per=HOURS_AT_ONCE)
    for (data,) in connection.execute(query):
        yield from (reading for reading in unpack(data, names) if start <= reading[0] < end)
