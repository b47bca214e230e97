"""Commands of people: what they change in the journal, and why one is refused. Pure."""

from datetime import datetime

from services.tuya.grid_rules import Rules, in_place_of, not_seen_on, target
from services.tuya.journal import Journal, key
from services.tuya.plug import Plug
from shared.conditions import Reason, plugs
from shared.freshness import COMMAND_HOLDS, fresh
from shared.messages import BY_GRID, Grid, GridState, PlugCommand, PlugSetup


def on_command(journal: Journal, plug: Plug, command: PlugCommand, grid: GridState | None, now: datetime) -> Journal:
    """Return the journal after a command: from now on the gang is the person's, not the grid's.

    What should be off is not restored by the grid. What should be on still is, until the command has succeeded. Where
    the grid had not had its way yet, the target remembers what it wanted: a command may expire, an outage does not.
    """
    gangs = [command.gang] if command.gang else list(plug.gangs)
    transition = grid.transition_id if grid and grid.state is not Grid.UNKNOWN else None
    new = [
        in_place_of(
            target(plug.id, gang, on=command.on, by=command.by, now=now, transition_id=transition),
            journal.targets.get(key(plug.id, gang)),
        )
        for gang in gangs
    ]
    targets = {one.key: one.model_copy(update={"gives_back": one.on and one.key in journal.tested}) for one in new}
    to_restore = {name: at for name, at in journal.to_restore.items() if command.on or name not in targets}
    tested = {name: at for name, at in journal.tested.items() if command.on or name not in targets}
    update = {"to_restore": to_restore, "tested": tested, "targets": journal.targets | targets}
    journal = journal if command.on else not_seen_on(journal, targets)
    return journal.model_copy(update=update)


def give_back(journal: Journal, plug: Plug, by: str, now: datetime) -> Journal:
    """Return the journal for a plug that may no longer be switched: what the grid has switched off comes back."""
    off = [gang for gang in plug.gangs if key(plug.id, gang) in journal.to_restore | journal.tested]
    asked = [target(plug.id, gang, on=True, by=by, now=now, transition_id=journal.handled) for gang in off]
    others = {name: one for name, one in journal.targets.items() if one.plug != plug.id or one.gives_back}
    back = {one.key: one.model_copy(update={"gives_back": True}) for one in asked}
    return journal.model_copy(update={"targets": others | back})


def setup_refusal(plug: Plug | None, setup: PlugSetup, now: datetime) -> Reason | None:
    """Return why a change of the list is refused, or None."""
    if plug is None:
        return plugs.UNKNOWN_PLUG()
    return None if fresh(setup.at, now, COMMAND_HOLDS) else plugs.COMMAND_TOO_OLD()


def refusal(plug: Plug | None, command: PlugCommand, rules: Rules, now: datetime) -> Reason | None:
    """Return why a command is refused, or None."""
    if plug is None:
        return plugs.UNKNOWN_PLUG()
    if plug.protected:
        return plugs.protected(name=plug.title)
    if not rules.may_switch(plug):
        return plugs.disabled(name=plug.title)
    return _refusal_of(command, plug, now)


def _refusal_of(command: PlugCommand, plug: Plug, now: datetime) -> Reason | None:
    if command.gang and command.gang not in plug.gangs:
        return plugs.no_such_gang(name=plug.title, gang=command.gang, gangs=", ".join(plug.gangs))
    if command.by == BY_GRID:
        return plugs.NAMED_GRID()
    if not fresh(command.at, now, COMMAND_HOLDS):
        return plugs.COMMAND_TOO_OLD()
    return None
