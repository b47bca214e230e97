"""The sentence at the top of *Outages*: what the plan says of now, what really is, and what comes next, pure."""

from typing import Any

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.wording import Clock
from shared import outages
from shared.broker_state import BrokerState
from shared.messages import Certainty, DayPlan, Grid, GridState, OutageSchedule, Window
from shared.outages import Expected
from shared.texts.localizer import JOINED

STATES = {Expected.POWER: "on", Expected.OUTAGE: "off", Expected.EMERGENCY: "off"}
"""How the banner looks; of everything else nothing is sure."""


def headline(plan: OutageSchedule | None, clock: Clock) -> str:
    """Return what the plan says of this moment."""
    if plan is None:
        return clock("outages.none")
    status = outages.status_at(plan, clock.now)
    if status.stale or plan.stale:
        return clock("outages.stale")
    day = outages.state_of(plan, outages.local_day(clock.now, plan.time_zone))
    if status.expected is Expected.POWER and day is DayPlan.NO_OUTAGES:
        return clock("outages.no_outages")
    return clock(f"outages.{status.expected.value}")


def banner_state(plan: OutageSchedule | None, clock: Clock) -> str:
    """Return on, off or unknown: what the plan promises, as far as it can be relied on."""
    if plan is None or is_stale(plan, clock):
        return "unknown"
    return STATES.get(outages.status_at(plan, clock.now).expected, "unknown")


def is_stale(plan: OutageSchedule, clock: Clock) -> bool:
    """Return whether nobody has confirmed the plan for too long."""
    return plan.stale or outages.is_stale(plan, clock.now)


def help_text(snapshot: BrokerState, clock: Clock) -> str:
    """Return what to do, or since when the plan is old; nothing where all is well."""
    plan = snapshot.schedule
    if plan is None and not snapshot.connected:
        return clock("now.empty_offline")
    if plan is None:
        service = snapshot.services.get("schedule")
        why = service.reason if service else None
        return clock("outages.none_why", why=why) if why else clock("outages.none_help")
    if is_stale(plan, clock):
        return clock("outages.stale_since", at=clock.since(plan.fetched_at or plan.at))
    return ""


def reality(grid: GridState | None, *, connected: bool, clock: Clock) -> str:
    """Return whether the grid is there in fact."""
    if grid is None or not connected or grid.state is Grid.UNKNOWN or not clock.fresh(grid.at):
        return clock("outages.really_unknown")
    return clock(f"outages.really_{grid.state.value}", since=clock.since(grid.since))


def coming(plan: OutageSchedule | None, clock: Clock) -> list[Any]:
    """Return the next changes with a countdown, where the plan can be relied on."""
    if plan is None or is_stale(plan, clock):
        return []
    if outages.status_at(plan, clock.now).expected is Expected.EMERGENCY:
        return []
    change = outages.next_change(plan, clock.now)
    lines = [*_possible(plan, clock)]
    if change is None:
        return lines or [html.P(clock("outages.next_none"))]
    told = (
        clock("outages.next_on", time=clock.time(change.at))
        if change.power
        else clock("outages.next_off", window=_span(change.window, clock))
    )
    left = html.Time(
        clock.lasted(change.at - clock.now),
        dateTime=change.at.isoformat(),
        className="countdown",
        role="timer",
        **attributes(data_countdown=""),
    )
    lines.insert(0, html.P([html.Strong(told), html.Span([left, f" {clock('outages.left')}"], className="left")]))
    if change.is_open:
        lines.append(html.P(clock("outages.next_open"), className="hint"))
    return lines


def _possible(plan: OutageSchedule, clock: Clock) -> list[Any]:
    """A possible outage that comes before the next sure one."""
    nearest = outages.next_outage(plan, clock.now, possible=True)
    if nearest is None or nearest.certainty is not Certainty.POSSIBLE:
        return []
    return [html.P(clock("outages.next_possible", window=_span(nearest, clock)))]


def _span(window: Window, clock: Clock) -> str:
    """From when to when, never parted at the end of a line."""
    return clock.span(window.start, window.end).replace(" ", JOINED)
