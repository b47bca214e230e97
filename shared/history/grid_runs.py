"""The runs of the grid in the database: stored, or computed from the rows of grid_state."""

from typing import Any

from sqlalchemy import Connection, func, select

from shared.history.derived import grid_run
from shared.history.grid_run import GridRun
from shared.history.homes import in_home
from shared.history.tables import grid_state
from shared.messages import Grid


def stored_runs(connection: Connection, home: str, *conditions: Any) -> list[GridRun]:
    """Return the runs of a home in the table grid_run that meet the conditions, in order of time."""
    run = grid_run.c
    query = select(run.at, run.last, run.state, run.since).where(run.home == home, *conditions).order_by(run.at)
    return [GridRun(at, last, Grid(state), since) for at, last, state, since in connection.execute(query)]


def runs_from_rows(connection: Connection, home: str, start: int, end: int) -> list[GridRun]:
    """Return the runs within a home's rows of grid_state from `start` up to `end`."""
    if start >= end:
        return []
    row = grid_state.c
    where = (row.device == in_home(home, "grid"), row.at >= start, row.at < end)
    before = [func.lag(column).over(order_by=row.at) for column in (row.at, row.state, row.since)]
    names = ("last_before", "state_before", "since_before")
    labelled = [column.label(name) for column, name in zip(before, names, strict=True)]
    rows = select(row.at, row.state, row.since, *labelled).where(*where).subquery()
    changed = rows.c.state_before.is_distinct_from(rows.c.state) | (rows.c.since_before != rows.c.since)
    query = select(rows.c.at, rows.c.state, rows.c.since, rows.c.last_before).where(changed).order_by(rows.c.at)
    found = connection.execute(query).all()
    final = connection.execute(select(func.max(row.at)).where(*where)).scalar()
    ends = [*(first.last_before for first in found[1:]), final]
    return [GridRun(one.at, last, Grid(one.state), one.since) for one, last in zip(found, ends, strict=bool(found))]
