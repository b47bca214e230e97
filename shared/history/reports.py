"""Reports from the derived tables: energy by day, week, month and year, outages and their statistics."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, func, or_, select

from shared.history.derived import DAY, INVERTERS, Source, outage
from shared.history.derived import HOUR as HOURLY
from shared.history.homes import home_of, in_home
from shared.history.queries import Series, rows_of
from shared.history.tables import MILLISECOND, from_ms, to_ms

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LONG_PERIOD = timedelta(days=62)
"""Longer periods are summed up by days, as an hour more or less does not matter."""


class By(StrEnum):
    """Calendar units in local time; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


def energy(
    engine: Engine, device: str, *, first: date, last: date, by: By, zone: tzinfo, source: Source = INVERTERS
) -> dict[date, dict[str, float | None]]:
    """Return the kWh of each calendar unit from the day `first` up to `last`, by its first day.

    A unit without any record is left out; an unknown value is None.
    """
    table = source.rollup.c
    where = (
        table.device == _full(engine, device),
        table.step == DAY,
        table.at >= to_ms(_midnight(first, zone)),
        table.at < to_ms(_midnight(last, zone)),
    )
    names = source.energies
    found: dict[date, dict[str, float | None]] = {}
    for row in rows_of(engine, select(table.at, *(table[name] for name in names)).where(*where).order_by(table.at)):
        unit = beginning(from_ms(row.at).astimezone(zone).date(), by)
        sums = found.setdefault(unit, dict.fromkeys(names))
        for name, kwh in zip(names, tuple(row)[1:], strict=True):
            if kwh is not None:
                sums[name] = (sums[name] or 0.0) + kwh
    return found


def energy_by_hour(
    engine: Engine, device: str, names: Sequence[str], *, start: datetime, end: datetime, source: Source = INVERTERS
) -> dict[int, tuple[float | None, ...]]:
    """Return kWh columns of each hour by its beginning in ms, as 8,760 datetimes a year are slow."""
    table = source.rollup.c
    where = (
        table.device == _full(engine, device),
        table.step == HOURLY,
        table.at >= to_ms(start),
        table.at < to_ms(end),
    )
    columns: list[Any] = [table.at, *(table[name] for name in names)]
    rows = rows_of(engine, select(*columns).where(*where).order_by(table.at))
    return {row[0]: tuple(row)[1:] for row in rows}


def energy_between(
    engine: Engine, device: str, *, start: datetime, end: datetime, source: Source = INVERTERS
) -> tuple[dict[str, float | None], float]:
    """Return the kWh between two times, and for what share of the time anything is known.

    Computed from whole hours, over a long period from whole days.
    """
    table = source.rollup.c
    step = HOURLY if end - start <= LONG_PERIOD else DAY
    where = (
        table.device == _full(engine, device),
        table.step == step,
        table.at >= to_ms(start),
        table.at < to_ms(end),
    )
    columns: list[Any] = [func.count().label("known"), *(func.sum(table[name]).label(name) for name in source.energies)]
    rows = rows_of(engine, select(*columns).where(*where))
    if not rows:
        return dict.fromkeys(source.energies), 0.0
    found = dict(rows[0]._mapping)
    return found, found.pop("known") * step * MINUTE / (end - start)


def first_day(engine: Engine, device: str, zone: tzinfo, source: Source = INVERTERS) -> date | None:
    """Return the first recorded day."""
    table = source.rollup.c
    where = (table.device == _full(engine, device), table.step == DAY)
    rows = rows_of(engine, select(func.min(table.at).label("at")).where(*where))
    return from_ms(rows[0].at).astimezone(zone).date() if rows and rows[0].at is not None else None


def flows(engine: Engine, device: str, *, start: datetime, end: datetime, step: timedelta) -> Series:
    """Return the mean power in each direction, which a mean over both would hide, and the state of charge.

    Computed from whole hours, so a step is at least one; `grid_in_w` is `grid_in_kwh` over the known hours.
    """
    first, width = to_ms(start), step // MILLISECOND
    count = -(-(to_ms(end) - first) // width)
    table = INVERTERS.rollup.c
    bucket = ((table.at - first) // width).label("bucket")
    powers = [
        (func.sum(table[name]) / func.count(table[name]) * 1000).label(_watts(name)) for name in INVERTERS.energies
    ]
    columns = [*powers, func.avg(table.battery_soc_percent_mean).label("battery_soc_percent")]
    where = (
        table.device == _full(engine, device),
        table.step == HOURLY,
        table.at >= first,
        table.at < to_ms(end),
    )
    values: dict[str, list[float | None]] = {column.name: [None] * count for column in columns}
    for row in rows_of(engine, select(bucket, *columns).where(*where).group_by(bucket)):
        for name, value in zip(values, tuple(row)[1:], strict=True):
            values[name][row[0]] = value
    return Series(start, step, values)


def _full(engine: Engine, device: str) -> str:
    return in_home(home_of(engine), device)


def _watts(kwh: str) -> str:
    return kwh.replace("_kwh", "_w")


def beginning(day: date, by: By) -> date:
    """Return the first day of the week, month or year a day belongs to."""
    if by is By.WEEK:
        return day - timedelta(days=day.weekday())
    if by is By.MONTH:
        return day.replace(day=1)
    return day.replace(month=1, day=1) if by is By.YEAR else day


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


def outage_records(engine: Engine, *, start: datetime, end: datetime) -> list[Outage]:
    """Return all outages that overlap a period, uncut."""
    table = outage.c
    of_home = table.home == home_of(engine)
    where = (of_home, table.start < to_ms(end), or_(table.end.is_(None), table.end > to_ms(start)))
    columns = [column for column in outage.columns if column.name != "home"]
    return [
        _outage(dict(row._mapping)) for row in rows_of(engine, select(*columns).where(*where).order_by(table.start))
    ]


def _outage(row: Mapping[str, Any]) -> Outage:
    moments = ("start", "end", "plan_start", "plan_end")
    return Outage(**{**row, **{name: None if row[name] is None else from_ms(row[name]) for name in moments}})


@dataclass(frozen=True)
class Statistics:
    """Outages of a period, cut to it. planned_share counts those with a known schedule; hours are by local day."""

    count: int
    total: timedelta
    longest: timedelta
    planned_share: float | None
    hours: Mapping[date, float]

    def by_month(self) -> dict[date, float]:
        """Return the hours without power by month, keyed by its first day."""
        found: dict[date, float] = {}
        for day, hours in self.hours.items():
            month = day.replace(day=1)
            found[month] = found.get(month, 0.0) + hours
        return found


def statistics(records: Iterable[Outage], *, start: datetime, end: datetime, now: datetime, zone: tzinfo) -> Statistics:
    """Return the statistics of outages; one that still lasts counts until now. Pure."""
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
        border = min(end, _midnight(day + timedelta(days=1), zone))
        yield day, border - begin
        begin = border


def _midnight(day: date, zone: tzinfo) -> datetime:
    """Return a local midnight in UTC, as Python compares times of the same zone by the wall clock."""
    return from_ms(to_ms(datetime.combine(day, time(), zone)))
