"""The open targets in the journal: which are due, and what becomes of them. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from services.tuya.grid_rules import MAX_RETURNS, GangStates, Rules, is_certain, not_seen_on, target
from services.tuya.journal import Journal, Target
from services.tuya.off_on_test import ended
from services.tuya.plug import Plug
from shared.messages import BY_GRID, Grid, GridState
from shared.trusted_time import elapsed

COMMAND_EXPIRES = timedelta(minutes=10)
"""A person's command that could not be carried out for so long is dropped: nobody expects it any more."""


def due(journal: Journal, plug: Plug, rules: Rules, grid: GridState | None, now: datetime) -> tuple[Target, ...]:
    """Return what is to be done at a plug now; for the grid only while the grid is certain to be so."""
    targets = (one for one in journal.targets.values() if one.plug == plug.id and one.gang in plug.gangs)
    return tuple(one for one in targets if not one.is_waiting(now) and _is_valid(one, plug, rules, grid, now))


def next_turn(journal: Journal, plug: str, now: datetime) -> datetime | None:
    """Return when the next target of a plug has its turn, if one is waiting."""
    waiting = (one for one in journal.targets.values() if one.plug == plug and one.is_waiting(now))
    return min((one.not_before for one in waiting), default=None)


def mark_to_restore(journal: Journal, targets: Iterable[Target], reading: GangStates, now: datetime) -> Journal:
    """Return the journal with what the grid, or a test, is about to switch off and is certain to be on now.

    It must be on disk before the command is sent.
    """
    current = [one for one in targets if is_current(journal, one)]
    was_on = [one for one in current if not one.on and reading.get(one.gang)]
    new = {one.key: now for one in was_on if one.by_grid and one.key not in journal.to_restore}
    tested = {one.key: now for one in was_on if one.is_test and one.key not in journal.tested}
    update = {"to_restore": journal.to_restore | new, "tested": journal.tested | tested}
    return journal.model_copy(update=update) if new or tested else journal


def is_current(journal: Journal, target: Target) -> bool:
    """Return whether a target is still open and has not been replaced by another one for the same gang."""
    return journal.targets.get(target.key) == target


def dropped(journal: Journal, targets: Iterable[Target]) -> Journal:
    """Return the journal without these targets, as if they had never been; replaced ones stay as they are."""
    gone = {one.key for one in targets if is_current(journal, one)}
    kept = {name: one for name, one in journal.targets.items() if name not in gone}
    return journal.model_copy(update={"targets": kept})


def completed(journal: Journal, targets: Iterable[Target]) -> Journal:
    """Return the journal without targets that were reached; what was switched on needs no restoring."""
    done = list(targets)
    restored = {one.key for one in done if one.on and is_current(journal, one)}
    to_restore = {name: at for name, at in journal.to_restore.items() if name not in restored}
    tested = {name: at for name, at in journal.tested.items() if name not in restored}
    journal = not_seen_on(journal, (one.key for one in done if not one.on))
    return dropped(journal, done).model_copy(update={"to_restore": to_restore, "tested": tested})


def given_up(journal: Journal, targets: Iterable[Target]) -> Journal:
    """Return the journal after giving up on a plug that does not stay as it is switched.

    Its readings may be late, so one that is off after all is still restored; it is only not switched off again.
    """
    left = list(targets)
    returns = {one.key: MAX_RETURNS for one in left if not one.on}
    return completed(journal, left).model_copy(update={"returns": journal.returns | returns})


def expired(journal: Journal, now: datetime) -> tuple[Target, ...]:
    """Return people's targets that nobody expects any more, and those of an age that nobody knows.

    What the grid wants too waits until the grid changes.
    """
    mortal = (
        one for one in journal.targets.values() if not (one.by_grid or one.gives_back or one.grid_wants is one.on)
    )
    ages = ((one, elapsed(one.since, now)) for one in mortal)
    return tuple(one for one, age in ages if age is None or age > COMMAND_EXPIRES)


def after_expiry(journal: Journal, late: Iterable[Target], now: datetime) -> Journal:
    """Return the journal without expired targets: an outage switches off again what a person could not switch on."""
    journal = ended(journal, late, now)
    gone = [one for one in late if is_current(journal, one)]
    back = [
        target(one.plug, one.gang, on=False, by=BY_GRID, now=now, transition_id=journal.handled)
        for one in gone
        if one.grid_wants is False
    ]
    rest = dropped(journal, gone)
    return rest.model_copy(update={"targets": rest.targets | {one.key: one for one in back}})


def _is_valid(target: Target, plug: Plug, rules: Rules, grid: GridState | None, now: datetime) -> bool:
    if target.gives_back:
        return True
    if target.is_test:
        return rules.may_switch(plug) and bool(grid and is_certain(grid, now) and grid.state is Grid.ON)
    if not rules.may_switch(plug) or not target.by_grid:
        return rules.may_switch(plug)
    return bool(grid and is_certain(grid, now) and grid.state is (Grid.ON if target.on else Grid.OFF))
