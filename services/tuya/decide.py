"""What follows from the grid, from people and from what plugs say. Pure: every function returns the next journal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.tuya.journal import Journal, Want, key
from services.tuya.plugs import Plug
from shared.freshness import fresh
from shared.messages import Grid, GridState, PlugCommand

NEWS_HOLDS = timedelta(seconds=30)
"""The grid is repeated with every reading, so what comes late is a replay, and the next one tells what is now."""
GRID_HOLDS = timedelta(seconds=90)
COMMAND_HOLDS = timedelta(seconds=60)
WISH_HOLDS = timedelta(minutes=10)
"""A person's wish that could not be fulfilled for so long is forgotten: nobody expects it any more."""
FIGHTS = 3
LOSS_PAUSE = timedelta(milliseconds=20)
"""From one plug to the next at a loss: all at once they would only wait for each other."""
NO_TIME = timedelta(0)
GRID = "grid"

Plugs = Mapping[str, Plug]
Reading = Mapping[str, bool | None]


@dataclass(frozen=True)
class Rules:
    """What the user wants to happen when the grid goes and comes back."""

    turn_off: bool
    turn_on: bool
    restore_delay: timedelta
    restore_pause: timedelta
    all_devices: bool = False

    def may_switch(self, plug: Plug | None) -> bool:
        """Return whether a plug may be switched at all."""
        return plug is not None and not plug.protected and (plug.enabled or self.all_devices)


def is_news(grid: GridState, now: datetime) -> bool:
    """Return whether a message is about this moment."""
    return fresh(grid.at, now, NEWS_HOLDS)


def tells(grid: GridState | None, now: datetime) -> bool:
    """Return whether a message says anything about the grid of now."""
    return grid is not None and grid.state is not Grid.UNKNOWN and fresh(grid.at, now, GRID_HOLDS)


def overtaken(grid: GridState, heard: GridState | None, now: datetime) -> bool:
    """Return whether something newer was heard; a moment ahead of the clock is not newer, the clock was set back."""
    return heard is not None and grid.at < heard.at and fresh(heard.at, now, GRID_HOLDS)


def on_grid(
    journal: Journal, grid: GridState, plugs: Plugs, rules: Rules, now: datetime, *, steady: timedelta
) -> Journal:
    """Return the journal after a word about the grid: unchanged unless it is news that has not been acted on.

    steady is for how long we have heard of this change, by a clock that nobody sets: after a blackout the host's own
    clock may jump by hours, and the moments in messages with it.
    """
    if not is_news(grid, now) or grid.state is Grid.UNKNOWN or grid.transition_id in (None, journal.handled):
        return journal
    if journal.handled is None:  # the first start ever: whatever happened before is none of our doing
        return _handled(journal, grid)
    if grid.state is Grid.OFF:
        return _lost(journal, grid, plugs, rules, now)
    if steady < rules.restore_delay:
        return _without_grid_wants(journal, on=False)
    return _back(journal, grid, plugs, rules, now)


def on_command(journal: Journal, plug: Plug, command: PlugCommand, grid: GridState | None, now: datetime) -> Journal:
    """Return the journal after a person's wish: theirs is the gang now.

    What should be off is not restored by the grid. What should be on is, until it is: the wish may not come true.
    """
    gangs = [command.gang] if command.gang else list(plug.gangs)
    heard = grid.transition_id if grid and grid.state is not Grid.UNKNOWN else None
    wants = {
        key(plug.id, gang): _want(plug.id, gang, command.on, command.by, now, transition_id=heard) for gang in gangs
    }
    cut = {name: at for name, at in journal.cut.items() if command.on or name not in wants}
    return journal.model_copy(update={"cut": cut, "wants": journal.wants | wants})


