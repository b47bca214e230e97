"""Reports from the derived tables: energy by day, week, month and year, outages and their statistics."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import cache, partial
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, Float, Row, Select, bindparam, case, cast, func, null, or_, select, text

from shared.history.derived import (
    DAY,
    DAY_MS,
    FIVE_MINUTES,
    HOUR_MS,
    INVERTERS,
    SOURCES,
    Source,
    grid_run,
    outage,
    rollup_due,
)
from shared.history.derived import HOUR as HOURLY
from shared.history.homes import home_of, in_home
from shared.history.house import Part
from shared.history.local_days import midnight, midnight_of
from shared.history.queries import Database, Series, day_zone, in_parts, named, parts_of, rows_of
from shared.history.tables import MILLISECOND, from_ms, to_json, to_ms
from shared.messages import Grid

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LONGEST_ROLLUP = timedelta(minutes=DAY)
LONG_PERIOD = timedelta(days=62)
"""Longer periods are summed up by day, as an hour more or less does not matter there."""


PRIME = 1_000_003
"""So that the sum of ten thousand products of two remainders fits into 64 bits."""


class By(StrEnum):
    """Calendar units in local time; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


def energy(
    database: Database, device: str, *, first: date, last: date, by: By, zone: tzinfo, source: Source = INVERTERS
) -> dict[date, dict[str, float | None]]:
    """Return the kWh of each calendar unit from the day `first` up to `last`, by the first day of the unit.

    A unit without any record is left out; an unknown value is None.
    """
    names = source.energies
    # in UTC, as Python compares times of the same zone by the wall clock
    start, end = (from_ms(midnight_of(day, zone)) for day in (first, last))
    found: dict[date, dict[str, float | None]] = {}
    for day in energy_by_day(database, device, start=start, end=end, source=source):
        unit = beginning(day.start.astimezone(zone).date(), by)
        sums = found.setdefault(unit, dict.fromkeys(names))
        for name, kwh in day.kwh.items():
            if kwh is not None:
                sums[name] = (sums[name] or 0.0) + kwh
    return found


@dataclass(frozen=True)
class DayEnergy:
    """The energies of a local day, by name, and one of them by local hour, as JSON."""

    start: datetime
    kwh: Mapping[str, float | None]
    hours: str | None

    @property
    def by_hour(self) -> list[float | None]:
        """The kWh of each of the 24 local hours; none for a day that has not been summed up by hour yet."""
        found: list[float | None] = json.loads(self.hours or "[]")
        return found


def energy_by_day(
    database: Database, device: str, *, start: datetime, end: datetime, source: Source = INVERTERS
) -> list[DayEnergy]:
    """Return the recorded local days that begin from `start` up to `end`, with their energy."""
    names = source.energies
    found = parts_of(database, device, to_ms(start), to_ms(end), step=DAY, source=source)
    rows = [tuple(row) for row in rows_of_parts(database, partial(_days_query, source.raw.name), found)]
    days = [
        DayEnergy(from_ms(at), dict(zip(names, kwh, strict=True)), hours)
        for at, step, hours, *kwh in rows
        if step == DAY
    ]
    steps = [(at, *kwh) for at, step, _, *kwh in rows if step != DAY]
    if steps:
        days = sorted([*days, *_days_of_steps(steps, source, day_zone(database))], key=lambda day: day.start)
    return days


def _days_of_steps(steps: Iterable[tuple[Any, ...]], source: Source, zone: tzinfo) -> Iterator[DayEnergy]:
    """Add up the days in which one device took over from another, from the five-minute steps of both."""
    names = source.energies
    for at, group in groupby(steps, lambda step: midnight(step[0], zone)):
        kwh: list[float | None] = [None] * len(names)
        hours: list[float | None] = [None] * 24
        for start, *values in group:
            kwh = _plus(kwh, values)
            if source.by_hour:
                hour = from_ms(start).astimezone(zone).hour
                (hours[hour],) = _plus([hours[hour]], [values[names.index(source.by_hour)]])
        yield DayEnergy(from_ms(at), dict(zip(names, kwh, strict=True)), to_json(hours) if source.by_hour else None)


