"""When to alert: what was reported, what the broker has, the time -> new alerts, each event once. Pure.

Nothing is reported from ignorance: an unknown grid is no outage, and a stale reading changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.forecast import forecast_alerts, of_running, of_window
from services.bot.alerts.outage import after_alerts, refreshed, with_plug
from services.bot.alerts.state import AlertState, ReportedGrid
from services.bot.alerts.troubles import Limits, trouble_alerts
from shared import outages
from shared.broker_state import BrokerState
from shared.freshness import DECISION_HOLDS, fresh, predates
from shared.live_figures import accepts_charge, live_figures
from shared.messages import (
    BY_GRID,
    ActionOutcome,
    Certainty,
    DayState,
    Grid,
    GridState,
    OutageSchedule,
    PlugAction,
    QueueVerdict,
    Window,
    iso,
)
from shared.outages import Expected
from shared.trusted_time import elapsed

REFUSED = " refused"
REFUSED_AGAIN = timedelta(minutes=10)
FLAPPING_AFTER = 4
"""How many transitions within FLAP_WINDOW are reported one by one; more are merged until the grid has settled."""
FLAP_WINDOW = timedelta(minutes=10)
SETTLED_AFTER = timedelta(minutes=3)
CHANGE_HOLDS = timedelta(days=1)
"""An older change of the schedule is no longer news."""

Step: TypeAlias = tuple[AlertState, list[Alert]]
"""The state from now on, and what to report."""


@dataclass(frozen=True)
class PlugEvent:
    """Something done to a plug."""

    plug: str
    action: PlugAction


def next_alerts(
    state: AlertState, snapshot: BrokerState, now: datetime, limits: Limits, reminder_minutes: Iterable[int] = ()
) -> Step:
    """Compare what the broker has with what was reported."""
    alerts: list[Alert] = []
    for rule in (_transition, _settled, _schedule_change, _queue_fit, forecast_alerts):
        state, new = rule(state, snapshot, now)
        alerts += new
    state, new = _reminders(state, snapshot, now, reminder_minutes)
    alerts += new
    state, new = trouble_alerts(state, snapshot, now, limits)
    outage = after_alerts(state.outage, alerts)
    if outage and outage.lost and outage.is_going_on:
        outage = refreshed(outage, _as_it_is(outage.lost, snapshot, now))
    return (state if outage == state.outage else state.model_copy(update={"outage": outage})), alerts + new


def plug_alerts(state: AlertState, snapshot: BrokerState, event: PlugEvent, now: datetime) -> Step:
    """Report what was done to a plug, unless the broker has delivered it a second time.

    A refused command is reported once in REFUSED_AGAIN, and only of plugs that exist: a client may send thousands.
    """
    action, place = event.action, f"{event.plug}/{event.action.gang or ''}"
    last = state.plug_actions.get(place)
    if last is not None and action.at <= last:
        return state, []
    reported = {place: action.at}
    if action.outcome is ActionOutcome.REFUSED:
        before = state.plug_actions.get(event.plug + REFUSED)
        if event.plug not in snapshot.plugs or (before and action.at - before < REFUSED_AGAIN):
            return state, []
        reported[event.plug + REFUSED] = action.at
    state = state.model_copy(update={"plug_actions": state.plug_actions | reported})
    alert = Alert(
        kind=AlertKind.PLUG,
        key=f"plug/{place}/{iso(action.at)}",
        at=action.at,
        stored_at=now,
        name=snapshot.switch_name(event.plug, action.gang),
        on=action.on,
        by=action.by,
        outcome=action.outcome,
        reasons=(action.reason,) if action.reason else (),
    )
    outage = with_plug(state.outage, place, alert, now)
    if outage is None:
        return state, [alert]
    return state.model_copy(update={"outage": outage}), [alert.model_copy(update={"told_there": True})]


def is_ahead_of_outage(state: AlertState, event: PlugEvent, now: datetime) -> bool:
    """Return whether a plug was switched for the grid, but the outage that this belongs to is not known yet."""
    return event.action.by == BY_GRID and (state.outage is None or state.outage.is_history(now))


# the grid


def _transition(state: AlertState, snapshot: BrokerState, now: datetime) -> Step:
    grid = live_figures(snapshot, now).grid
    if grid is None or grid.state is Grid.UNKNOWN:
        return state, []
    key, last = grid.transition_id, state.grid
    if key is None or (last and predates(grid.at, last.since, now)):
        return state, []
    if last is None or (last.state is grid.state is Grid.ON and not _returned_unseen(snapshot, grid)):
        # the very first state is no transition; "on" again while we were listening is a poller that has lost its state
        known = ReportedGrid(state=grid.state, since=grid.since, key=key, changes=last.changes if last else ())
        return (state if last and last.key == key else _with_grid(state, known)), []
    if last.key == key:
        return state, []
    new = _after_transition(last, grid, key)
    alerts = [] if new.unreported else [_grid_alert(last, snapshot, grid, key, now)]
    return _with_grid(state, new), alerts


def _returned_unseen(snapshot: BrokerState, grid: GridState) -> bool:
    """Whether power came back before we listened, so that the outage went unseen."""
    return snapshot.listening_since is not None and grid.since < snapshot.listening_since - DECISION_HOLDS


def _after_transition(last: ReportedGrid, grid: GridState, key: str) -> ReportedGrid:
    """Return the grid after a transition; those of a flapping grid are counted, not reported."""
    ages = ((one, elapsed(one, grid.since)) for one in last.changes)
    recent = (*(one for one, age in ages if age is not None and age < FLAP_WINDOW), grid.since)
    is_flapping = last.unreported > 0 or len(recent) > FLAPPING_AFTER
    return ReportedGrid(
        state=grid.state,
        since=grid.since,
        key=key,
        changes=recent,
        unreported=last.unreported + 1 if is_flapping else 0,
        began=(last.began or last.since) if is_flapping else None,
    )


def _grid_alert(last: ReportedGrid, snapshot: BrokerState, grid: GridState, key: str, now: datetime) -> Alert:
    """Return the alert with what people want to know at that moment."""
    is_lost, missed = grid.state is Grid.OFF, last.state is grid.state
    lasted = elapsed(last.since, grid.since)
    judged = _judged(snapshot.schedule, grid.since, grid.since) if is_lost else {}
    return Alert(
        kind=AlertKind.GRID_LOST if is_lost else AlertKind.GRID_BACK,
        key=f"grid/{key}",
        at=grid.since,
        stored_at=now,
        over=missed,
        lasted_s=None if missed or lasted is None else lasted.total_seconds(),
        **(judged or {"window": _next_window(snapshot.schedule, grid.since)}),
        **_figures(snapshot, now, grid.since if is_lost else None),
    )


def _as_it_is(lost: Alert, snapshot: BrokerState, now: datetime) -> Alert:
    """Return the alert of a running outage, with the present figures and schedule."""
    grid = live_figures(snapshot, now).grid
    if grid is None or grid.state is not Grid.OFF:
        return lost
    figures = _figures(snapshot, now, lost.at) | {"figures_at": now, "outlook": of_running(snapshot, now)}
    return lost.model_copy(update=_judged(snapshot.schedule, lost.at, now) | figures)


def _settled(state: AlertState, snapshot: BrokerState, now: datetime) -> Step:
    """Report the transitions of a flapping grid as one alert once it has settled."""
    last, grid = state.grid, live_figures(snapshot, now).grid
    is_waiting = last is not None and last.unreported > 0
    if not last or not is_waiting or not grid or grid.state is not last.state:
        return state, []
    age = elapsed(last.since, now)
    if age is not None and age < SETTLED_AFTER:
        return state, []
    alert = Alert(
        kind=AlertKind.GRID_UNSTABLE,
        key=f"grid/{last.key}/settled",
        at=last.since,
        stored_at=now,
        began=last.began,
        count=last.unreported,
        on=last.state is Grid.ON,
        **_figures(snapshot, now, last.since if last.state is Grid.OFF else None),
    )
    return _with_grid(state, last.model_copy(update={"unreported": 0, "began": None})), [alert]


def _with_grid(state: AlertState, grid: ReportedGrid) -> AlertState:
    return state.model_copy(update={"grid": grid})


def _figures(snapshot: BrokerState, now: datetime, lost_at: datetime | None) -> dict[str, Any]:
    """Return the figures; how long the battery lasts only in an outage, by what was measured since it began."""
    live = live_figures(snapshot, now)
    lasts = live.runtime_after(lost_at) if lost_at else None
    return {
        "soc_percent": live.soc_percent,
        "load_w": live.load_w,
        "runtime_s": lasts.total_seconds() if lasts else None,
    }


def _judged(plan: OutageSchedule | None, start: datetime, now: datetime) -> dict[str, Any]:
    """Return what the schedule says about an outage, as fields of its alert."""
    judgement = outages.judge(plan, start, now)
    return {
        "expected": judgement.expected,
        "window": judgement.back or judgement.planned,
        "is_open": judgement.is_open,
        "is_overdue": judgement.is_overdue,
        "in_emergency": judgement.in_emergency,
        "plan_stale_since": plan.fetched_at if plan and judgement.stale else None,
    }


def _next_window(plan: OutageSchedule | None, at: datetime) -> Window | None:
    """Return the next outage that has not begun, or None without a valid schedule."""
    if plan is None or outages.status_at(plan, at).expected is Expected.EMERGENCY or outages.is_stale(plan, at):
        return None
    return next((one for one in plan.windows if one.start > at), None)


# the schedule


def _schedule_change(state: AlertState, snapshot: BrokerState, now: datetime) -> Step:
    plan = snapshot.schedule
    if plan is None:
        return state, []
    change = plan.change
    seen = state.model_copy(update={"plan_seen": True, "schedule_change": change.at if change else None})
    if not state.plan_seen:
        return seen, []
    last = state.schedule_change
    if change is None or (last is not None and change.at <= last):
        return state, []
    if not fresh(change.at, now, CHANGE_HOLDS):
        return seen, []
    key = f"schedule/{iso(change.at)}"
    return seen, [Alert(kind=AlertKind.SCHEDULE, key=key, at=change.at, stored_at=now, plan=plan)]


def _queue_fit(state: AlertState, snapshot: BrokerState, now: datetime) -> Step:
    """Report once that another queue fits the home's outages better."""
    fit, plan = snapshot.queue_fit, snapshot.schedule
    if fit is None or plan is None or (fit.queue, fit.region) != (plan.queue, plan.region):
        return state, []
    if fit.verdict is not QueueVerdict.OTHER:
        return state, []
    key = f"{fit.region}/{fit.queue}"
    if key == state.queue_reported:
        return state, []
    alert = Alert(kind=AlertKind.QUEUE_FIT, key=f"queue/{key}", at=fit.at, stored_at=now, queue_fit=fit)
    return state.model_copy(update={"queue_reported": key}), [alert]


