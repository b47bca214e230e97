"""Past schedules: for each day the last version that covered it."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Row, select

from shared.history.homes import home_of, in_home
from shared.history.queries import Database, rows_of
from shared.history.tables import from_ms, outage_schedule, to_ms
from shared.messages import DayState, OutageSchedule, PlannedDay, Window
from shared.outages import Day, day_of, is_known, is_same_address, local_day, merged, succession, totals, within

PUBLISHED_AHEAD = timedelta(days=3)
"""How long before a day its last version may have been published."""

WINDOWS = TypeAdapter(tuple[Window, ...])
DAYS = TypeAdapter(dict[date, DayState])


COLUMNS = tuple(outage_schedule.c[name] for name in ("at", "queue", "region", "time_zone", "days", "windows"))


def planned_days(
    engine: Database, *, start: datetime, end: datetime, newest: OutageSchedule | None = None
) -> dict[date, Day]:
    """Return the schedule of each day between two moments, as far as it was known, and the days of the newest version.

    A day has its last hours, and those dropped or shortened while they ran, up to that moment. A day on which the
    address changed has the hours of the old one up to then, if those of the new one are unknown.
    """
    of_schedule = outage_schedule.c.device == in_home(home_of(engine), "outage")
    where = (of_schedule, outage_schedule.c.at >= to_ms(start - PUBLISHED_AHEAD), outage_schedule.c.at < to_ms(end))
    rows = rows_of(engine, select(*COLUMNS).where(*where).order_by(outage_schedule.c.at))
    versions = [*versions_of(rows), *([newest] if newest else [])]
    found: dict[date, Day] = {}
    before: OutageSchedule | None = None
    for one in succession(versions):
        if before is not None and not is_same_address(before, one):  # the hours of an old address end with that day
            found = {
                day: _until(known, one.at) for day, known in found.items() if day <= local_day(one.at, one.time_zone)
            }
        lived = one.model_copy(update={"windows": merged([*one.windows, *one.superseded])})
        found |= {day.day: day_of(lived, day.day) for day in one.days if is_known(day.state) or day.day not in found}
        before = one
    return found


def _until(day: Day, moment: datetime) -> Day:
    windows = within(day.windows, day.windows[0].start, moment) if day.windows else ()
    return Day(day.day, day.state, windows, *totals(windows), day.confirmed_at)


def versions_of(rows: Iterable[Row[Any]]) -> list[OutageSchedule]:
    """Return the versions in rows of COLUMNS, except those that only a newer program can read."""
    found = []
    for row in rows:
        with suppress(ValidationError):
            found.append(_version_of(row))
    return found


def _version_of(row: Row[Any]) -> OutageSchedule:
    at = from_ms(row.at)
    days = DAYS.validate_json(row.days) if row.days else {}
    return OutageSchedule(
        at=at,
        queue=row.queue or "",
        region=row.region,
        time_zone=row.time_zone or "Europe/Kyiv",
        days=tuple(PlannedDay(day=day, state=state, confirmed_at=at) for day, state in days.items()),
        windows=WINDOWS.validate_json(row.windows) if row.windows else (),
    )


def schedule_at(database: Database, at: datetime) -> OutageSchedule | None:
    """Return the schedule as it was known at a moment, or None if there was none."""
    table = outage_schedule.c
    of_schedule = table.device == in_home(home_of(database), "outage")
    query = select(*COLUMNS).where(of_schedule, table.at <= to_ms(at)).order_by(table.at.desc()).limit(1)
    return next(iter(versions_of(rows_of(database, query))), None)