def why_not(plug: Plug | None, command: PlugCommand, rules: Rules, now: datetime) -> str | None:
    """Return why a command is refused, in a sentence, or None where it is not."""
    if plug is None:
        return "There is no plug with this id in the list of plugs."
    if plug.protected:
        return f"{plug.title} is protected: nobody may switch it."
    if not rules.may_switch(plug):
        return f"{plug.title} is disabled: set `enabled: true` in the list of plugs."
    return _why_not_obeyed(plug, command, now)


def _why_not_obeyed(plug: Plug, command: PlugCommand, now: datetime) -> str | None:
    if command.gang and command.gang not in plug.gangs:
        return f"{plug.title} has no {command.gang}, only {', '.join(plug.gangs)}."
    if command.by == GRID:
        return "The grid speaks for itself: a command says whose wish it is."
    if not fresh(command.at, now, COMMAND_HOLDS):
        return "The command is too old, or its sender's clock is wrong."
    return None


def due(journal: Journal, plug: Plug, rules: Rules, grid: GridState | None, now: datetime) -> tuple[Want, ...]:
    """Return what is to be done at a plug now; for the grid's sake only while the grid is surely so."""
    wants = (want for want in journal.wants.values() if want.plug == plug.id and want.gang in plug.gangs)
    return tuple(want for want in wants if not want.waits(now) and _holds(want, plug, rules, grid, now))


def waits_until(journal: Journal, plug: str, now: datetime) -> datetime | None:
    """Return when the next thing is to be done at a plug, as far as that is known."""
    return min(
        (want.not_before for want in journal.wants.values() if want.plug == plug and want.waits(now)),
        default=None,
    )


def before_switching(journal: Journal, wants: Iterable[Want], reading: Reading, now: datetime) -> Journal:
    """Return the journal with what the grid is about to switch off, where it is surely on."""
    still = [want for want in wants if is_current(journal, want)]
    marks = {want.key: now for want in still if want.by_grid and not want.on and reading.get(want.gang)}
    new = {name: at for name, at in marks.items() if name not in journal.cut}
    return journal.model_copy(update={"cut": journal.cut | new}) if new else journal


def is_current(journal: Journal, want: Want) -> bool:
    """Return whether something is still wanted, and nothing else at the same gang by now."""
    return journal.wants.get(want.key) == want


def forgotten(journal: Journal, wants: Iterable[Want]) -> Journal:
    """Return the journal without these wishes, as if nobody had had them; what replaced one meanwhile stays."""
    gone = {want.key for want in wants if is_current(journal, want)}
    return journal.model_copy(update={"wants": {name: one for name, one in journal.wants.items() if name not in gone}})


def done(journal: Journal, wants: Iterable[Want]) -> Journal:
    """Return the journal without what was done; what was switched on needs no restoring."""
    restored = {want.key for want in wants if want.on and is_current(journal, want)}
    cut = {name: at for name, at in journal.cut.items() if name not in restored}
    return forgotten(journal, wants).model_copy(update={"cut": cut})


def given_up(journal: Journal, wants: Iterable[Want]) -> Journal:
    """Return the journal after a plug that will not stay as it is told: it is left to itself.

    What it says may be late, so one that is off after all is still restored; it is only not fought any more.
    """
    fights = {want.key: FIGHTS for want in wants if not want.on}
    return done(journal, wants).model_copy(update={"fights": journal.fights | fights})


def overdue(journal: Journal, now: datetime) -> tuple[Want, ...]:
    """Return people's wishes that nobody expects any more."""
    return tuple(want for want in journal.wants.values() if not want.by_grid and now - want.since > WISH_HOLDS)


