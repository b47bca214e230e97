"""Past schedules: for each day the last version that covered it."""

from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, select

from shared.history.homes import home_of, in_home
from shared.history.queries import Database, rows_of
from shared.history.tables import from_ms, outage_schedule, to_ms
from shared.messages import DayState, OutageSchedule, PlannedDay, Window
from shared.outages import Day, day_of, local_day

PUBLISHED_AHEAD = timedelta(days=3)
"""How long before a day its last version may have been published."""

WINDOWS = TypeAdapter(tuple[Window, ...])
DAYS = TypeAdapter(dict[date, DayState])


def planned_days(engine: Database, *, start: datetime, end: datetime) -> dict[date, Day]:
    """Return the schedule of each day between two moments, as far as one was recorded."""
    table = outage_schedule.c
    columns = (table.at, table.queue, table.region, table.time_zone, table.days, table.windows)
    of_schedule = table.device == in_home(home_of(engine), "outage")
    where = (of_schedule, table.at >= to_ms(start - PUBLISHED_AHEAD), table.at < to_ms(end))
    found: dict[date, Day] = {}
    address: tuple[str, str | None] | None = None
    for row in rows_of(engine, select(*columns).where(*where).order_by(table.at)):
        schedule = _schedule(row)
        if address is not None and not _is_same(address, schedule):  # the hours of another address end with that day
            found = {day: known for day, known in found.items() if day < local_day(schedule.at, schedule.time_zone)}
        address = schedule.queue, schedule.region
        found |= {known.day: day_of(schedule, known.day) for known in schedule.days}
    return found


def _is_same(address: tuple[str, str | None], schedule: OutageSchedule) -> bool:
    """Whether a schedule is of this queue and region; where one of them has no region, the queue decides."""
    queue, region = address
    return queue == schedule.queue and (None in (region, schedule.region) or region == schedule.region)


def _schedule(row: Row[Any]) -> OutageSchedule:
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
    """Return the schedule as it was known at a moment, None if there was none."""
    table = outage_schedule.c
    columns = (table.at, table.queue, table.region, table.time_zone, table.days, table.windows)
    of_schedule = table.device == in_home(home_of(database), "outage")
    query = select(*columns).where(of_schedule, table.at <= to_ms(at)).order_by(table.at.desc()).limit(1)
    rows = rows_of(database, query)
    return _schedule(rows[0]) if rows else None
