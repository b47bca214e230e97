"""What *Outages* reads of the history: plan against reality, statistics, the calendar and the log."""

from datetime import datetime, time, timedelta
from typing import Any

from dash import html

from services.dashboard.markup import icon, planted
from services.dashboard.outages.compared import DAYS, compared
from services.dashboard.outages.log import log, numbers
from services.dashboard.outages.months import calendar, first_day, known_time
from services.dashboard.pages import Look, Site
from services.dashboard.wording import Clock
from shared.errors import StorageError
from shared.history.grid_runs import SILENCE
from shared.history.past_schedules import planned_days
from shared.history.queries import SETTLES, due_since, grid_spans
from shared.history.reports import Statistics, outage_records, statistics
from shared.history.tables import grid_state
from shared.outages import day_of

PERIODS_DAYS = (7, 30)


def recorded(site: Site, clock: Clock, _look: Look) -> Any:
    """Return the cards, or one sentence where nothing is recorded or the database cannot be read."""
    try:
        return planted(_cards(site, clock))
    except StorageError as error:
        return planted([_says(str(error))])


def _cards(site: Site, clock: Clock) -> list[Any]:
    start = datetime.combine(first_day(clock.today), time(), clock.zone)
    spans = grid_spans(site.engine, start=start, end=clock.now)
    if not spans:
        return [_says(clock("outages.nothing_recorded"))]
    records = outage_records(site.engine, start=start, end=clock.now)
    due = due_since(site.engine, grid_state, "grid", start=start, end=clock.now - SETTLES)

    # an outage of which the end is not recorded lasts, unless nothing else is recorded either
    heard = clock.now if clock.now - spans[-1].end <= SILENCE else spans[-1].end

    def since(begin: datetime) -> Statistics:
        return statistics(records, start=begin, end=clock.now, now=heard, zone=clock.zone)

    schedule, first = site.snapshot().schedule, spans[0].start
    plans = planned_days(site.engine, start=clock.now - timedelta(days=DAYS), end=clock.now)
    if schedule:
        plans |= {known.day: day_of(schedule, known.day) for known in schedule.days}
    return [
        *([_says(clock("outages.due", at=clock.since(due)))] if due else []),
        compared(plans, spans, first, schedule.time_zone if schedule else site.settings.time_zone, clock),
        numbers([(days, since(clock.now - timedelta(days=days))) for days in PERIODS_DAYS], clock),
        calendar(
            since(start), known_time(spans, clock.zone, due or clock.now), first.astimezone(clock.zone).date(), clock
        ),
        log(records, heard, clock),
    ]


def _says(sentence: str) -> html.Section:
    return html.Section([icon("calendar"), html.P(sentence)], className="card empty")
