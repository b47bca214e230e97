"""Which plugs are switched off in an outage where the outlook is asked (PLUG_POLICY=outlook). Pure.

A plug is switched off when the outlook says that the battery will not last, the least important first and no more of
them than it takes if it goes badly; once power is overdue, already if it is not almost sure to last. A plug is given
back when the battery lasts with it on even if it goes badly, and if it has to go once more, it stays off. Without the
outlook's word everything is switched off, as the policy grid does. What is switched off is a target of the grid, so
that everything holds that makes those safe; what is given back is a command that never expires.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import inf

from services.tuya.grid_rules import GRID, LOSS_PAUSE, Plugs, Policy, Rules, is_certain, target
from services.tuya.journal import Journal, Shed, key
from services.tuya.plug import Plug
from services.tuya.shared_state import SharedState
from shared.live_figures import usable_outlook
from shared.messages import Certainty, Grid, GridState, OutageOutlook, Outlook, PlannedShedding, Verdict, Window

OUTLOOK = "outlook"
A_DAY = timedelta(days=1)
PATIENCE = timedelta(seconds=90)
"""The outlook notices an outage within seconds; if it has said nothing by then, it is not asked any longer."""
SETTLES = timedelta(minutes=2)
"""A forecast that is made sooner after a switching has not seen in the load what that has changed."""
SHED_SLACK_MIN = 15.0
OVERDUE_SURE = 0.98
"""Few outages are overdue, so little is known of how long those last: the battery has to last in so many cases."""
OFF_AT_LEAST = timedelta(minutes=30)
USUAL_GAIN_MIN = 60.0
"""What a plug is taken to give whose draw is not known, before it is given back."""


def on_outlook(
    shared: SharedState, outlook: Outlook | None, plugs: Plugs, now: datetime, *, off_for: timedelta
) -> Journal:
    """Return the journal after a forecast, or without one; unchanged unless there is an outage that was acted on.

    off_for is how long we have known of the outage, by a clock that nobody sets.
    """
    journal, grid, rules = shared.journal, shared.grid, shared.rules
    if not _decides(shared, now) or grid is None:
        return journal
    usable = usable_outlook(outlook, now)
    running = _running(usable, grid)
    listed = _least_important_first(rules, plugs)
    if usable is None or running is None or running.verdict is Verdict.UNKNOWN:
        if usable and running is None and off_for < PATIENCE:
            return journal
        return _switched_off(journal, grid, [one for one in listed if _may_go(journal, one)], {}, now)
    switched = max((one.at for one in journal.shed.values()), default=None)
    if switched is not None and usable.at < switched + SETTLES:
        return journal
    spare_min = _spare_min(running, usable.at)
    if _is_sure(running, usable.at):
        return _given_back(journal, spare_min, list(reversed(listed)), now) if rules.turn_on else journal
    gains = {one.plug: one.adds_min for one in running.plugs}
    enough = _enough(spare_min, [one for one in listed if _may_go(journal, one)], gains)
    return _switched_off(journal, grid, enough, gains, now)


def plan_ahead(
    rules: Rules, plugs: Plugs, windows: Iterable[Window], outlook: Outlook | None, now: datetime
) -> tuple[PlannedShedding, ...]:
    """Return which plugs will be switched off in the certain outages that begin within a day, as things stand.

    Where no plug may be switched off there is nothing to plan.
    """
    usable = usable_outlook(outlook, now) if rules.policy is Policy.OUTLOOK else None
    judged = {(one.start, one.end): one for one in usable.outages} if usable else {}
    listed = _least_important_first(rules, plugs) if rules.turn_off else []
    if not listed:
        return ()
    ahead = (one for one in windows if now < one.start <= now + A_DAY and one.certainty is not Certainty.POSSIBLE)
    return tuple(
        PlannedShedding(start=one.start, end=one.end, plugs=tuple(plug.id for plug in chosen))
        for one in ahead
        for chosen in [_shed_in(judged.get((one.start, one.end)), now, listed)]
    )


def _shed_in(outage: OutageOutlook | None, now: datetime, listed: list[Plug]) -> list[Plug]:
    """Return what will be switched off in an outage: everything, where the outlook says nothing of it."""
    if outage is None or outage.verdict is Verdict.UNKNOWN:
        return listed
    if outage.verdict is Verdict.LASTS:
        return []
    return _enough(_spare_min(outage, now), listed, {one.plug: one.adds_min for one in outage.plugs})


def _least_important_first(rules: Rules, plugs: Plugs) -> list[Plug]:
    return sorted((one for one in plugs.values() if rules.may_switch(one)), key=lambda one: (-one.priority, one.id))


def _decides(shared: SharedState, now: datetime) -> bool:
    """Return whether the outlook decides at this moment: only while it is certain that an outage goes on."""
    grid, rules = shared.grid, shared.rules
    if rules.policy is not Policy.OUTLOOK or not rules.turn_off or grid is None:
        return False
    return is_certain(grid, now) and grid.state is Grid.OFF and grid.transition_id == shared.journal.handled


def _running(outlook: Outlook | None, grid: GridState) -> OutageOutlook | None:
    """Return what a forecast that was made since the grid went says of the running outage."""
    if outlook is None or outlook.at < grid.since:
        return None
    return next((one for one in outlook.outages if one.running), None)


def _is_sure(running: OutageOutlook, at: datetime) -> bool:
    """Return whether the battery lasts without switching off anything; at is when that was forecast."""
    if running.end is not None and at >= running.end and (running.chance is None or running.chance < OVERDUE_SURE):
        return False
    return running.verdict is Verdict.LASTS


def _may_go(journal: Journal, plug: Plug) -> bool:
    """Return whether a plug may still be switched off in this outage: once, and once more if it was given back."""
    done = journal.shed.get(plug.id)
    if done is not None:
        return done.back
    names = {key(plug.id, gang) for gang in plug.gangs}
    return not names & (journal.to_restore.keys() | journal.targets.keys())


def _spare_min(outage: OutageOutlook, at: datetime) -> float:
    """Return by how much longer than needed the charge holds, if it goes badly; negative: how much is missing.

    at is when that was forecast: power that is overdue by then is not back yet.
    """
    early = outage.holds_until.early
    if early is None:
        return inf  # not within the forecast
    return (early - max(outage.end, at)).total_seconds() / 60 if outage.end else 0.0


def _enough(spare_min: float, listed: Iterable[Plug], gains: dict[str, float]) -> list[Plug]:
    """Return the least important plugs that together give what is missing."""
    missing, chosen = max(0.0, -spare_min) + SHED_SLACK_MIN, list[Plug]()
    for plug in listed:
        if missing <= 0:
            break
        chosen.append(plug)
        missing -= gains.get(plug.id, 0.0)
    return chosen


def _switched_off(
    journal: Journal, grid: GridState, chosen: list[Plug], gains: dict[str, float], now: datetime
) -> Journal:
    if not chosen:
        return journal
    targets = [
        target(plug.id, gang, on=False, by=GRID, now=now, pause=number * LOSS_PAUSE, transition_id=grid.transition_id)
        for number, plug in enumerate(chosen)
        for gang in plug.gangs
    ]
    shed = {plug.id: Shed(at=now, adds_min=gains.get(plug.id), was_back=plug.id in journal.shed) for plug in chosen}
    update = {
        "targets": journal.targets | {one.key: one for one in targets},
        "shed": journal.shed | shed,
    }
    return journal.model_copy(update=update)


def _given_back(journal: Journal, spare_min: float, listed: list[Plug], now: datetime) -> Journal:
    """Return the journal with the most important plug that there is room for switched on again; one at a time."""
    for plug in listed:
        done = journal.shed.get(plug.id)
        off = [gang for gang in plug.gangs if key(plug.id, gang) in journal.to_restore]
        is_busy = any(key(plug.id, gang) in journal.targets for gang in plug.gangs)
        if done is None or done.back or done.was_back or is_busy or not off or now - done.at < OFF_AT_LEAST:
            continue
        if spare_min < (USUAL_GAIN_MIN if done.adds_min is None else done.adds_min):
            continue
        back = [
            target(plug.id, gang, on=True, by=OUTLOOK, now=now, transition_id=journal.handled).model_copy(
                update={"gives_back": True}
            )
            for gang in off
        ]
        update = {
            "targets": journal.targets | {one.key: one for one in back},
            "shed": journal.shed | {plug.id: Shed(at=now, adds_min=done.adds_min, back=True)},
        }
        return journal.model_copy(update=update)
    return journal
