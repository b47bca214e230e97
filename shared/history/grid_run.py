"""A run of the grid: consecutive rows of grid_state with the same state and beginning, pure."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from shared.messages import Grid

SILENCE = timedelta(minutes=5)
"""How long after its last row a state is still assumed; after that it is unknown."""


class GridRun(NamedTuple):
    """The first and the last row of a run, in ms; `since` is when the state itself began."""

    at: int
    last: int
    state: Grid
    since: int


def merge_runs(runs: Iterable[GridRun]) -> list[GridRun]:
    """Merge neighbours with the same state and beginning."""
    merged: list[GridRun] = []
    for run in runs:
        if merged and (merged[-1].state, merged[-1].since) == (run.state, run.since):
            merged[-1] = GridRun(merged[-1].at, run.last, run.state, run.since)
        else:
            merged.append(run)
    return merged
