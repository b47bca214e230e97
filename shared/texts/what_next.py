"""The sentence under the headline of page and bot: when power should be back, or when the next outage is. Pure."""

from datetime import datetime, timedelta

from shared import outages
from shared.broker_state import BrokerState
from shared.live_figures import live_figures
from shared.messages import Certainty, Grid, OutageSchedule, Window
from shared.outages import Change, Expected
from shared.texts.localizer import NO_BREAK, Localizer


def what_next(snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta) -> str:
    """Return the sentence."""
    plan = snapshot.schedule
    grid = live_figures(snapshot, localizer.now, fresh_for).grid if snapshot.connected else None
    if grid is None or grid.state is not Grid.OFF:
        grid_on = grid is not None and grid.state is Grid.ON
        return _dated(_plan_ahead(plan, localizer, grid_on=grid_on), plan, localizer)
    said = _dated(_return(plan, grid.since, localizer), plan, localizer)
    return said[:1].upper() + said[1:]


def _return(plan: OutageSchedule | None, since: datetime, localizer: Localizer) -> str:
    """When the power should be back, during an outage."""
    judged = outages.judge(plan, since, localizer.now)
    if judged.in_emergency or judged.expected is Expected.EMERGENCY:
        return localizer("now.off_emergency")
    if judged.back:
        return _back(judged.back, judged.is_open, localizer)
    if judged.is_overdue and judged.planned:
        return localizer("now.overdue", at=_at(judged.planned.end, localizer))
    if judged.expected is Expected.POWER:
        return localizer("now.unplanned")
    return localizer("now.off_waiting" if judged.expected is Expected.WAITING else "now.off_unknown")


def _back(window: Window, is_open: bool, localizer: Localizer) -> str:
    if window.certainty is Certainty.POSSIBLE:
        said = localizer("now.back_possible", at=localizer.since(window.end))
    else:
        said = localizer("now.back", at=_at(window.end, localizer))
    return said + (localizer("now.back_open") if is_open else "")


def _at(moment: datetime, localizer: Localizer) -> str:
    """Return `at 21:30`, or the moment with its day."""
    today = moment.astimezone(localizer.zone).date() == localizer.today
    return localizer("now.at_time", time=localizer.clock(moment)) if today else localizer.since(moment)


def _plan_ahead(plan: OutageSchedule | None, localizer: Localizer, *, grid_on: bool) -> str:
    """What the schedule says, while the power is on or its state is unknown."""
    status = outages.status_at(plan, localizer.now)
    change = outages.next_change(plan, localizer.now, possible=True)
    if status.expected in (Expected.EMERGENCY, Expected.WAITING):
        return localizer(f"now.plan_{status.expected.value}")
    if change and change.power:
        possible = change.window.certainty is Certainty.POSSIBLE
        name = "now.possible_until" if possible else "now.spared" if grid_on else "now.planned_until"
        return localizer(name, at=localizer.since(change.at))
    if change:
        return _next(change, localizer)
    if status.expected is Expected.UNKNOWN:
        return localizer("now.plan_unknown")
    tomorrow = outages.status_at(plan, localizer.now + timedelta(days=1)).expected
    return localizer("now.none_tomorrow" if tomorrow is Expected.POWER else "now.none_today")


def _next(change: Change, localizer: Localizer) -> str:
    """The next outage, and how far ahead it is."""
    window = change.window
    name = "now.next_possible" if window.certainty is Certainty.POSSIBLE else "now.next_outage"
    when = f"{localizer.since(window.start)}{NO_BREAK}– {localizer.hours_of(window.start, window.end).split(' – ')[1]}"
    return localizer(name, when=when, ahead=localizer.lasted(window.start - localizer.now))


def _dated(said: str, plan: OutageSchedule | None, localizer: Localizer) -> str:
    """Add the date of a schedule that is stale."""
    if plan is None or plan.fetched_at is None or not outages.is_stale(plan, localizer.now):
        return said
    return said + localizer("now.plan_stale", at=localizer.since(plan.fetched_at))