def on_reading(
    journal: Journal, plug: Plug, reading: Reading, grid: GridState | None, now: datetime
) -> tuple[Journal, tuple[str, ...]]:
    """Return the journal after a look at a plug, and the gangs that came back too often to go on fighting.

    A gang that we switched off in this outage and that is on is switched off again, a few times.
    """
    if not (grid and tells(grid, now) and grid.state is Grid.OFF and grid.transition_id == journal.handled):
        return journal, ()
    back = [gang for gang in plug.gangs if reading.get(gang) and _was_cut(journal, key(plug.id, gang))]
    lost = tuple(gang for gang in back if journal.fights.get(key(plug.id, gang), 0) >= FIGHTS)
    again = [
        _want(plug.id, gang, False, GRID, now, transition_id=grid.transition_id) for gang in back if gang not in lost
    ]
    if not back:
        return journal, ()
    update = {
        "wants": journal.wants | {want.key: want for want in again},
        "fights": journal.fights | {want.key: journal.fights.get(want.key, 0) + 1 for want in again},
        "cut": {name: at for name, at in journal.cut.items() if name not in {key(plug.id, gang) for gang in lost}},
    }
    return journal.model_copy(update=update), lost


def _was_cut(journal: Journal, name: str) -> bool:
    return name in journal.cut and name not in journal.wants


def _holds(want: Want, plug: Plug, rules: Rules, grid: GridState | None, now: datetime) -> bool:
    if not rules.may_switch(plug) or not want.by_grid:
        return rules.may_switch(plug)
    return bool(grid and tells(grid, now) and grid.state is (Grid.ON if want.on else Grid.OFF))


def _handled(journal: Journal, grid: GridState, wants: Iterable[Want] = ()) -> Journal:
    """Return the journal of a change acted on: what was wanted before it is dropped, but for people's like wishes."""
    on = grid.state is Grid.ON
    people = {name: want for name, want in journal.wants.items() if not want.by_grid}
    kept = {name: want for name, want in people.items() if want.on is on or want.transition_id == grid.transition_id}
    update = {
        "handled": grid.transition_id,
        "wants": {want.key: want for want in wants} | kept,
        "fights": {},
    }
    return journal.model_copy(update=update)


def _lost(journal: Journal, grid: GridState, plugs: Plugs, rules: Rules, now: datetime) -> Journal:
    chosen = [plug for plug in _in_order(plugs) if rules.turn_off and rules.may_switch(plug)]
    wants = [
        _want(plug.id, gang, False, GRID, now, after=number * LOSS_PAUSE, transition_id=grid.transition_id)
        for number, plug in enumerate(chosen)
        for gang in plug.gangs
    ]
    return _handled(journal, grid, wants)


def _back(journal: Journal, grid: GridState, plugs: Plugs, rules: Rules, now: datetime) -> Journal:
    """One plug after the other: what starts together draws too much together."""
    wants = []
    chosen = [plug for plug in _in_order(plugs) if rules.turn_on and rules.may_switch(plug)]
    for number, plug in enumerate(
        plug for plug in chosen if any(key(plug.id, one) in journal.cut for one in plug.gangs)
    ):
        turn = number * rules.restore_pause
        for gang in plug.gangs:
            if key(plug.id, gang) in journal.cut:
                wants.append(_want(plug.id, gang, True, GRID, now, after=turn, transition_id=grid.transition_id))
    kept = {want.key: journal.cut[want.key] for want in wants}
    return _handled(journal.model_copy(update={"cut": kept}), grid, wants)


def _in_order(plugs: Plugs) -> list[Plug]:
    return sorted(plugs.values(), key=lambda plug: (plug.priority, plug.id))


def _without_grid_wants(journal: Journal, *, on: bool) -> Journal:
    """Return the journal without what the turn of the grid has made pointless."""
    kept = {name: want for name, want in journal.wants.items() if not want.by_grid or want.on is not on}
    return journal if len(kept) == len(journal.wants) else journal.model_copy(update={"wants": kept})


def _want(
    plug: str, gang: str, on: bool, by: str, now: datetime, *, transition_id: str | None, after: timedelta = NO_TIME
) -> Want:
    return Want(
        plug=plug,
        gang=gang,
        on=on,
        by=by,
        since=now,
        not_before=now + after,
        by_grid=by == GRID,
        transition_id=transition_id,
    )
