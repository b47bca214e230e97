"""The cards of *Outages* that are read from the history: schedule and reality, statistics, calendar, log."""

from datetime import datetime, time, timedelta
from typing import Any

from dash import html

from services.dashboard.markup import icon
from services.dashboard.outages.month_calendar import calendar, first_day, known_time
from services.dashboard.outages.outage_log import MOST, LogContext, log, numbers
from services.dashboard.outages.plan_and_actual import DAYS, compared
from services.dashboard.pages import PageContext, ViewOptions
from shared.errors import StorageError
from shared.history.grid_run import SILENCE
from shared.history.outage_details import outage_details
from shared.history.past_schedules import planned_days
from shared.history.queries import SETTLES, Session, due_since, grid_spans
from shared.history.reports import Statistics, outage_records, statistics
from shared.history.tables import grid_state
from shared.texts.localizer import Localizer

PERIODS_DAYS = (7, 30)


def recorded(context: PageContext, localizer: Localizer, _options: ViewOptions) -> list[Any]:
    """Return the cards, or a message if nothing is recorded or the database cannot be read."""
    try:
        with Session(context.engine) as session:
            return _cards(session, context, localizer)
    except StorageError as error:
        return [_message_card(localizer.reason(error.reason))]


def _cards(session: Session, context: PageContext, localizer: Localizer) -> list[Any]:
    start = datetime.combine(first_day(localizer.today), time(), localizer.zone)
    spans = grid_spans(session, start=start, end=localizer.now)
    if not spans:
        return [_message_card(localizer("outages.nothing_recorded"))]
    records = outage_records(session, start=start, end=localizer.now)
    due = due_since(session, grid_state, "grid", start=start, end=localizer.now - SETTLES)

    # an outage of which the end is not recorded lasts, unless nothing else is recorded either
    heard = localizer.now if localizer.now - spans[-1].end <= SILENCE else spans[-1].end

    def since(begin: datetime) -> Statistics:
        return statistics(records, start=begin, end=localizer.now, now=heard, zone=localizer.zone)

    details = outage_details(session, records[-MOST:], localizer.now)
    schedule, first = context.snapshot().schedule, spans[0].start
    plans = planned_days(session, start=localizer.now - timedelta(days=DAYS), end=localizer.now, newest=schedule)
    return [
        *([_message_card(localizer("outages.due", at=localizer.since(due)))] if due else []),
        compared(plans, spans, first, schedule.time_zone if schedule else context.settings.time_zone, localizer),
        numbers([(days, since(localizer.now - timedelta(days=days))) for days in PERIODS_DAYS], localizer),
        calendar(
            since(start),
            known_time(spans, localizer.zone, due or localizer.now),
            first.astimezone(localizer.zone).date(),
            localizer,
        ),
        log(records, LogContext(heard, details, context.snapshot().plug_name), localizer),
    ]


def _message_card(sentence: str) -> html.Section:
    return html.Section([icon("calendar"), html.P(sentence)], className="card empty")
