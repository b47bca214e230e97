"""The last days: what was planned above what was, pure."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from dash import html

from services.dashboard.outages.days import date_of
from services.dashboard.outages.lanes import Bounds, actual, day_look, hours, key, lane, planned, total
from services.dashboard.wording import Clock
from shared import outages
from shared.history.queries import GridSpan
from shared.messages import DayPlan

DAYS = 7
USUAL = timedelta(hours=24)
MINUTE = timedelta(minutes=1)


def compared(
    plans: Mapping[date, outages.Day], spans: Sequence[GridSpan], first: datetime, zone: str, clock: Clock
) -> html.Section:
    """Return today and the days before it, back to the first of which anything is recorded."""
    days = [clock.today - timedelta(days=ago) for ago in range(DAYS)]
    bounds = [Bounds.of(day, zone) for day in days]
    shown = [one for one in bounds if one.end > first]
    rows = [_day(plans.get(one.day), spans, one, clock, ticked=one is shown[-1]) for one in shown]
    return html.Section(
        [html.H2(clock("outages.compared")), *rows, key(("definite", "possible", "unknown", "on"), clock)],
        className="card compared",
    )


def _day(
    plan: outages.Day | None, spans: Sequence[GridSpan], bounds: Bounds, clock: Clock, *, ticked: bool
) -> html.Div:
    """The hours stand under the last day only, and under one of 23 or 25, where they lie elsewhere."""
    day = plan or outages.Day(bounds.day, DayPlan.UNKNOWN)
    was = actual(spans, bounds, clock.now)
    told_plan, told_was = _plan_told(day, clock), _actual_told(was, clock)
    told = html.Span(f"{told_plan} · {told_was}", className="day-total")
    head = html.Div([html.H3(date_of(day, clock)), told], className="day-head")
    lanes = [
        (clock("outages.planned"), lane(planned(day), bounds, told_plan, look=day_look(day.state))),
        (clock("outages.actual"), lane(was, bounds, told_was, now=clock.now)),
    ]
    rows = [html.Div([html.Span(name, className="lane-name"), bar], className="lane-row") for name, bar in lanes]
    ticks = [hours(bounds)] if ticked or bounds.end - bounds.start != USUAL else []
    return html.Div([head, *rows, *ticks], className="day")


def _plan_told(day: outages.Day, clock: Clock) -> str:
    if day.state in (DayPlan.UNKNOWN, DayPlan.WAITING):
        return clock("outages.plan_unknown")
    if day.state is DayPlan.EMERGENCY:
        return clock("outages.day_emergency")
    return clock("outages.plan_total", total=length(day.total, clock))


def _actual_told(was: Sequence[Any], clock: Clock) -> str:
    told = clock("outages.actual_total", total=length(total(was, "definite"), clock))
    unknown = total(was, "unknown")
    return f"{told}, {clock('outages.unknown_for', length=clock.lasted(unknown))}" if unknown >= MINUTE else told


def length(span: timedelta, clock: Clock) -> str:
    """Return a length that may be nothing at all."""
    return clock.lasted(span) if span >= MINUTE else clock("whole_hours", hours=0)
