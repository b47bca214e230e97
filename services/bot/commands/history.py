"""Reads what the recorder has written, for /energy, /outages and /chart. Blocking: call it in a thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.bot.texts.history import Energy
from shared import outages as plans
from shared.history import queries, reports
from shared.history.derived import INVERTERS
from shared.history.engine import Engine
from shared.history.queries import GridSpan, Series
from shared.history.reports import By, Outage
from shared.messages import Grid, OutageSchedule, Window

FIELDS = ("load_power_w", "pv_power_w", "battery_soc_percent")
DAY = timedelta(days=1)
MOST_OUTAGES = 8
"""Outages in one answer."""
OUTAGES_OF = timedelta(days=30)
STEP = timedelta(minutes=5)
STEPS = {timedelta(days=1): STEP, timedelta(days=7): 4 * STEP}
"""The resolution of a chart by its length: steps of the roll-ups, so that no raw rows are read."""


@dataclass(frozen=True)
class ChartData:
    """What a chart shows."""

    start: datetime
    end: datetime
    series: Series
    outages: Sequence[GridSpan]
    planned: Sequence[Window]


def chart_data(engine: Engine, plan: OutageSchedule | None, now: datetime, length: timedelta) -> ChartData | None:
    """Return the last hours or days, with actual and planned outages; None if nothing is recorded."""
    device = next(iter(queries.devices(engine)), None)
    if device is None:
        return None
    end = now - (now - datetime.min.replace(tzinfo=now.tzinfo)) % STEP + STEP
    start = end - length
    series = queries.series(engine, device, FIELDS, start=start, end=end, buckets=length // STEPS[length])
    spans = queries.outages(engine, start=start, end=now)
    return None if series.empty else ChartData(start, end, series, spans, _planned(engine, plan, start, end))


def _planned(engine: Engine, plan: OutageSchedule | None, start: datetime, end: datetime) -> tuple[Window, ...]:
    """Return the planned outages: past ones as recorded, and those of the present schedule."""
    recorded = [
        Window(start=one.plan_start, end=one.plan_end)
        for one in reports.outage_records(engine, start=start, end=end)
        if one.plan_start and one.plan_end
    ]
    return plans.within(plans.merged([*recorded, *(plan.windows if plan else ())]), start, end)


def energy(engine: Engine, now: datetime, zone: ZoneInfo) -> tuple[Energy, datetime | None] | None:
    """Return the energy of each day since yesterday or the first of the month; None if nothing is recorded.

    Also return since when it is not added up yet, as after an upgrade; None if all is.
    """
    device = next(iter(queries.devices(engine)), None)
    if device is None:
        return None
    today = now.astimezone(zone).date()
    first = min(today - DAY, today.replace(day=1))
    begin = datetime.combine(first, time(), zone)
    due = queries.due_since(engine, INVERTERS.raw, device, start=begin, end=now - queries.SETTLES)
    return reports.energy(engine, device, first=first, last=today + DAY, by=By.DAY, zone=zone), due


def last_outages(engine: Engine, now: datetime) -> Sequence[Outage] | None:
    """Return the last outages, oldest first; None if nothing is recorded."""
    if not queries.recorded(engine):
        return None
    return reports.outage_records(engine, start=now - OUTAGES_OF, end=now)[-MOST_OUTAGES:]


def outages_since(engine: Engine, start: datetime, now: datetime) -> list[Window]:
    """Return the outages since a moment, oldest first; a running one ends now."""
    start = max(start, now - OUTAGES_OF)
    spans = queries.outages(engine, start=start, end=now)
    return [Window(start=one.start, end=one.end) for one in spans if one.state is Grid.OFF]