def _plus(sums: Iterable[float | None], values: Iterable[float | None]) -> list[float | None]:
    """Return the sums of the known energies."""
    return [a if b is None else b if a is None else a + b for a, b in zip(sums, values, strict=True)]


@cache
def _days_query(name: str, count: int) -> Select[Any]:
    source = SOURCES[name]
    table = source.rollup.c
    by_hour = table[f"{source.by_hour}_by_hour"] if source.by_hour else null()
    columns = (table.at, table.step, by_hour, *(table[energy] for energy in source.energies))
    return select(*columns).where(in_parts(source.rollup, count)).order_by(table.at)


def energy_by_hour(
    database: Database, device: str, *, start: datetime, end: datetime, source: Source = INVERTERS
) -> dict[int, tuple[float | None, ...]]:
    """Return the energy columns of each hour by its beginning in ms."""
    parts = parts_of(database, device, to_ms(start), to_ms(end), step=HOURLY, source=source)
    found: dict[int, tuple[float | None, ...]] = {}
    for row in rows_of_parts(database, partial(_hours_query, source.raw.name), parts):
        hour, kwh = row[0] // HOUR_MS * HOUR_MS, tuple(row)[1:]
        found[hour] = tuple(_plus(found[hour], kwh)) if hour in found else kwh
    return found


@cache
def _hours_query(name: str, count: int) -> Select[Any]:
    source = SOURCES[name]
    table = source.rollup.c
    columns = (table[energy] for energy in source.energies)
    return select(table.at, *columns).where(in_parts(source.rollup, count)).order_by(table.at)


def energy_between(
    database: Database, device: str, *, start: datetime, end: datetime, source: Source = INVERTERS
) -> tuple[dict[str, float | None], float]:
    """Return the kWh between two times, and the share of the time for which anything is known.

    Computed from whole hours, over a long period from whole days.
    """
    step = HOURLY if end - start <= LONG_PERIOD else DAY
    parts = parts_of(database, device, to_ms(start), to_ms(end), step=step, source=source)
    rows = rows_of_parts(database, partial(_sums_query, source.raw.name), parts)
    if not rows:
        return dict.fromkeys(source.energies), 0.0
    minutes, sums = rows[0][0] or 0, rows[0][1:]
    return dict(zip(source.energies, sums, strict=True)), minutes * MINUTE / (end - start)


@cache
def _sums_query(name: str, count: int) -> Select[Any]:
    source = SOURCES[name]
    table = source.rollup.c
    sums = (func.sum(table[energy]) for energy in source.energies)
    return select(func.sum(table.step), *sums).where(in_parts(source.rollup, count))


