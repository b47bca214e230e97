"""Energy by day, week, month and year, and the outages with their statistics: what is read of the derived tables."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, or_, select

from shared.history.derived import DAY, INVERTERS, Source, outage
from shared.history.queries import rows_of
from shared.history.tables import from_ms, to_ms

HOUR = timedelta(hours=1)


class By(StrEnum):
    """Pieces of the local calendar; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


def energy(
    engine: Engine, device: str, *, first: date, last: date, by: By, zone: tzinfo, source: Source = INVERTERS
) -> dict[date, dict[str, float | None]]:
    """Return the kWh of each piece of the calendar from the day `first` up to `last`, named by its first day.

    A piece of which nothing is recorded is left out; what is unknown of one is None.
    """
    table = source.rollup.c
    here = (
        table.device == device,
        table.step == DAY,
        table.at >= to_ms(_midnight(first, zone)),
        table.at < to_ms(_midnight(last, zone)),
    )
    names = source.energies
    found: dict[date, dict[str, float | None]] = {}
    for row in rows_of(engine, select(table.at, *(table[name] for name in names)).where(*here).order_by(table.at)):
        piece = beginning(from_ms(row.at).astimezone(zone).date(), by)
        sums = found.setdefault(piece, dict.fromkeys(names))
        for name, kwh in zip(names, tuple(row)[1:], strict=True):
            if kwh is not None:
                sums[name] = (sums[name] or 0.0) + kwh
    return found


def beginning(day: date, by: By) -> date:
    """Return the first day of the week, month or year that a day belongs to."""
    if by is By.WEEK:
        return day - timedelta(days=day.weekday())
    if by is By.MONTH:
        return day.replace(day=1)
    return day.replace(month=1, day=1) if by is By.YEAR else day


@dataclass(frozen=True)
class Outage:
    """The mains was away: end is None while it lasts, planned where no plan was known; late below 0 is early."""

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
    """Return the outages of which any part lies between two moments, whole."""
    table = outage.c
    here = (table.start < to_ms(end), or_(table.end.is_(None), table.end > to_ms(start)))
    return [_outage(dict(row._mapping)) for row in rows_of(engine, select(outage).where(*here).order_by(table.start))]


def _outage(row: Mapping[str, Any]) -> Outage:
    moments = ("start", "end", "plan_start", "plan_end")
    return Outage(**{**row, **{name: None if row[name] is None else from_ms(row[name]) for name in moments}})


@dataclass(frozen=True)
class Statistics:
    """Outages of a period, cut to it. planned_share is of those of which a plan was known; hours are by local day."""

    count: int
    total: timedelta
    longest: timedelta
    planned_share: float | None
    hours: Mapping[date, float]

    def by_month(self) -> dict[date, float]:
        """Return the hours without mains by month, named by its first day."""
        found: dict[date, float] = {}
        for day, hours in self.hours.items():
            month = day.replace(day=1)
            found[month] = found.get(month, 0.0) + hours
        return found


def statistics(records: Iterable[Outage], *, start: datetime, end: datetime, now: datetime, zone: tzinfo) -> Statistics:
    """Return the statistics of outages, pure; one that still lasts counts until now."""
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
    """Return how much of a time lies in each local day."""
    while begin < end:
        day = begin.astimezone(zone).date()
        border = min(end, _midnight(day + timedelta(days=1), zone))
        yield day, border - begin
        begin = border


def _midnight(day: date, zone: tzinfo) -> datetime:
    """Return a local midnight in UTC, for within one zone Python subtracts and compares by the wall clock."""
    return from_ms(to_ms(datetime.combine(day, time(), zone)))
