"""The last days: the schedule above what really happened, pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from dash import html

from services.dashboard.outages.day_bar import Bounds, actual, day_look, hours, key, lane, planned, total
from services.dashboard.outages.schedule_days import date_of
from shared import outages
from shared.history.queries import GridSpan
from shared.messages import DayState
from shared.texts.localizer import Localizer

DAYS = 7
USUAL = timedelta(hours=24)
MINUTE = timedelta(minutes=1)


def compared(
    plans: Mapping[date, outages.Day], spans: Sequence[GridSpan], first: datetime, zone: str, localizer: Localizer
) -> html.Section:
    """Return today and the recorded days before it."""
    days = [localizer.today - timedelta(days=ago) for ago in range(DAYS)]
    bounds = [Bounds.of(day, zone) for day in days]
    shown = [one for one in bounds if one.end > first]
    rows = [_day(plans.get(one.day), spans, one, localizer, ticked=one is shown[-1]) for one in shown]
    return html.Section(
        [html.H2(localizer("outages.compared")), *rows, key(("definite", "possible", "unknown", "on"), localizer)],
        className="card compared",
    )


def _day(
    plan: outages.Day | None, spans: Sequence[GridSpan], bounds: Bounds, localizer: Localizer, *, ticked: bool
) -> html.Div:
    """The hours stand below the last day only, and below days of 23 or 25 hours."""
    day = plan or outages.Day(bounds.day, DayState.UNKNOWN)
    was = actual(spans, bounds, localizer.now)
    told_plan, told_was = _plan_text(day, localizer), _actual_text(was, localizer)
    told = html.Span(f"{told_plan} · {told_was}", className="day-total")
    head = html.Div([html.H3(date_of(day, localizer)), told], className="day-head")
    lanes = [
        (localizer("outages.planned"), lane(planned(day), bounds, told_plan, look=day_look(day.state))),
        (localizer("outages.actual"), lane(was, bounds, told_was, now=localizer.now)),
    ]
    rows = [html.Div([html.Span(name, className="lane-name"), bar], className="lane-row") for name, bar in lanes]
    ticks = [hours(bounds)] if ticked or bounds.end - bounds.start != USUAL else []
    return html.Div([head, *rows, *ticks], className="day")


def _plan_text(day: outages.Day, localizer: Localizer) -> str:
    if not outages.is_known(day.state):
        return localizer("outages.plan_unknown")
    if day.state is DayState.EMERGENCY:
        return localizer("outages.day_emergency")
    return localizer("outages.plan_total", total=length(day.total, localizer))


def _actual_text(was: Sequence[Any], localizer: Localizer) -> str:
    told = localizer("outages.actual_total", total=length(total(was, "definite"), localizer))
    unknown = total(was, "unknown")
    return (
        f"{told}, {localizer('outages.unknown_for', length=localizer.lasted(unknown))}" if unknown >= MINUTE else told
    )


def length(span: timedelta, localizer: Localizer) -> str:
    """Return a length of time, which may be zero."""
    return localizer.lasted(span) if span >= MINUTE else localizer("whole_hours", hours=0)
