"""The headline of *Outages*: the schedule for this moment, the real state, and the next change, pure."""

from datetime import datetime, timedelta
from typing import Any

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.outages.schedule_days import fit_text
from shared import outages
from shared.broker_state import BrokerState
from shared.live_figures import live_figures
from shared.messages import Certainty, DayState, Grid, OutageSchedule, QueueVerdict, Window
from shared.outages import Expected
from shared.texts.localizer import NO_BREAK, Localizer
from shared.texts.service_sentences import why

STATES = {Expected.POWER: "on", Expected.OUTAGE: "off", Expected.EMERGENCY: "off"}
"""The state of the banner; anything else is unknown."""


def headline(plan: OutageSchedule | None, localizer: Localizer, off_since: datetime | None = None) -> str:
    """Return what the schedule says about this moment, and about the outage running since `off_since`."""
    if plan is None:
        return localizer("outages.none")
    if is_stale(plan, localizer):
        return localizer("outages.stale")
    if off_since and (judged := outages.judge(plan, off_since, localizer.now)).is_overdue and judged.planned:
        return localizer("outages.overdue", at=localizer.since(judged.planned.end))
    expected = _expected(plan, localizer, off_since)
    day = outages.state_of(plan, outages.local_day(localizer.now, plan.time_zone))
    if expected is Expected.POWER and day is DayState.NO_OUTAGES:
        return localizer("outages.no_outages")
    return localizer(f"outages.{expected.value}")


def banner_state(plan: OutageSchedule | None, localizer: Localizer, off_since: datetime | None = None) -> str:
    """Return on, off or unknown, as scheduled; unknown for a stale schedule."""
    if plan is None or is_stale(plan, localizer):
        return "unknown"
    return STATES.get(_expected(plan, localizer, off_since), "unknown")


def _expected(plan: OutageSchedule, localizer: Localizer, off_since: datetime | None) -> Expected:
    """What is scheduled for now; an outage that began a little early is the scheduled one already."""
    back = outages.judge(plan, off_since, localizer.now).back if off_since else None
    return outages.status_at(plan, max(localizer.now, back.start) if back else localizer.now).expected


def off_since(snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta) -> datetime | None:
    """Return since when the power has been out; None if it is on or unknown."""
    grid = live_figures(snapshot, localizer.now, fresh_for).grid if snapshot.connected else None
    return grid.since if grid and grid.state is Grid.OFF else None


def is_stale(plan: OutageSchedule, localizer: Localizer) -> bool:
    """Return whether the schedule is stale."""
    return plan.stale or outages.is_stale(plan, localizer.now)


def help_text(snapshot: BrokerState, localizer: Localizer) -> str:
    """Return what to do, since when the schedule is stale, or that it seems another queue's; else empty."""
    plan = snapshot.schedule
    if plan is None and not snapshot.connected:
        return localizer("now.empty_offline")
    if plan is None:
        reason = why(localizer, snapshot, "schedule")
        return localizer("outages.none_why", why=reason) if reason else localizer("outages.none_help")
    if is_stale(plan, localizer):
        return localizer("outages.stale_since", at=localizer.since(plan.fetched_at or plan.at))
    is_other = snapshot.queue_fit is not None and snapshot.queue_fit.verdict is QueueVerdict.OTHER
    return fit_text(snapshot, localizer) if is_other else ""


def reality(snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta) -> str:
    """Return whether the power is on in fact."""
    grid = live_figures(snapshot, localizer.now, fresh_for).grid if snapshot.connected else None
    if grid is None or grid.state is Grid.UNKNOWN:
        return localizer("outages.really_unknown")
    return localizer(f"outages.really_{grid.state.value}", since=localizer.since(grid.since))


def coming(plan: OutageSchedule | None, localizer: Localizer, off_since: datetime | None = None) -> list[Any]:
    """Return the next changes with a countdown; empty for a stale schedule."""
    if plan is None or is_stale(plan, localizer):
        return []
    if outages.status_at(plan, localizer.now).expected is Expected.EMERGENCY:
        return []
    judged = outages.judge(plan, off_since, localizer.now) if off_since else None
    if judged and judged.back:
        end = outages.Change(judged.back.end, power=True, window=judged.back, is_open=judged.is_open)
        return _lines(end, localizer)
    change = outages.next_change(plan, localizer.now)
    possible = _possible(plan, localizer)
    if change is None:
        return possible or [html.P(localizer("outages.next_none"))]
    lines = _lines(change, localizer)
    return [lines[0], *possible, *lines[1:]]


def _lines(change: outages.Change, localizer: Localizer) -> list[Any]:
    told = (
        localizer("outages.next_on", time=localizer.time(change.at))
        if change.power
        else localizer("outages.next_off", window=_span(change.window, localizer))
    )
    left = html.Time(
        localizer.lasted(change.at - localizer.now),
        dateTime=change.at.isoformat(),
        className="countdown",
        role="timer",
        **attributes(data_countdown=""),
    )
    head = html.P([html.Strong(told), html.Span([left, f" {localizer('outages.left')}"], className="left")])
    return [head, *([html.P(localizer("outages.next_open"), className="hint")] if change.is_open else [])]


def _possible(plan: OutageSchedule, localizer: Localizer) -> list[Any]:
    """A possible outage before the next definite one."""
    nearest = outages.next_outage(plan, localizer.now, possible=True)
    if nearest is None or nearest.certainty is not Certainty.POSSIBLE:
        return []
    return [html.P(localizer("outages.next_possible", window=_span(nearest, localizer)))]


def _span(window: Window, localizer: Localizer) -> str:
    """Start and end, without line breaks."""
    return localizer.span(window.start, window.end).replace(" ", NO_BREAK)
