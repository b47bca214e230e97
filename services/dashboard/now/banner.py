"""The sentence at the top: whether the grid is there, since when, and for how long, pure."""

from services.dashboard.wording import Clock
from shared.broker_state import BrokerState
from shared.freshness import CLOCK_SLACK
from shared.live_figures import live_figures
from shared.messages import Grid, GridState
from shared.texts.localizer import JOINED


def banner(snapshot: BrokerState, clock: Clock) -> dict[str, str]:
    """Return the sentence, and after it how long that has lasted or what was known last."""
    grid = snapshot.grid
    if grid is None:
        return _says(clock("now.grid_unheard"))
    if grid.at > clock.now + CLOCK_SLACK:
        return _says(clock("now.clock_ahead", at=clock.second(grid.at)))
    if not snapshot.connected:
        return _says(clock("now.last_known", grid=_last_known(grid, clock)))
    if grid.state is Grid.UNKNOWN or not clock.fresh(grid.at):
        return _no_contact(grid, clock)
    sentence = clock("now.grid_on" if grid.state is Grid.ON else "now.grid_off", since=clock.since(grid.since))
    return _says(sentence, clock("now.lasting", duration=clock.lasted(clock.now - grid.since)))


def banner_state(snapshot: BrokerState, clock: Clock) -> str:
    """Return on, off or unknown: what may be said of this moment."""
    grid = live_figures(snapshot, clock.now, clock.fresh_for).grid
    return grid.state.value if grid and snapshot.connected else Grid.UNKNOWN.value


def _says(sentence: str, lasting: str = "") -> dict[str, str]:
    return {"banner": sentence, "lasting": lasting}


def _no_contact(grid: GridState, clock: Clock) -> dict[str, str]:
    since = grid.since if grid.state is Grid.UNKNOWN else grid.at
    known = clock("now.last_known", grid=_last_known(grid, clock)).lower()
    was_known = grid.state is not Grid.UNKNOWN or grid.last_known is not None
    return _says(clock("now.no_contact", since=clock.since(since)), f"{JOINED}– {known}" if was_known else "")


def _last_known(grid: GridState, clock: Clock) -> str:
    state = grid.state if grid.state is not Grid.UNKNOWN else grid.last_known
    return clock(f"grid.{(state or Grid.UNKNOWN).value}")
