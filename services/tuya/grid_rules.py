"""Which plugs a change of the grid switches off or restores. Pure: every function returns the next journal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.tuya.journal import Journal, Target, key
from services.tuya.plug import Plug
from shared.freshness import fresh, predates
from shared.messages import BY_GRID, Grid, GridState

NEWS_HOLDS = timedelta(seconds=30)
"""The grid state is repeated with every reading, so an older message is a replay, and the next one is current."""
GRID_HOLDS = timedelta(seconds=90)
MAX_RETURNS = 3
"""How often a plug that comes back on by itself in an outage is switched off again."""
LOSS_PAUSE = timedelta(milliseconds=20)
"""From one plug to the next when the grid goes: all at once they would only wait for each other."""
NO_PAUSE = timedelta(0)
SEEN_BEFORE = timedelta(minutes=15)
"""A plug last read so long before the grid went was most likely still as it was read."""

Plugs = Mapping[str, Plug]
GangStates = Mapping[str, bool | None]
"""Whether each gang is on; None if the plug does not say."""


def tells_all(reading: GangStates) -> bool:
    """Return whether a reading tells of every switch; an empty one tells nothing."""
    return bool(reading) and None not in reading.values()


class Policy(StrEnum):
    """What decides in an outage: grid switches everything off, outlook only what the battery would not last with."""

    GRID = "grid"
    OUTLOOK = "outlook"


@dataclass(frozen=True)
class Rules:
    """What the user wants to happen when the grid goes and comes back."""

    turn_off: bool
    turn_on: bool
    restore_delay: timedelta
    restore_pause: timedelta
    all_devices: bool = False
    policy: Policy = Policy.GRID

    def may_switch(self, plug: Plug | None) -> bool:
        """Return whether a plug may be switched at all."""
        if plug is None or plug.protected:
            return False
        return plug.enabled or (self.all_devices and not plug.excluded and not plug.sounds_essential)

    def is_undecided(self, plug: Plug) -> bool:
        """Return whether a setting has decided about a plug, and its owner has not yet."""
        is_by_setting = self.all_devices and not plug.enabled and not plug.excluded
        return not plug.protected and (not plug.seen or is_by_setting)


def is_news(grid: GridState, now: datetime) -> bool:
    """Return whether a message is about this moment."""
    return fresh(grid.at, now, NEWS_HOLDS)


def is_certain(grid: GridState | None, now: datetime) -> bool:
    """Return whether the last message still tells whether the grid is on."""
    return grid is not None and grid.state is not Grid.UNKNOWN and fresh(grid.at, now, GRID_HOLDS)


def is_outdated(grid: GridState, newest: GridState | None, now: datetime) -> bool:
    """Return whether a newer message has arrived. One from the future is not newer: the clock was set back."""
    return newest is not None and grid.at < newest.at and fresh(newest.at, now, GRID_HOLDS)


def on_grid(
    journal: Journal,
    grid: GridState,
    plugs: Plugs,
    rules: Rules,
    now: datetime,
    *,
    stable_for: timedelta,
    seen_on: Iterable[str] = (),
) -> Journal:
    """Return the journal after a grid message: unchanged unless it is news that has not been acted on.

    stable_for is how long we have known of this change, by a clock that nobody sets: after a blackout the host's own
    clock may jump by hours, and the times in messages with it. seen_on are the gangs that the last reading, made at
    most SEEN_BEFORE this change, has found on.
    """
    if not is_news(grid, now) or grid.state is Grid.UNKNOWN or grid.transition_id in (None, journal.handled):
        return journal
    if predates(grid.at, journal.handled_since, now):
        return journal
    if journal.handled is None:  # the first start ever: what happened before is not our doing
        return _handled(journal, grid)
    if grid.state is Grid.OFF:
        return _switch_off(_seen(journal, seen_on, now), grid, plugs, rules, now)
    if stable_for < rules.restore_delay:
        return _without_grid_targets(journal, on=False)
    return _restore(journal, grid, plugs, rules, now)


def on_reading(
    journal: Journal, plug: Plug, reading: GangStates, grid: GridState | None, now: datetime
) -> tuple[Journal, tuple[str, ...]]:
    """Return the journal after a reading, and the gangs that came back on too often to be switched off again.

    A gang that we switched off in this outage and that is on is switched off again, MAX_RETURNS times.
    """
    if not (grid and is_certain(grid, now) and grid.state is Grid.OFF and grid.transition_id == journal.handled):
        return journal, ()
    journal = not_seen_on(journal, (key(plug.id, gang) for gang, on in reading.items() if on is False))
    back = [gang for gang in plug.gangs if reading.get(gang) and _is_switched_off(journal, key(plug.id, gang))]
    lost = tuple(gang for gang in back if journal.returns.get(key(plug.id, gang), 0) >= MAX_RETURNS)
    again = [
        target(plug.id, gang, on=False, by=BY_GRID, now=now, transition_id=grid.transition_id)
        for gang in back
        if gang not in lost
    ]
    if not back:
        return journal, ()
    left_on = {key(plug.id, gang) for gang in lost}
    update = {
        "targets": journal.targets | {one.key: one for one in again},
        "returns": journal.returns | {one.key: journal.returns.get(one.key, 0) + 1 for one in again},
        "to_restore": {name: at for name, at in journal.to_restore.items() if name not in left_on},
    }
    return journal.model_copy(update=update), lost


def not_seen_on(journal: Journal, off: Iterable[str]) -> Journal:
    """Return the journal with gangs that must no longer be taken for on."""
    gone = journal.seen_on.keys() & set(off)
    kept = {name: at for name, at in journal.seen_on.items() if name not in gone}
    return journal.model_copy(update={"seen_on": kept}) if gone else journal


def target(
    plug: str,
    gang: str,
    *,
    on: bool,
    by: str,
    now: datetime,
    transition_id: str | None,
    pause: timedelta = NO_PAUSE,
) -> Target:
    """Return what a gang should become from now on, or after a pause."""
    return Target(
        plug=plug,
        gang=gang,
        on=on,
        by=by,
        since=now,
        not_before=now + pause,
        by_grid=by == BY_GRID,
        transition_id=transition_id,
    )


def in_place_of(person: Target, before: Target | None) -> Target:
    """Return a person's target that takes the place of another one, and remembers what the grid wanted there."""
    wanted = None if before is None else before.on if before.by_grid else before.grid_wants
    return person.model_copy(update={"grid_wants": wanted})


