"""The plugs, rules and messages that the tests of pure modules share."""

from datetime import UTC, datetime, timedelta

from services.tuya import grid_rules
from services.tuya.grid_rules import Rules
from services.tuya.journal import Journal
from services.tuya.plug import Plug
from shared.messages import Grid, GridState

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
SOON = NOW + timedelta(seconds=1)
DELAY, PAUSE = timedelta(seconds=60), timedelta(seconds=2)
RULES = Rules(turn_off=True, turn_on=True, restore_delay=DELAY, restore_pause=PAUSE)
PLUGS = {
    "boiler": Plug(id="boiler", priority=2),
    "kettle": Plug(id="kettle", priority=1, gangs=["switch_1", "switch_2"]),
    "router": Plug(id="router", protected=True),
    "spare": Plug(id="spare", enabled=False),
}
KNOWN = Journal(handled="t1")


def changed(journal: Journal, message: GridState, rules: Rules = RULES, stable_for: timedelta = DELAY) -> Journal:
    return grid_rules.on_grid(journal, message, PLUGS, rules, NOW, stable_for=stable_for)


def grid(state: Grid, id_: str | None, *, age_s: float = 0) -> GridState:
    at = NOW - timedelta(seconds=age_s)
    return GridState(at=at, state=state, since=at, transition_id=id_)
