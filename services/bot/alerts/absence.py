"""What the grid did while the bot was away or cut off, as the recorder knows it: no guesses. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.state import AlertState, ReportedGrid
from shared.freshness import predates
from shared.messages import Grid, GridState, Window

SLACK = timedelta(seconds=5)
"""The recorder and the poller may date the same transition this far apart."""


def is_gap(state: AlertState, grid: GridState | None) -> bool:
    """Whether the grid has changed since the last transition we know."""
    last = state.grid
    known = grid is not None and grid.state is not Grid.UNKNOWN and grid.transition_id is not None
    return known and last is not None and grid is not None and grid.transition_id != last.key


def has_changed_unseen(state: AlertState, grid: GridState | None, now: datetime) -> bool:
    """Whether the grid's state is the one we know, but of a later transition: it has changed twice, unseen."""
    last = state.grid
    if last is None or grid is None or not is_gap(state, grid):
        return False
    return grid.state is last.state and not predates(grid.at, last.since, now)


def is_complete(grid: GridState, recorded: Sequence[Window]) -> bool:
    """Whether the recorder has caught up with the present state."""
    return any(abs((one.end if grid.state is Grid.ON else one.start) - grid.since) <= SLACK for one in recorded)


def caught_up(
    state: AlertState, grid: GridState, recorded: Sequence[Window], now: datetime
) -> tuple[AlertState, list[Alert]]:
    """Report the outages that are over, and leave the transition to the present state to the ordinary rule.

    recorded are the outages since the last transition we know, in order, including the present one. If the recorder
    does not know the present state, nothing changes.
    """
    last = state.grid
    if last is None or not is_complete(grid, recorded):
        return state, []
    if grid.state is Grid.ON:
        present = next(one for one in recorded if abs(one.end - grid.since) <= SLACK)
        over = [one for one in recorded if one.end < present.start]
        before = last if _is_same(last, present) else _reported(last, Grid.OFF, present.start)
    else:
        over = [one for one in recorded if one.end <= grid.since - SLACK]
        before = _reported(last, Grid.ON, over[-1].end) if over else last
    if before is not last:
        state = state.model_copy(update={"grid": before})
    if not over:
        return state, []
    alert = Alert(
        kind=AlertKind.GRID_MISSED,
        key=f"grid/{grid.transition_id}/missed",
        at=over[-1].end,
        stored_at=now,
        began=over[0].start,
        missed=tuple(over),
    )
    return state, [alert]


def _is_same(last: ReportedGrid, present: Window) -> bool:
    return last.state is Grid.OFF and abs(last.since - present.start) <= SLACK


def _reported(last: ReportedGrid, state: Grid, since: datetime) -> ReportedGrid:
    return last.model_copy(
        update={"state": state, "since": since, "key": f"recorded-{since.isoformat()}", "unreported": 0, "began": None}
    )
