"""What is derived along with the readings, before upkeep has seen them: runs of the grid and five-minute steps."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select

from services.recorder import running
from services.recorder.rollups import Rollups
from services.recorder.running import appended
from services.recorder.store import add_rows
from shared.history.derived import INVERTERS, STEP_MS, grid_run, rollup_due
from shared.history.engine import writer
from shared.history.grid_run import GridRun
from shared.history.grid_runs import runs_from_rows, stored_runs
from shared.history.readings import ALWAYS
from shared.history.tables import grid_state, inverter_state, metadata
from shared.messages import Grid

MINUTE_MS = 60_000


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    engine = writer(tmp_path_factory.mktemp("running") / "easun.db")
    with engine.connect() as connection:
        metadata.create_all(connection)
        yield connection
    engine.dispose()


def emptied(connection: Connection) -> Connection:
    for table in (grid_state, inverter_state, INVERTERS.rollup, grid_run, rollup_due):
        connection.execute(delete(table))
    return connection


def row(table: Any, device: str, at: int, **values: Any) -> tuple[Any, ...]:
    given = {"device": device, "at": at} | values
    return tuple(given.get(column.name) for column in table.columns)


def grid(minute: int, state: Grid, since: int) -> tuple[Any, ...]:
    return row(grid_state, "grid", minute * MINUTE_MS, state=state.value, since=since * MINUTE_MS)


def batches(row: st.SearchStrategy[Any]) -> st.SearchStrategy[list[list[Any]]]:
    """Return batches in any order, with duplicates."""
    return st.lists(st.lists(row, min_size=1, max_size=5), min_size=1, max_size=6)


GRID = st.builds(grid, st.integers(0, 25), st.sampled_from(Grid), st.integers(0, 2))
FLOW = [grid(minute, Grid.OFF if 2 <= minute < 4 else Grid.ON, minute // 2 * 2) for minute in range(8)]


@settings(max_examples=60)
@given(arriving=batches(GRID))
@example(arriving=[[row] for row in FLOW])
@example(arriving=[[row] for row in reversed(FLOW)])
@example(arriving=[FLOW[:3], FLOW[:5], FLOW[4:]])
def test_runs_of_rows_in_any_order_are_those_of_all_rows(
    connection: Connection, arriving: Sequence[Sequence[Any]]
) -> None:
    emptied(connection)
    for rows in arriving:
        add_rows(connection, {grid_state: rows})
        assert stored_runs(connection, "") == runs_from_rows(connection, "", *ALWAYS)


def test_runs_that_go_on_are_not_computed_from_the_rows(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "refresh_runs", lambda *_: pytest.fail("recomputed"))
    emptied(connection)
    for one in FLOW:
        add_rows(connection, {grid_state: [one]})
    assert [(run.last - run.at, run.state) for run in stored_runs(connection, "")] == [
        (MINUTE_MS, Grid.ON),
        (MINUTE_MS, Grid.OFF),
        (MINUTE_MS, Grid.ON),
        (MINUTE_MS, Grid.ON),
    ]


READING = st.builds(
    lambda minute, watts: row(inverter_state, "main", minute * MINUTE_MS, load_power_w=watts),
    st.integers(0, 12),
    st.integers(0, 3000),
)


@settings(max_examples=25)
@given(arriving=batches(READING))
def test_steps_of_readings_in_any_order_are_those_of_all_readings(
    connection: Connection, arriving: Sequence[Sequence[Any]]
) -> None:
    emptied(connection)
    step = INVERTERS.rollup.c
    figures = select(step.at, step.n, step.load_power_w_min, step.load_power_w_mean, step.load_power_w_max)
    for rows in arriving:
        add_rows(connection, {inverter_state: rows})
        running_steps = connection.execute(figures.order_by(step.at)).all()
        for at in range(0, 15 * MINUTE_MS, STEP_MS):
            Rollups(connection, INVERTERS, ["main"]).refresh_steps(at, at + STEP_MS)
        exact = connection.execute(figures.order_by(step.at)).all()
        assert [tuple(one) for one in running_steps] == [pytest.approx(tuple(one)) for one in exact]


def test_a_run_that_is_not_newer_does_not_follow() -> None:
    last = GridRun(0, 5, Grid.ON, 0)
    assert appended(last, [GridRun(6, 6, Grid.ON, 0), GridRun(5, 5, Grid.ON, 0)]) is None
    assert appended(last, [GridRun(7, 7, Grid.OFF, 7), GridRun(6, 6, Grid.ON, 0)]) == [
        GridRun(0, 6, Grid.ON, 0),
        GridRun(7, 7, Grid.OFF, 7),
    ]
    assert appended(None, [last]) == [last]
