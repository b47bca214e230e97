"""Runs of the grid, merged and read from rows."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete

from shared.history.derived import grid_run
from shared.history.engine import writer
from shared.history.grid_run import GridRun, merge_runs
from shared.history.grid_runs import runs_from_rows, stored_runs
from shared.history.tables import grid_state, metadata
from shared.messages import Grid


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = writer(tmp_path / "easun.db")
    with engine.begin() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def test_stored_runs_are_ordered_and_filtered(connection: Connection) -> None:
    runs = [GridRun(0, 1, Grid.ON, 0), GridRun(2, 3, Grid.OFF, 2), GridRun(4, 5, Grid.UNKNOWN, 4)]
    connection.execute(grid_run.insert(), [run._asdict() | {"state": run.state.value} for run in reversed(runs)])
    assert stored_runs(connection, "") == runs
    assert stored_runs(connection, "", grid_run.c.at > 0, grid_run.c.last < 5) == [runs[1]]


def test_neighbours_with_the_same_state_and_beginning_are_merged() -> None:
    runs = [
        GridRun(0, 1, Grid.ON, 0),
        GridRun(2, 3, Grid.ON, 0),
        GridRun(4, 4, Grid.ON, 4),
        GridRun(5, 5, Grid.OFF, 4),
        GridRun(6, 7, Grid.ON, 4),
    ]
    assert merge_runs(runs) == [GridRun(0, 3, Grid.ON, 0), *runs[2:]]


ROWS = st.lists(st.tuples(st.sampled_from(Grid), st.integers(0, 2)), max_size=20)


@given(states=ROWS, start=st.integers(0, 20), end=st.integers(0, 22))
def test_runs_from_rows_are_the_merged_rows(
    connection: Connection, states: list[tuple[Grid, int]], start: int, end: int
) -> None:
    connection.execute(delete(grid_state))
    for at, (state, since) in enumerate(states):
        row = {"device": "grid", "at": at, "state": state.value, "since": since}
        connection.execute(grid_state.insert(), row)
    rows = [(at, *values) for at, values in enumerate(states) if start <= at < end]
    groups = [list(group) for _, group in groupby(rows, key=lambda row: row[1:])]
    expected = [GridRun(group[0][0], group[-1][0], group[0][1], group[0][2]) for group in groups]
    assert runs_from_rows(connection, "", start, end) == expected
    assert stored_runs(connection, "") == []
