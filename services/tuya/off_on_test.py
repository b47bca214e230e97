"""Switching a plug off and on, as its owner wants to see that it works. Pure: the next journal.

What was on is marked in the journal before it is switched off, and switched on again whatever happens: a failure, a
kill, a plug that is protected meanwhile. An outage that comes in between takes the plug over (grid_rules.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.tuya.grid_rules import GangStates, Rules, is_certain, target
from services.tuya.journal import Journal, Target, key
from services.tuya.plug import Plug
from shared.conditions import Reason, plugs
from shared.messages import Grid, GridState


@dataclass(frozen=True)
class OffOnTest:
    """When a test ended, and why it failed; None if the plug went off and on again."""

    at: datetime
    reason: Reason | None = None


def refusal_of_test(journal: Journal, plug: Plug, rules: Rules, grid: GridState | None, now: datetime) -> Reason | None:
    """Return why a plug cannot be tested; None if it can."""
    if plug.protected:
        return plugs.protected(name=plug.title)
    if not rules.may_switch(plug):
        return plugs.disabled(name=plug.title)
    if grid is None or grid.state is not Grid.ON or not is_certain(grid, now):
        return plugs.TEST_WITHOUT_POWER()
    awaits_restoring = any(key(plug.id, gang) in journal.to_restore for gang in plug.gangs)
    is_busy = awaits_restoring or any(one.plug == plug.id for one in journal.targets.values())
    return plugs.TEST_BUSY() if is_busy else None


def begun(journal: Journal, plug: Plug, by: str, now: datetime) -> Journal:
    """Return the journal of a test that begins."""
    usual = [target(plug.id, gang, on=False, by=by, now=now, transition_id=journal.handled) for gang in plug.gangs]
    tests = {one.key: one.model_copy(update={"is_test": True}) for one in usual}
    return journal.model_copy(update={"targets": journal.targets | tests})


def first_halves(targets: Iterable[Target]) -> tuple[Target, ...]:
    """Return the targets of a test that have still to be switched off."""
    return tuple(one for one in targets if one.is_test and not one.on)


def not_testable(targets: Iterable[Target], reading: GangStates | None) -> tuple[Target, ...]:
    """Return the targets of a test whose gang is not known to be on; these are left alone."""
    return tuple(one for one in first_halves(targets) if not (reading or {}).get(one.gang))


def went_off(journal: Journal, targets: Iterable[Target], reading: GangStates | None) -> bool:
    """Return whether gangs that the test found on are off now."""
    return all(one.key in journal.tested and (reading or {}).get(one.gang) is False for one in targets)


def ended(journal: Journal, targets: Iterable[Target], now: datetime) -> Journal:
    """Return the journal after a test's first half: what was on, and may be off now, has to be switched on."""
    over = [one for one in first_halves(targets) if journal.targets.get(one.key) == one]
    second = {"on": True, "gives_back": True, "since": now, "not_before": now}
    back = {one.key: one.model_copy(update=second) for one in over if one.key in journal.tested}
    gone = {one.key for one in over}
    others = {name: one for name, one in journal.targets.items() if name not in gone}
    return journal.model_copy(update={"targets": others | back}) if over else journal
