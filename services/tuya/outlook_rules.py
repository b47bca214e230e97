"""Which plugs are switched off in an outage where the outlook is asked (PLUG_POLICY=outlook). Pure.

The outlook says how likely the battery lasts with no plug off, with the least important one off, with two, and so on.
The fewest are switched off with which it is likely enough, and a plug is given back when it still is with that plug on;
if it has to go once more, it stays off. What is likely enough depends on the time: far from the end there is time to
switch off more, near it a plug is missed for minutes only. Without the outlook's word everything is switched off, as
the policy grid does. What is switched off is a target of the grid, so that everything holds that makes those safe; what
is given back is a command that never expires.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise, takewhile

from services.tuya.grid_rules import LOSS_PAUSE, Plugs, Policy, Rules, is_certain, target
from services.tuya.journal import Journal, Shed, key
from services.tuya.plug import Plug
from services.tuya.shared_state import SharedState
from shared.live_figures import usable_outlook
from shared.messages import (
    BY_GRID,
    Certainty,
    Grid,
    GridState,
    OutageOutlook,
    Outlook,
    PlannedShedding,
    Verdict,
    Window,
)

OUTLOOK = "outlook"
A_DAY = timedelta(days=1)
PATIENCE = timedelta(seconds=90)
"""The outlook notices an outage within seconds; if it has said nothing by then, it is not asked any longer."""
SETTLES = timedelta(minutes=2)
"""A forecast that is made sooner after a switching has not seen in the load what that has changed."""
FAR = timedelta(hours=3)
ENOUGH_FAR, ENOUGH_DUE = 0.85, 0.95
"""How likely the battery has to last so long before power is due, and once it is; in between it rises evenly."""
GIVE_BACK_ABOVE = 0.03
"""So much more gives a plug back: the next forecast would else take it away again."""
OFF_AT_LEAST = timedelta(minutes=30)


def on_outlook(
    shared: SharedState,
    outlook: Outlook | None,
    plugs: Plugs,
    now: datetime,
    *,
    off_for: timedelta,
    dry_run: bool = False,
) -> Journal:
    """Return the journal after a forecast, or without one; unchanged unless there is an outage that was acted on.

    off_for is how long we have known of the outage, by a clock that nobody sets. In a dry run the plugs in the journal
    are on, whatever it says.
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
        return _switched_off(journal, grid, [one for one in listed if _may_go(journal, one)], now)
    switched = max((one.at for one in journal.shed.values()), default=None)
    if switched is not None and usable.at < switched + SETTLES:
        return journal
    enough = _enough(running, usable.at)
    if _lasts(running, enough, _off(journal) if dry_run else set()):
        return _given_back(journal, running, enough, list(reversed(listed)), now) if rules.turn_on else journal
    open_ones = [one for one in listed if _may_go(journal, one)]
    return _switched_off(journal, grid, _chosen(running, enough, open_ones) or open_ones[:1], now)


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
        for chosen in [_shed_in(judged.get((one.start, one.end)), listed)]
    )


def _shed_in(outage: OutageOutlook | None, listed: list[Plug]) -> list[Plug]:
    """Return what will be switched off when an outage begins: everything, where the outlook says nothing of it."""
    if outage is None or outage.verdict is Verdict.UNKNOWN:
        return listed
    return _chosen(outage, _enough(outage, outage.start), listed)


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


def _enough(outage: OutageOutlook, at: datetime) -> float:
    """Return how likely the battery has to last; at is when that was forecast. Power that is overdue may be near."""
    left = min(max(outage.end - at, timedelta(0)), FAR) if outage.end else timedelta(0)
    return ENOUGH_DUE + left / FAR * (ENOUGH_FAR - ENOUGH_DUE)


def _off(journal: Journal) -> set[str]:
    return {id_ for id_, done in journal.shed.items() if not done.back}


def _lasts(outage: OutageOutlook, enough: float, pretended: set[str]) -> bool:
    """Return whether the battery is likely enough to last with these plugs off, which the forecast sees on."""
    sets = list(takewhile(lambda one: one.plug is None or one.plug in pretended, outage.shedding))
    if len(sets) > 1 and sets[-1].chance is not None:
        return sets[-1].chance >= enough
    return outage.verdict is Verdict.LASTS and outage.chance is not None and outage.chance >= enough


def _may_go(journal: Journal, plug: Plug) -> bool:
    """Return whether a plug may still be switched off in this outage: once, and once more if it was given back."""
    done = journal.shed.get(plug.id)
    if done is not None:
        return done.back
    names = {key(plug.id, gang) for gang in plug.gangs}
    return not names & (journal.to_restore.keys() | journal.targets.keys())


def _chosen(outage: OutageOutlook, enough: float, plugs: list[Plug]) -> list[Plug]:
    """Return those of these plugs that are in the smallest set with which the battery is likely enough to last.

    If it is with no set, or nobody knows, it is all of them.
    """
    gone = set[str | None]()
    for one in outage.shedding:
        gone.add(one.plug)
        if one.chance is not None and one.chance >= enough:
            return [plug for plug in plugs if plug.id in gone]
    return plugs


def _switched_off(journal: Journal, grid: GridState, chosen: list[Plug], now: datetime) -> Journal:
    if not chosen:
        return journal
    targets = [
        target(
            plug.id, gang, on=False, by=BY_GRID, now=now, pause=number * LOSS_PAUSE, transition_id=grid.transition_id
        )
        for number, plug in enumerate(chosen)
        for gang in plug.gangs
    ]
    shed = {plug.id: Shed(at=now, was_back=plug.id in journal.shed) for plug in chosen}
    update = {
        "targets": journal.targets | {one.key: one for one in targets},
        "shed": journal.shed | shed,
    }
    return journal.model_copy(update=update)


def _given_back(journal: Journal, running: OutageOutlook, enough: float, listed: list[Plug], now: datetime) -> Journal:
    """Return the journal with the most important plug switched on again with which the battery lasts; one at a time."""
    with_it = {after.plug: one.chance for one, after in pairwise(running.shedding)}
    for plug in listed:
        done = journal.shed.get(plug.id)
        off = [gang for gang in plug.gangs if key(plug.id, gang) in journal.to_restore]
        is_busy = any(key(plug.id, gang) in journal.targets for gang in plug.gangs)
        if done is None or done.back or done.was_back or is_busy or not off or now - done.at < OFF_AT_LEAST:
            continue
        chance = with_it.get(plug.id)
        if chance is None or chance < enough + GIVE_BACK_ABOVE:
            continue
        back = [
            target(plug.id, gang, on=True, by=OUTLOOK, now=now, transition_id=journal.handled).model_copy(
                update={"gives_back": True}
            )
            for gang in off
        ]
        update = {
            "targets": journal.targets | {one.key: one for one in back},
            "shed": journal.shed | {plug.id: Shed(at=now, back=True)},
        }
        return journal.model_copy(update=update)
    return journal
