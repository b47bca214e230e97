"""What was planned for days that are over: the last version of the plan that named each of them."""

from datetime import date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Engine, Row, select

from shared.history.queries import rows_of
from shared.history.tables import from_ms, outage_schedule, to_ms
from shared.messages import DayPlan, OutageSchedule, PlannedDay, Window
from shared.outages import Day, day_of

AHEAD = timedelta(days=3)
"""So long before a day its plan may have been published, and not been changed since."""

WINDOWS = TypeAdapter(tuple[Window, ...])
DAYS = TypeAdapter(dict[date, DayPlan])


def planned_days(engine: Engine, *, start: datetime, end: datetime) -> dict[date, Day]:
    """Return what was planned for each day between two moments, as far as a plan of it was recorded."""
    table = outage_schedule.c
    columns = (table.at, table.queue, table.time_zone, table.days, table.windows)
    here = (table.at >= to_ms(start - AHEAD), table.at < to_ms(end))
    found: dict[date, Day] = {}
    for row in rows_of(engine, select(*columns).where(*here).order_by(table.at)):
        plan = _plan(row)
        found |= {known.day: day_of(plan, known.day) for known in plan.days}
    return found


def _plan(row: Row[Any]) -> OutageSchedule:
    at = from_ms(row.at)
    days = DAYS.validate_json(row.days) if row.days else {}
    return OutageSchedule(
        at=at,
        queue=row.queue or "",
        time_zone=row.time_zone or "Europe/Kyiv",
        days=tuple(PlannedDay(day=day, state=state, confirmed_at=at) for day, state in days.items()),
        windows=WINDOWS.validate_json(row.windows) if row.windows else (),
    )
