"""Keeps the running five-minute step and the open run of the grid, in the transaction of the readings.

So a chart is read from the roll-ups alone. Upkeep recomputes them exactly once a minute, and everything late.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, Text, bindparam, column, func, select, tuple_, update, values

from services.recorder.ledger import lock_upkeep, purge_horizon
from services.recorder.outage_records import refresh_runs
from services.recorder.rollups import Rollups, extend_steps
from services.recorder.rows import Row
from shared.history.derived import SOURCES, STEP_MS, grid_run
from shared.history.homes import split_name
from shared.history.tables import grid_state
from shared.messages import Grid


def keep_running(connection: Connection, table: Table, rows: Sequence[Row], *, complete: bool) -> Sequence[Row]:
    """Add new rows of a table to what is derived from it; `complete` if none of them was there before.

    Where the readings were purged, what was derived from them stays. Return the rows that upkeep has to see, too: all
    but those of a grid that is just on, as before.
    """
    source = SOURCES.get(table.name)
    if source is None and table is not grid_state:
        return rows
    horizon = purge_horizon(connection, table.name)
    kept = [row for row in rows if row[1] >= horizon]
    if not kept:
        return rows
    if source is None:
        lock_upkeep(connection)
        changed = _extend_runs(connection, kept)
        return [row for row in rows if row[0] in changed]
    if complete:
        extend_steps(connection, source, kept)
    else:
        for device, at in sorted({(row[0], row[1] // STEP_MS * STEP_MS) for row in kept}):
            Rollups(connection, source, [device]).refresh_steps(at, at + STEP_MS)
    return rows


def _extend_runs(connection: Connection, rows: Sequence[Row]) -> set[str]:
    """Add rows to the last runs of the grid where they say the same, else recompute; return what is not just on."""
    stored: dict[str, list[Any]] = {}
    row = grid_state.c
    keys = tuple_(row.device, row.at).in_([one[:2] for one in rows])
    query = select(row.device, row.at, row.state, row.since).where(keys).order_by(row.device, row.at)
    for one in connection.execute(query):
        stored.setdefault(one.device, []).append(one)
    last = _last_runs(connection, [split_name(device)[0] for device in stored]) if stored else {}
    longer, changed = [], {device for device, news in stored.items() if news[-1].state != Grid.ON.value}
    for device, news in stored.items():
        home, _ = split_name(device)
        run = last.get(home)
        if run and news[0].at > run.last and {(new.state, new.since) for new in news} == {(run.state, run.since)}:
            longer.append({"of_home": home, "of_at": run.at, "last": news[-1].at})
        else:
            refresh_runs(connection, home, news[0].at, news[-1].at + 1)
            changed.add(device)
    if longer:
        this = grid_run.c.home == bindparam("of_home"), grid_run.c.at == bindparam("of_at")
        connection.execute(update(grid_run).where(*this).values(last=bindparam("last")), longer)
    return changed


def _last_runs(connection: Connection, homes: Sequence[str]) -> dict[str, Any]:
    """Return the last run of each home, by a seek each."""
    asked = values(column("home", Text()), name="asked").data([(home,) for home in homes]).cte("asked")
    run, other = grid_run.c, grid_run.alias().c
    newest = select(func.max(other.at)).where(other.home == asked.c.home).scalar_subquery()
    query = select(run.home, run.at, run.last, run.state, run.since)
    query = query.join_from(asked, grid_run, (run.home == asked.c.home) & (run.at == newest))
    return {one.home: one for one in connection.execute(query)}