def flows(database: Database, device: str, *, start: datetime, end: datetime, step: timedelta) -> Series:
    """Return the mean power in each direction, which a mean over both would hide, and the state of charge.

    Computed from whole hours, or from whole days where a step is days, so a step is at least an hour; `grid_in_w` is
    `grid_in_kwh` over the known hours.
    """
    first, last, width = to_ms(start), to_ms(end), step // MILLISECOND
    count = -(-(last - first) // width)
    daily = step % LONGEST_ROLLUP == timedelta()
    parts = parts_of(database, device, first, last, step=DAY if daily else HOURLY)
    rows = rows_of_parts(database, _flows_query, parts, {"start": first, "step": width})
    found = {row[0]: tuple(row)[1:] for row in rows}
    names = [column.name for column in _flows_query(1).selected_columns][1:]
    unknown = [None] * len(names)
    columns = map(list, zip(*(found.get(bucket, unknown) for bucket in range(count)), strict=True))
    return Series(start, step, dict(zip(names, columns, strict=True)))


@cache
def _flows_query(count: int) -> Select[Any]:
    table, start = INVERTERS.rollup.c, bindparam("start", type_=BigInteger())
    # a day is assigned by its middle, as it may begin an hour earlier or later than the others
    middle = case((table.step == DAY, DAY_MS // 2), else_=0)
    bucket = ((table.at + middle - start) // bindparam("step", type_=BigInteger())).label("bucket")
    known_h = func.coalesce(table.known_h, cast(table.step, Float) / HOURLY)

    def mean(field: str) -> Any:
        value = table[f"{field}_mean"]
        return func.sum(value * table.n) / func.sum(case((value.is_not(None), table.n)))

    columns = []
    for field, directions in INVERTERS.flows.items():
        for name in filter(None, directions):
            both_ways = func.sum(table[name]) * 1000 / func.sum(case((table[name].is_not(None), known_h)))
            columns.append((both_ways if all(directions) else mean(field)).label(_watts(name)))
    columns.append(mean("battery_soc_percent").label("battery_soc_percent"))
    return select(bucket, *columns).where(in_parts(INVERTERS.rollup, count)).group_by(text("bucket"))


def rows_of_parts(
    database: Database,
    query: Callable[[int], Select[Any]],
    parts: Sequence[Part],
    parameters: Mapping[str, Any] | None = None,
) -> Sequence[Row[Any]]:
    """Return the rows of a query over some parts; none if there is no part."""
    return rows_of(database, query(len(parts)), named(parts) | dict(parameters or {})) if parts else []


def _watts(kwh: str) -> str:
    return kwh.replace("_kwh", "_w")


def version(database: Database, device: str, *, start: datetime, end: datetime) -> tuple[int, ...] | None:
    """Return a version that changes with anything derived of whole local days: roll-ups, runs of the grid, outages.

    None while some of their records are not included yet.
    """
    home, first, last = home_of(database), to_ms(start), to_ms(end)
    devices = sorted({part.device for part in parts_of(database, device, first, last, step=FIVE_MINUTES)})
    whose = {"home": home, "devices": devices, "due": [*devices, in_home(home, "grid"), in_home(home, "outage")]}
    rows = rows_of(database, _version_query(), {"start": first, "end": last} | whose)
    if not rows or rows[0].due:
        return None
    return tuple(int(value or 0) for value in rows[0])


@cache
def _version_query() -> Select[Any]:
    """Return the query for the number of due steps, and sums that distinguish contents."""
    start, end = (bindparam(name, type_=BigInteger()) for name in ("start", "end"))
    due, day, run = rollup_due.c, INVERTERS.rollup.c, grid_run.c
    marks = (due.device.in_(bindparam("due", expanding=True)), due.at >= start - DAY_MS, due.at < end + DAY_MS)
    days = (day.device.in_(bindparam("devices", expanding=True)), day.step == DAY, day.at >= start, day.at < end)
    # the run before may last into the period
    home: Any = bindparam("home")
    before = select(func.max(run.at)).where(run.home == home, run.at < start).scalar_subquery()
    runs = (run.home == home, run.at >= func.coalesce(before, start), run.at < end)
    state = case((run.state == Grid.ON.value, 1), (run.state == Grid.OFF.value, 2), else_=3)
    outages = (outage.c.home == home, outage.c.start < end, or_(outage.c.end.is_(None), outage.c.end > start))
    sums = (
        (func.count(day.at), days),
        (func.sum(day.version), days),
        (func.sum(run.at % PRIME * state), runs),
        (func.sum(run.last % PRIME * (run.since % PRIME)), runs),
        (func.sum(outage.c.start % PRIME * (func.coalesce(outage.c.end, 1) % PRIME)), outages),
        (func.sum(outage.c.plan_start % PRIME * (outage.c.plan_end % PRIME)), outages),
    )
    count = select(func.count(due.at).label("n")).where(*marks).scalar_subquery().label("due")
    each = (select(one).where(*where).scalar_subquery() for one, where in sums)
    return select(count, *(one.label(f"sum{index}") for index, one in enumerate(each)))


def beginning(day: date, by: By) -> date:
    """Return the first day of the week, month or year a day belongs to."""
    if by is By.WEEK:
        return day - timedelta(days=day.weekday())
    if by is By.MONTH:
        return day.replace(day=1)
    return day.replace(month=1, day=1) if by is By.YEAR else day


def following(day: date, by: By) -> date:
    """Return the first day of the day, week, month or year after the one a day belongs to."""
    longest = {By.DAY: 1, By.WEEK: 7, By.MONTH: 31, By.YEAR: 366}
    return beginning(beginning(day, by) + timedelta(days=longest[by]), by)


@dataclass(frozen=True)
class Outage:
    """A power outage. `end` is None while it lasts, `planned` if no schedule was known; negative delays are early."""

    start: datetime
    end: datetime | None
    planned: bool | None
    plan_start: datetime | None
    plan_end: datetime | None
    start_late_min: float | None
    end_late_min: float | None
    battery_kwh: float | None
    soc_from_percent: float | None
    soc_to_percent: float | None
    load_max_w: float | None


def outage_records(database: Database, *, start: datetime, end: datetime) -> list[Outage]:
    """Return all outages that overlap a period, uncut."""
    parameters = {"home": home_of(database), "start": to_ms(start), "end": to_ms(end)}
    rows = rows_of(database, _outages_query(), parameters)
    return [_outage(dict(row._mapping)) for row in rows]


@cache
def _outages_query() -> Select[Any]:
    table = outage.c
    start, end = (bindparam(name, type_=BigInteger()) for name in ("start", "end"))
    columns = [column for column in table if column.name != "home"]
    within = (table.home == bindparam("home"), table.start < end, or_(table.end.is_(None), table.end > start))
    return select(*columns).where(*within).order_by(table.start)


def _outage(row: Mapping[str, Any]) -> Outage:
    moments = ("start", "end", "plan_start", "plan_end")
    return Outage(**{**row, **{name: None if row[name] is None else from_ms(row[name]) for name in moments}})


@dataclass(frozen=True)
class Statistics:
    """The outages of a period, cut to it. planned_share counts those with a known schedule; hours are by local day."""

    count: int
    total: timedelta
    longest: timedelta
    planned_share: float | None
    hours: Mapping[date, float]

    def by_month(self) -> dict[date, float]:
        """Return the hours without power by month, keyed by its first day."""
        found: dict[date, float] = {}
        for day, hours in self.hours.items():
            month = beginning(day, By.MONTH)
            found[month] = found.get(month, 0.0) + hours
        return found


def statistics(records: Iterable[Outage], *, start: datetime, end: datetime, now: datetime, zone: tzinfo) -> Statistics:
    """Return the statistics of outages; a running one counts until now. Pure."""
    cut = [
        (record.planned, max(record.start, start), min(record.end or now, end))
        for record in records
        if max(record.start, start) < min(record.end or now, end)
    ]
    lengths = [finish - begin for _, begin, finish in cut]
    known = [planned for planned, _, _ in cut if planned is not None]
    hours: dict[date, float] = {}
    for _, begin, finish in cut:
        for day, part in by_day(begin, finish, zone):
            hours[day] = hours.get(day, 0.0) + part / HOUR
    share = sum(known) / len(known) if known else None
    return Statistics(len(cut), sum(lengths, timedelta()), max(lengths, default=timedelta()), share, hours)


def by_day(begin: datetime, end: datetime, zone: tzinfo) -> Iterator[tuple[date, timedelta]]:
    """Split a time by local days."""
    while begin < end:
        day = begin.astimezone(zone).date()
        border = min(end, from_ms(midnight_of(day + timedelta(days=1), zone)))
        yield day, border - begin
        begin = border
