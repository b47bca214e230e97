"""The headline of *Outages*: the schedule for this moment, the real state, and the next change, pure."""

from datetime import timedelta
from typing import Any

from dash import html

from services.dashboard.markup import attributes
from shared import outages
from shared.broker_state import BrokerState
from shared.live_figures import live_figures
from shared.messages import Certainty, DayPlan, Grid, OutageSchedule, Window
from shared.outages import Expected
from shared.texts.localizer import NO_BREAK, Localizer

STATES = {Expected.POWER: "on", Expected.OUTAGE: "off", Expected.EMERGENCY: "off"}
"""The state of the banner; anything else is unknown."""


def headline(plan: OutageSchedule | None, localizer: Localizer) -> str:
    """Return what the schedule says about this moment."""
    if plan is None:
        return localizer("outages.none")
    status = outages.status_at(plan, localizer.now)
    if status.stale or plan.stale:
        return localizer("outages.stale")
    day = outages.state_of(plan, outages.local_day(localizer.now, plan.time_zone))
    if status.expected is Expected.POWER and day is DayPlan.NO_OUTAGES:
        return localizer("outages.no_outages")
    return localizer(f"outages.{status.expected.value}")


def banner_state(plan: OutageSchedule | None, localizer: Localizer) -> str:
    """Return on, off or unknown, as scheduled; unknown for a stale schedule."""
    if plan is None or is_stale(plan, localizer):
        return "unknown"
    return STATES.get(outages.status_at(plan, localizer.now).expected, "unknown")


def is_stale(plan: OutageSchedule, localizer: Localizer) -> bool:
    """Return whether the schedule is stale."""
    return plan.stale or outages.is_stale(plan, localizer.now)


def help_text(snapshot: BrokerState, localizer: Localizer) -> str:
    """Return what to do, or since when the schedule is stale; empty where all is well."""
    plan = snapshot.schedule
    if plan is None and not snapshot.connected:
        return localizer("now.empty_offline")
    if plan is None:
        service = snapshot.services.get("schedule")
        why = " ".join(map(localizer.reason, service.reasons)) if service else ""
        return localizer("outages.none_why", why=why) if why else localizer("outages.none_help")
    if is_stale(plan, localizer):
        return localizer("outages.stale_since", at=localizer.since(plan.fetched_at or plan.at))
    return ""


def reality(snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta) -> str:
    """Return whether the power is on in fact."""
    grid = live_figures(snapshot, localizer.now, fresh_for).grid if snapshot.connected else None
    if grid is None or grid.state is Grid.UNKNOWN:
        return localizer("outages.really_unknown")
    return localizer(f"outages.really_{grid.state.value}", since=localizer.since(grid.since))


def coming(plan: OutageSchedule | None, localizer: Localizer) -> list[Any]:
    """Return the next changes with a countdown; empty for a stale schedule."""
    if plan is None or is_stale(plan, localizer):
        return []
    if outages.status_at(plan, localizer.now).expected is Expected.EMERGENCY:
        return []
    change = outages.next_change(plan, localizer.now)
    lines = [*_possible(plan, localizer)]
    if change is None:
        return lines or [html.P(localizer("outages.next_none"))]
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
    lines.insert(0, html.P([html.Strong(told), html.Span([left, f" {localizer('outages.left')}"], className="left")]))
    if change.is_open:
        lines.append(html.P(localizer("outages.next_open"), className="hint"))
    return lines


def _possible(plan: OutageSchedule, localizer: Localizer) -> list[Any]:
    """A possible outage before the next definite one."""
    nearest = outages.next_outage(plan, localizer.now, possible=True)
    if nearest is None or nearest.certainty is not Certainty.POSSIBLE:
        return []
    return [html.P(localizer("outages.next_possible", window=_span(nearest, localizer)))]


def _span(window: Window, localizer: Localizer) -> str:
    """Start and end, without line breaks."""
    return localizer.span(window.start, window.end).replace(" ", NO_BREAK)
