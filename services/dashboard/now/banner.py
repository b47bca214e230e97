"""The headline: whether the power is on, since when and for how long, pure."""

from datetime import datetime, timedelta

from shared.broker_state import BrokerState
from shared.freshness import CLOCK_SLACK, fresh
from shared.live_figures import live_figures
from shared.messages import Grid, GridState
from shared.texts.localizer import NO_BREAK, Localizer
from shared.trusted_time import is_unset


def banner(snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta) -> dict[str, str]:
    """Return the headline, and how long that has lasted or what was known last."""
    grid = snapshot.grid
    if grid is None:
        return _banner(localizer("now.grid_unheard"))
    is_incomparable = is_unset(localizer.now) and not is_unset(grid.at)  # measured before the machine was started
    if grid.at > localizer.now + CLOCK_SLACK and not is_incomparable:
        return _banner(localizer("now.clock_ahead", at=localizer.second(grid.at)))
    if not snapshot.connected or is_incomparable:
        return _banner(localizer("now.last_known", grid=_last_known(grid, localizer)))
    if grid.state is Grid.UNKNOWN or not fresh(grid.at, localizer.now, fresh_for):
        return _no_contact(grid, localizer)
    return _certain(grid, localizer)


def _certain(grid: GridState, localizer: Localizer) -> dict[str, str]:
    length = localizer.lasted(localizer.now - grid.since)
    if is_unset(grid.since):
        state = localizer(f"grid.{grid.state.value}")
        return _banner(state[0].upper() + state[1:], localizer("now.lasting_at_least", duration=length))
    sentence = localizer("now.grid_on" if grid.state is Grid.ON else "now.grid_off", since=localizer.since(grid.since))
    return _banner(sentence, localizer("now.lasting", duration=length) + _phases_off(grid, localizer))


def banner_state(snapshot: BrokerState, now: datetime, fresh_for: timedelta) -> str:
    """Return on, off or unknown, for right now."""
    grid = live_figures(snapshot, now, fresh_for).grid
    return grid.state.value if grid and snapshot.connected else Grid.UNKNOWN.value


def _phases_off(grid: GridState, localizer: Localizer) -> str:
    """Return which phases are gone while others are there."""
    lost = ", ".join(str(phase) for phase, is_there in (grid.phases or {}).items() if is_there is False)
    if not lost or grid.state is not Grid.ON:
        return ""
    return f"{NO_BREAK}– {localizer('now.phases_off', phases=lost)}"


def _banner(sentence: str, lasting: str = "") -> dict[str, str]:
    return {"banner": sentence, "lasting": lasting}


def _no_contact(grid: GridState, localizer: Localizer) -> dict[str, str]:
    since = grid.since if grid.state is Grid.UNKNOWN else grid.at
    known = localizer("now.last_known", grid=_last_known(grid, localizer)).lower()
    was_known = grid.state is not Grid.UNKNOWN or grid.last_known is not None
    return _banner(
        localizer("now.no_contact", since=localizer.since(since)), f"{NO_BREAK}– {known}" if was_known else ""
    )


def _last_known(grid: GridState, localizer: Localizer) -> str:
    state = grid.state if grid.state is not Grid.UNKNOWN else grid.last_known
    return localizer(f"grid.{(state or Grid.UNKNOWN).value}")
