"""Readings of a device, whether they are still rows or compressed by the hour."""

from collections.abc import Iterator, Sequence
from heapq import merge
from operator import itemgetter
from typing import Any

from sqlalchemy import Column, Connection, Table, func, select

from shared.history.compression import FORMAT, Sample, decompress
from shared.history.derived import HOUR_MS
from shared.history.tables import compressed_hour

ROWS_PER_FETCH = 1000
HOURS_PER_FETCH = 24

Span = tuple[int, int]
"""From one time up to another, in ms."""
ALWAYS: Span = (-(2**62), 2**62)


def readings(connection: Connection, table: Table, device: str, names: Sequence[str], span: Span) -> Iterator[Sample]:
    """Yield the readings (at, *names) of a span, ordered by time and without duplicates; memory stays flat."""
    # the rows are queried first: an hour compressed in between is read twice, which is harmless
    rows = _rows(connection, table, device, names, span)
    before = None
    for sample in merge(_decompressed(connection, table, device, names, span), rows, key=itemgetter(0)):
        if sample[0] != before:
            before = sample[0]
            yield sample


def devices(connection: Connection, table: Table) -> list[str]:
    """Return the devices with readings in a table, compressed or not."""
    hour = compressed_hour.c
    return sorted(
        {*distinct(connection, table.c.device), *distinct(connection, hour.device, hour.source == table.name)}
    )


def distinct(connection: Connection, column: Column[Any], *conditions: Any) -> list[Any]:
    """Return the distinct values of the first column of a key by one seek each; DISTINCT scans the whole table."""
    found: list[Any] = []
    value = connection.execute(select(func.min(column)).where(*conditions)).scalar()
    while value is not None:
        found.append(value)
        value = connection.execute(select(func.min(column)).where(*conditions, column > value)).scalar()
    return found


def _rows(connection: Connection, table: Table, device: str, names: Sequence[str], span: Span) -> Iterator[Sample]:
    at, (start, end) = table.c.at, span
    query = select(at, *(table.c[name] for name in names)).where(table.c.device == device, at >= start, at < end)
    return iter(connection.execute(query.order_by(at).execution_options(yield_per=ROWS_PER_FETCH)))


def _decompressed(
    connection: Connection, table: Table, device: str, names: Sequence[str], span: Span
) -> Iterator[Sample]:
    hour, (start, end) = compressed_hour.c, span
    where = (hour.source == table.name, hour.device == device, hour.at > start - HOUR_MS, hour.at < end)
    query = (
        select(hour.data)
        .where(*where, hour.format <= FORMAT)
        .order_by(hour.at)
        .execution_options(yield_per=HOURS_PER_FETCH)
    )
    for (data,) in connection.execute(query):
        yield from (sample for sample in decompress(data, names) if start <= sample[0] < end)
