"""The third sentence: how long the battery lasts, when the light should be back, or when it goes next, pure."""

from datetime import datetime, timedelta

from services.dashboard.wording import Clock
from shared import outages
from shared.broker_state import BrokerState
from shared.live_figures import live_figures
from shared.messages import Certainty, Grid, OutageSchedule
from shared.outages import Change, Expected
from shared.texts.localizer import JOINED

SOON = timedelta(minutes=30)
"""Nearer than this the end of the charge is told to the minute."""
LONG = timedelta(days=1)
"""Beyond this the present load says nothing about how long the charge lasts."""


def outlook(snapshot: BrokerState, clock: Clock) -> str:
    """Return what is ahead."""
    grid, plan = snapshot.grid, snapshot.schedule
    known = grid is not None and snapshot.connected and clock.fresh(grid.at)
    if grid is None or not known or grid.state is not Grid.OFF:
        return _dated(_plan_ahead(plan, clock, light=known and grid is not None and grid.state is Grid.ON), plan, clock)
    back = _dated(_return(plan, grid.since, clock), plan, clock)
    said = f"{JOINED}· ".join(part for part in (_lasts(snapshot, clock), back) if part)
    return said[:1].upper() + said[1:]


def _lasts(snapshot: BrokerState, clock: Clock) -> str:
    """Until when the batteries last at the present load, on the safe side; nothing where that is not known."""
    left = live_figures(snapshot, clock.now, clock.fresh_for).runtime
    if left is None:
        return ""
    if left > LONG:
        return clock("now.lasts_long")
    until, step = clock.now + left, 1 if left < SOON else 5  # coarse, or it would tremble with every kettle
    early = timedelta(minutes=until.minute % step, seconds=until.second, microseconds=until.microsecond)
    return clock("now.lasts_until", at=clock.since(until - early))


def _return(plan: OutageSchedule | None, since: datetime, clock: Clock) -> str:
    """When the light should be back, while there is none."""
    expected = outages.status_at(plan, clock.now).expected
    if expected in (Expected.EMERGENCY, Expected.UNKNOWN, Expected.WAITING):
        return clock(f"now.off_{expected.value}")
    change = outages.next_change(plan, clock.now, possible=True)
    if change and (change.power or change.window.start - since <= outages.EARLY):
        return _back(change, clock)
    over = outages.status_at(plan, since).window
    return clock("now.overdue", at=_at(over.end, clock)) if over else clock("now.unplanned")


def _back(change: Change, clock: Clock) -> str:
    end = change.window.end
    if change.window.certainty is Certainty.POSSIBLE:
        said = clock("now.back_possible", at=clock.since(end))
    else:
        said = clock("now.back", at=_at(end, clock))
    return said + (clock("now.back_open") if change.is_open else "")


def _at(moment: datetime, clock: Clock) -> str:
    """Return `at 21:30`, or the moment with its day."""
    today = moment.astimezone(clock.zone).date() == clock.today
    return clock("now.at_time", time=clock.clock(moment)) if today else clock.since(moment)


def _plan_ahead(plan: OutageSchedule | None, clock: Clock, *, light: bool) -> str:
    """What the plan holds, while there is light or nobody knows."""
    status = outages.status_at(plan, clock.now)
    change = outages.next_change(plan, clock.now, possible=True)
    if status.expected in (Expected.EMERGENCY, Expected.WAITING):
        return clock(f"now.plan_{status.expected.value}")
    if change and change.power:
        possible = change.window.certainty is Certainty.POSSIBLE
        name = "now.possible_until" if possible else "now.spared" if light else "now.planned_until"
        return clock(name, at=clock.since(change.at))
    if change:
        return _next(change, clock)
    if status.expected is Expected.UNKNOWN:
        return clock("now.plan_unknown")
    tomorrow = outages.status_at(plan, clock.now + LONG).expected
    return clock("now.none_tomorrow" if tomorrow is Expected.POWER else "now.none_today")


def _next(change: Change, clock: Clock) -> str:
    """The next outage with how long until."""
    window = change.window
    name = "now.next_possible" if window.certainty is Certainty.POSSIBLE else "now.next_outage"
    when = f"{clock.since(window.start)}{JOINED}– {clock.hours_of(window.start, window.end).split(' – ')[1]}"
    return clock(name, when=when, ahead=clock.lasted(window.start - clock.now))


def _dated(said: str, plan: OutageSchedule | None, clock: Clock) -> str:
    """Say of what day a plan is that nobody has confirmed lately."""
    if plan is None or plan.fetched_at is None or not outages.is_stale(plan, clock.now):
        return said
    return said + clock("now.plan_stale", at=clock.since(plan.fetched_at))