# reminders


def _reminders(state: AlertState, snapshot: BrokerState, now: datetime, minutes: Iterable[int]) -> Step:
    plan, grid = snapshot.schedule, live_figures(snapshot, now).grid
    if plan is None or grid is None or outages.is_stale(plan, now):
        return state, []
    due = [alert for before in minutes for alert in _due(plan, grid.state, now, before)]
    new = [_judged_ahead(alert, snapshot, now) for alert in due if alert.key not in state.reminded]
    if not new:
        return state, []
    recent = {key: at for key, at in state.reminded.items() if at > now - DECISION_HOLDS}
    return state.model_copy(update={"reminded": recent | {alert.key: alert.at for alert in new}}), new


def _judged_ahead(alert: Alert, snapshot: BrokerState, now: datetime) -> Alert:
    """Return a reminder of an outage with what the outlook says about it."""
    if alert.kind is not AlertKind.REMIND_OUTAGE or alert.window is None:
        return alert
    said = {"outlook": of_window(snapshot, alert.window, now), "accepts_charge": accepts_charge(snapshot, now)}
    return alert.model_copy(update=said)


def _due(plan: OutageSchedule, grid: Grid, now: datetime, minutes: int) -> list[Alert]:
    """Return the reminders due this many minutes ahead: of an outage while power is on, of its end while it is off."""
    ahead, found = timedelta(minutes=minutes), []
    for window in plan.windows:
        in_emergency = outages.state_of(plan, outages.local_day(window.start, plan.time_zone)) is DayState.EMERGENCY
        if in_emergency:
            continue
        if grid is Grid.ON and now < window.start <= now + ahead:
            found.append(_reminder(AlertKind.REMIND_OUTAGE, window.start, window, minutes, now))
        is_real = window.certainty is not Certainty.POSSIBLE and window.start - outages.EARLY <= now
        if grid is Grid.OFF and is_real and now < window.end <= now + ahead:
            found.append(_reminder(AlertKind.REMIND_POWER_BACK, window.end, window, minutes, now))
    return found


def _reminder(kind: AlertKind, at: datetime, window: Window, minutes: int, now: datetime) -> Alert:
    key = f"{kind}/{minutes}/{iso(at)}"
    return Alert(kind=kind, key=key, at=at, stored_at=now, window=window, minutes=minutes)
