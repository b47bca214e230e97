"""What is worth telling, and each thing once. Pure: what was told, what is known, the moment -> what to tell now.

Whoever is not sure says nothing: an unknown grid is no outage, and a reading that is old changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.bot.alert import LIVE, Alert, Kind
from services.bot.memory import GridMemory, Memory
from services.bot.troubles import Rules, troubles
from shared import outages
from shared.broker_state import BrokerState
from shared.freshness import fresh
from shared.live_figures import live_figures
from shared.messages import Certainty, DayPlan, Grid, GridState, OutageSchedule, PlugAction, Window, iso
from shared.outages import Expected

FLAPPING_AFTER = 4
"""So many changes within FLAP_WINDOW are told one by one; from then on they are merged until the grid has settled."""
FLAP_WINDOW = timedelta(minutes=10)
SETTLED_AFTER = timedelta(minutes=3)
CHANGE_HOLDS = timedelta(days=1)
"""An older change of the schedule is no news, whoever has missed it."""
PLANNED = (Expected.OUTAGE, Expected.POSSIBLE_OUTAGE)

Told = tuple[Memory, list[Alert]]


@dataclass(frozen=True)
class Event:
    """Something done to a plug."""

    plug: str
    action: PlugAction


def step(memory: Memory, snapshot: BrokerState, now: datetime, rules: Rules) -> Told:
    """Compare what is known with what was told."""
    alerts: list[Alert] = []
    for part in (_grid, _settled, _schedule):
        memory, said = part(memory, snapshot, now)
        alerts += said
    memory, said = _reminders(memory, snapshot, now, rules.reminder_minutes)
    alerts += said
    memory, said = troubles(memory, snapshot, now, rules)
    return memory, alerts + said


def plug_event(memory: Memory, snapshot: BrokerState, event: Event, now: datetime) -> Told:
    """Tell what was done to a plug, unless the broker has brought it a second time."""
    action, place = event.action, f"{event.plug}/{event.action.gang or ''}"
    last = memory.plug_actions.get(place)
    if last is not None and action.at <= last:
        return memory, []
    memory = memory.model_copy(update={"plug_actions": memory.plug_actions | {place: action.at}})
    alert = Alert(
        kind=Kind.PLUG,
        key=f"plug/{place}/{iso(action.at)}",
        at=action.at,
        stored_at=now,
        name=snapshot.plug_name(event.plug) + (f" {action.gang}" if action.gang else ""),
        on=action.on,
        by=action.by,
        outcome=action.outcome,
        what=action.why or "",
    )
    return memory, [alert]


def expected_around(plan: OutageSchedule | None, at: datetime) -> outages.Status:
    """Return what the plan says of an outage that began at a moment, give or take half an hour."""
    status = outages.status_at(plan, at)
    if status.expected in (Expected.POWER, Expected.WAITING, Expected.UNKNOWN):
        coming = outages.next_outage(plan, at, possible=True)
        if coming and coming.start - at <= outages.EARLY:
            return outages.status_at(plan, coming.start)
    return status


# the grid


def _grid(memory: Memory, snapshot: BrokerState, now: datetime) -> Told:
    grid = live_figures(snapshot, now).grid
    if grid is None or grid.state is Grid.UNKNOWN:
        return memory, []
    key, last = grid.transition_id, memory.grid
    if key is None:
        return memory, []
    if last is None or (last.state is grid.state is Grid.ON and not _was_away(snapshot, grid)):
        # the first word of all is no change; on again while we listen is a poller that has lost its memory
        known = GridMemory(state=grid.state, since=grid.since, key=key, changes=last.changes if last else ())
        return (memory if last and last.key == key else _with_grid(memory, known)), []
    if last.key == key:
        return memory, []
    new = _after(last, grid, key)
    alerts = [] if new.untold else [_grid_alert(last, snapshot, grid, key, now)]
    return _with_grid(memory, new), alerts


def _was_away(snapshot: BrokerState, grid: GridState) -> bool:
    """Whether the grid came back before we listened, and thus went unseen."""
    return snapshot.listening_since is not None and grid.since < snapshot.listening_since - LIVE


def _after(last: GridMemory, grid: GridState, key: str) -> GridMemory:
    """Return what is remembered after a change; of a flapping grid it is counted, not told."""
    recent = (*(one for one in last.changes if grid.since - one < FLAP_WINDOW), grid.since)
    is_flapping = last.untold > 0 or len(recent) > FLAPPING_AFTER
    return GridMemory(
        state=grid.state,
        since=grid.since,
        key=key,
        changes=recent,
        untold=last.untold + 1 if is_flapping else 0,
        began=(last.began or last.since) if is_flapping else None,
    )


def _grid_alert(last: GridMemory, snapshot: BrokerState, grid: GridState, key: str, now: datetime) -> Alert:
    """Put together what people want to know at that moment."""
    is_lost, missed = grid.state is Grid.OFF, last.state is grid.state
    status = expected_around(snapshot.schedule, grid.since)
    return Alert(
        kind=Kind.GRID_LOST if is_lost else Kind.GRID_BACK,
        key=f"grid/{key}",
        at=grid.since,
        stored_at=now,
        over=missed,
        lasted_s=None if missed else (grid.since - last.since).total_seconds(),
        expected=status.expected if is_lost else None,
        window=status.window if is_lost else _next_window(snapshot.schedule, grid.since),
        is_open=is_lost and _ends_open(snapshot.schedule, status.window),
        **_figures(snapshot, now),
    )


def _settled(memory: Memory, snapshot: BrokerState, now: datetime) -> Told:
    """Tell of a flapping grid in one sentence, when it has made up its mind."""
    last, grid = memory.grid, live_figures(snapshot, now).grid
    if not last or not last.untold or not grid or grid.state is not last.state or now - last.since < SETTLED_AFTER:
        return memory, []
    alert = Alert(
        kind=Kind.GRID_UNSTABLE,
        key=f"grid/{last.key}/settled",
        at=last.since,
        stored_at=now,
        began=last.began,
        count=last.untold,
        on=last.state is Grid.ON,
        **_figures(snapshot, now),
    )
    return _with_grid(memory, last.model_copy(update={"untold": 0, "began": None})), [alert]


def _with_grid(memory: Memory, grid: GridMemory) -> Memory:
    return memory.model_copy(update={"grid": grid})


def _figures(snapshot: BrokerState, now: datetime) -> dict[str, Any]:
    live = live_figures(snapshot, now)
    return {
        "soc_percent": live.soc_percent,
        "load_w": live.load_w,
        "runtime_s": live.runtime.total_seconds() if live.runtime else None,
    }


def _next_window(plan: OutageSchedule | None, at: datetime) -> Window | None:
    """Return the next outage that has not begun, for the light is back from the one we are in."""
    windows = plan.windows if plan and not outages.is_stale(plan, at) else ()
    return next((one for one in windows if one.start > at + outages.EARLY), None)


def _ends_open(plan: OutageSchedule | None, window: Window | None) -> bool:
    change = outages.next_change(plan, window.start) if window else None
    return bool(change and change.is_open)


# the schedule


def _schedule(memory: Memory, snapshot: BrokerState, now: datetime) -> Told:
    plan = snapshot.schedule
    if plan is None:
        return memory, []
    change = plan.change
    known = memory.model_copy(update={"plan_seen": True, "schedule_change": change.at if change else None})
    if not memory.plan_seen:
        return known, []
    last = memory.schedule_change
    if change is None or (last is not None and change.at <= last):
        return memory, []
    if not fresh(change.at, now, CHANGE_HOLDS):
        return known, []
    key = f"schedule/{iso(change.at)}"
    return known, [Alert(kind=Kind.SCHEDULE, key=key, at=change.at, stored_at=now, plan=plan)]


# reminders


def _reminders(memory: Memory, snapshot: BrokerState, now: datetime, minutes: Iterable[int]) -> Told:
    plan, grid = snapshot.schedule, live_figures(snapshot, now).grid
    if plan is None or grid is None or outages.is_stale(plan, now):
        return memory, []
    due = [alert for before in minutes for alert in _due(plan, grid.state, now, before)]
    new = [alert for alert in due if alert.key not in memory.reminded]
    if not new:
        return memory, []
    kept = {key: at for key, at in memory.reminded.items() if at > now - LIVE}
    return memory.model_copy(update={"reminded": kept | {alert.key: alert.at for alert in new}}), new


def _due(plan: OutageSchedule, grid: Grid, now: datetime, minutes: int) -> list[Alert]:
    """Return the reminders of this many minutes: of an outage while there is light, of light while there is none."""
    ahead, found = timedelta(minutes=minutes), []
    for window in plan.windows:
        in_emergency = outages.state_of(plan, outages.local_day(window.start, plan.time_zone)) is DayPlan.EMERGENCY
        if in_emergency:
            continue
        if grid is Grid.ON and now < window.start <= now + ahead:
            found.append(_reminder(Kind.REMIND_OUTAGE, window.start, window, minutes, now))
        is_real = window.certainty is not Certainty.POSSIBLE and window.start - outages.EARLY <= now
        if grid is Grid.OFF and is_real and now < window.end <= now + ahead:
            found.append(_reminder(Kind.REMIND_LIGHT, window.end, window, minutes, now))
    return found


def _reminder(kind: Kind, at: datetime, window: Window, minutes: int, now: datetime) -> Alert:
    key = f"{kind}/{minutes}/{iso(at)}"
    return Alert(kind=kind, key=key, at=at, stored_at=now, window=window, minutes=minutes)