def _is_switched_off(journal: Journal, name: str) -> bool:
    return name in journal.to_restore and name not in journal.targets


def _handled(journal: Journal, grid: GridState, targets: Iterable[Target] = ()) -> Journal:
    """Return the journal of a change acted on: earlier targets are dropped, except people's that agree with it."""
    on = grid.state is Grid.ON
    of_grid = {one.key: one for one in targets}
    people = {name: one for name, one in journal.targets.items() if not one.by_grid}
    kept = {
        name: in_place_of(one.model_copy(update={"grid_wants": None}), of_grid.get(name))
        for name, one in people.items()
        if one.on is on or one.gives_back or one.is_test or one.transition_id == grid.transition_id
    }
    update = {
        "handled": grid.transition_id,
        "handled_since": grid.since,
        "targets": of_grid | kept,
        "returns": {},
        "shed": {},
        "seen_on": {} if on else journal.seen_on,
    }
    return journal.model_copy(update=update)


def _seen(journal: Journal, seen_on: Iterable[str], now: datetime) -> Journal:
    """Return the journal at a loss of the grid; what was seen on before stays so if power has only flickered."""
    return journal.model_copy(update={"seen_on": dict.fromkeys(seen_on, now) | journal.seen_on})


def _switch_off(journal: Journal, grid: GridState, plugs: Plugs, rules: Rules, now: datetime) -> Journal:
    chosen = [plug for plug in _by_priority(plugs) if rules.turn_off and rules.may_switch(plug)]
    journal = _tests_taken_over(journal, {plug.id for plug in chosen}, now)
    targets = [
        target(
            plug.id, gang, on=False, by=BY_GRID, now=now, pause=number * LOSS_PAUSE, transition_id=grid.transition_id
        )
        for number, plug in enumerate(chosen if rules.policy is Policy.GRID else ())  # else the outlook chooses
        for gang in plug.gangs
    ]
    return _handled(journal, grid, targets)


def _tests_taken_over(journal: Journal, ids: set[str], now: datetime) -> Journal:
    """Return the journal with off-on tests that an outage ends: it switches off too, and restores what was on."""
    tests = {one.key for one in journal.targets.values() if one.is_test and one.plug in ids}
    if not tests:
        return journal
    marks = dict.fromkeys(tests & journal.tested.keys(), now)
    update = {
        "targets": {name: one for name, one in journal.targets.items() if name not in tests},
        "tested": {name: at for name, at in journal.tested.items() if name not in marks},
        "to_restore": marks | journal.to_restore,
    }
    return journal.model_copy(update=update)


def _restore(journal: Journal, grid: GridState, plugs: Plugs, rules: Rules, now: datetime) -> Journal:
    """Restore one plug after the other: starting together they would draw too much at once."""
    chosen = [plug for plug in _by_priority(plugs) if rules.turn_on and rules.may_switch(plug)]
    off = [plug for plug in chosen if any(key(plug.id, gang) in journal.to_restore for gang in plug.gangs)]
    targets = [
        target(
            plug.id,
            gang,
            on=True,
            by=BY_GRID,
            now=now,
            pause=number * rules.restore_pause,
            transition_id=grid.transition_id,
        )
        for number, plug in enumerate(off)
        for gang in plug.gangs
        if key(plug.id, gang) in journal.to_restore
    ]
    kept = {one.key: journal.to_restore[one.key] for one in targets}
    return _handled(journal.model_copy(update={"to_restore": kept}), grid, targets)


def _by_priority(plugs: Plugs) -> list[Plug]:
    return sorted(plugs.values(), key=lambda plug: (plug.priority, plug.id))


def _without_grid_targets(journal: Journal, *, on: bool) -> Journal:
    """Return the journal without what the change of the grid has made pointless."""
    kept = {
        name: one.model_copy(update={"grid_wants": None}) if one.grid_wants is on else one
        for name, one in journal.targets.items()
        if not one.by_grid or one.on is not on
    }
    return journal if kept == journal.targets else journal.model_copy(update={"targets": kept})
