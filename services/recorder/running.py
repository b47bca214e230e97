"""Updates the running five-minute step and the open run of the grid, in the transaction of the readings.

So charts need only the roll-ups. Upkeep recomputes them exactly once a minute, and everything that arrives late.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Table,
    Text,
    bindparam,
    column,
    func,
    insert,
    select,
    tuple_,
    update,
    values,
)

from services.recorder.ledger import Horizons, lock_runs
from services.recorder.outage_records import refresh_runs
from services.recorder.rollups import Rollups, extend_steps
from services.recorder.rows import Row
from services.recorder.statements import plain
from shared.history.derived import SOURCES, STEP_MS, Source, grid_run
from shared.history.grid_run import GridRun, merge_runs
from shared.history.homes import split_name
from shared.history.readings import ALWAYS
from shared.history.tables import grid_state
from shared.messages import Grid

AT, STATE, SINCE = (grid_state.columns.keys().index(name) for name in ("at", "state", "since"))
THIS: Any = (grid_run.c.home == bindparam("of_home"), grid_run.c.at == bindparam("began"))
EXTEND = update(grid_run).values(last=bindparam("until")).where(*THIS)
APPEND = insert(grid_run).values({name: bindparam(name) for name in ("home", *GridRun._fields)})


def keep_running(
    connection: Connection, table: Table, rows: Sequence[Row], horizons: Horizons, *, complete: bool
) -> Sequence[Row]:
    """Add new rows of a table to what is derived from it; `complete` if all of them are new.

    If readings were purged, what was derived from them stays. Return the rows that upkeep also has to see: all except
    those of a grid that is still on.
    """
    source = SOURCES.get(table.name)
    if source is None and table is not grid_state:
        return rows
    horizon = horizons.get(table.name, ALWAYS[0])
    kept = [row for row in rows if row[AT] >= horizon]
    if not kept:
        return rows
    if source is None:
        changed = _keep_runs(connection, kept, complete=complete)
        return [row for row in rows if row[0] in changed]
    _keep_steps(connection, source, kept, complete=complete)
    return rows


def _keep_steps(connection: Connection, source: Source, rows: Sequence[Row], *, complete: bool) -> None:
    if complete:
        extend_steps(connection, source, rows)
        return
    for device, at in sorted({(row[0], row[AT] // STEP_MS * STEP_MS) for row in rows}):
        Rollups(connection, source, [device]).refresh_steps(at, at + STEP_MS)


def _keep_runs(connection: Connection, rows: Sequence[Row], *, complete: bool) -> set[str]:
    """Append rows to the runs of the grid, recompute runs around late rows; return the grids that are not just on."""
    lock_runs(connection, {row[0] for row in rows})
    # if not all are new, some repeat the row before, and are not stored
    stored = [(row[0], row[AT], row[STATE], row[SINCE]) for row in rows] if complete else _stored(connection, rows)
    by_device: dict[str, list[GridRun]] = {}
    for device, at, state, since in stored:
        by_device.setdefault(device, []).append(GridRun(at, at, Grid(state), since))
    last = _last_runs(connection, [split_name(device)[0] for device in by_device]) if by_device else {}
    written, changed = _Written([], []), set()
    for device, news in by_device.items():
        home, _ = split_name(device)
        before = last.get(home)
        runs = appended(before, news)
        if runs is None:
            refresh_runs(connection, home, min(one.at for one in news), max(one.at for one in news) + 1)
        else:
            written.add(home, before, runs)
        if runs is None or len(runs) > 1 or runs[0].state is not Grid.ON or not before:
            changed.add(device)
    written.execute(connection)
    return changed


class _Written(NamedTuple):
    """The changes to the runs of all homes, one statement for each kind."""

    extended: list[tuple[int, str, int]]
    new: list[tuple[Any, ...]]

    def add(self, home: str, before: GridRun | None, runs: Sequence[GridRun]) -> None:
        """Extend the last run, and append the others."""
        if before:
            self.extended.append((runs[0].last, home, before.at))
        self.new.extend((home, run.at, run.last, run.state.value, run.since) for run in (runs[1:] if before else runs))

    def execute(self, connection: Connection) -> None:
        """Write them."""
        for query, parameters in ((EXTEND, self.extended), (APPEND, self.new)):
            if parameters:
                connection.exec_driver_sql(plain(query, connection.dialect.name), parameters)


def _stored(connection: Connection, rows: Sequence[Row]) -> Sequence[Any]:
    row = grid_state.c
    keys = tuple_(row.device, row.at).in_([one[:2] for one in rows])
    return connection.execute(select(row.device, row.at, row.state, row.since).where(keys)).all()


def appended(last: GridRun | None, rows: Sequence[GridRun]) -> list[GridRun] | None:
    """Return the last run, if there is one, and those of rows that follow it, merged; None if any does not. Pure."""
    ordered = sorted(rows)
    if last and ordered[0].at <= last.last:
        return None
    return merge_runs([*([last] if last else []), *ordered])


def _last_runs(connection: Connection, homes: Sequence[str]) -> dict[str, GridRun]:
    """Return the last run of each home, by a seek each."""
    asked = values(column("home", Text()), name="asked").data([(home,) for home in homes]).cte("asked")
    run, other = grid_run.c, grid_run.alias().c
    newest = select(func.max(other.at)).where(other.home == asked.c.home).scalar_subquery()
    query = select(run.home, run.at, run.last, run.state, run.since)
    query = query.join_from(asked, grid_run, (run.home == asked.c.home) & (run.at == newest))
    return {home: GridRun(at, last, Grid(state), since) for home, at, last, state, since in connection.execute(query)}
