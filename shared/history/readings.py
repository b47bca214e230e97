"""Readings of a device, whether they are still rows or compressed by the hour."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from heapq import merge
from operator import itemgetter
from typing import Any, Literal

from sqlalchemy import CTE, Column, Connection, Select, Table, func, select

from shared.history.compression import FORMAT, Sample, decompress
from shared.history.derived import HOUR_MS
from shared.history.homes import of_home
from shared.history.tables import compressed_hour

ROWS_PER_FETCH = 1000
HOURS_PER_FETCH = 24

Span = tuple[int, int]
"""From one time up to another, in ms."""
ALWAYS: Span = (-(2**62), 2**62)


def readings(connection: Connection, table: Table, device: str, names: Sequence[str], span: Span) -> Iterator[Sample]:
    """Return the readings (at, *names) of a span, ordered by time and without duplicates; memory stays flat."""
    # the rows are queried first: an hour compressed in between is read twice, which is harmless
    rows = _rows(connection, table, device, names, span)
    return _merged(_decompressed(connection, table, device, names, span), rows)


def _merged(hours: Iterable[Sample], rows: Iterable[Sample]) -> Iterator[Sample]:
    before = None
    for sample in merge(hours, rows, key=itemgetter(0)):
        if sample[0] != before:
            before = sample[0]
            yield sample


def readings_by_device(
    connection: Connection, table: Table, names: Sequence[str], devices: Sequence[str], span: Span
) -> dict[str, list[Sample]]:
    """Return the readings (at, *names) of a span of each device, in two statements for all of them."""
    device, at, hour, (start, end) = table.c.device, table.c.at, compressed_hour.c, span
    where = (device.in_(devices), at >= start, at < end)
    rows: dict[str, list[Sample]] = {name: [] for name in devices}
    hours: dict[str, list[Sample]] = {name: [] for name in devices}
    query = select(device, at, *(table.c[name] for name in names)).where(*where).order_by(device, at)
    for name, *sample in connection.execute(query):
        rows[name].append(sample)
    here = (hour.source == table.name, hour.device.in_(devices), hour.at > start - HOUR_MS, hour.at < end)
    compressed = select(hour.device, hour.data).where(*here, hour.format == FORMAT).order_by(hour.device, hour.at)
    for name, data in connection.execute(compressed):
        hours[name] += (sample for sample in decompress(data, names) if start <= sample[0] < end)
    return {name: list(_merged(hours[name], rows[name])) for name in devices}


def damaged_hours(connection: Connection, table: Table, span: Span) -> int:
    """Return how many compressed hours of a span are missing because a bad disk has damaged them."""
    hour, (start, end) = compressed_hour.c, span
    where = (hour.source == table.name, hour.at > start - HOUR_MS, hour.at < end, hour.format < 0)
    return connection.execute(select(func.count()).where(*where)).scalar_one()


def devices(connection: Connection, table: Table, home: str = "") -> list[str]:
    """Return the devices with readings in a table, compressed or not: those of a home, or of all."""
    hour = compressed_hour.c
    rows = distinct(connection, table.c.device, *of_home(home, table.c.device))
    hours = distinct(connection, hour.device, hour.source == table.name, *of_home(home, hour.device))
    return sorted({*rows, *hours})


def distinct(connection: Connection, column: Column[Any], *conditions: Any) -> list[Any]:
    """Return the distinct values of the first column of a key by one seek each; DISTINCT scans the whole table."""
    value = seeks(column, *conditions).c.value
    return list(connection.execute(select(value).where(value.is_not(None)).order_by(value)).scalars())


def ends(connection: Connection, table: Table, which: Literal["min", "max"]) -> dict[str, int]:
    """Return the first or the last time of each device in a table, in one statement."""
    return {device: time for device, time in connection.execute(_ends(table, which)) if time is not None}


@cache
def _ends(table: Table, which: str) -> Select[Any]:
    """Return the query of `ends`, built once: upkeep runs it for every table every minute."""
    value = seeks(table.c.device).c.value
    at = select(getattr(func, which)(table.c.at)).where(table.c.device == value).scalar_subquery()
    return select(value, at).where(value.is_not(None)).order_by(value)


def seeks(column: Column[Any], *conditions: Any) -> CTE:
    """Return a query that jumps from one value of an indexed column to the next, the last of which is NULL."""
    found = select(func.min(column).label("value")).where(*conditions).cte("found", recursive=True)
    following = select(func.min(column)).where(*conditions, column > found.c.value).scalar_subquery()
    return found.union_all(select(following).where(found.c.value.is_not(None)))


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
        .where(*where, hour.format == FORMAT)
        .order_by(hour.at)
        .execution_options(yield_per=HOURS_PER_FETCH)
    )
    for (data,) in connection.execute(query):
        yield from (sample for sample in decompress(data, names) if start <= sample[0] < end)
