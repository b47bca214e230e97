"""Keeps the running five-minute step and the open run of the grid, in the transaction of the readings.

So a chart is read from the roll-ups alone. Upkeep recomputes them exactly once a minute, and everything late.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, Table

from services.recorder.ledger import lock_upkeep, purge_horizon
from services.recorder.outage_records import refresh_runs
from services.recorder.rollups import Rollups, extend_steps
from services.recorder.rows import Row
from shared.history.derived import SOURCES, STEP_MS
from shared.history.homes import split_name
from shared.history.tables import grid_state


def keep_running(connection: Connection, table: Table, rows: Sequence[Row], *, complete: bool) -> None:
    """Add new rows of a table to what is derived from it; `complete` if none of them was there before.

    Where the readings were purged, what was derived from them stays.
    """
    source = SOURCES.get(table.name)
    if source is None and table is not grid_state:
        return
    horizon = purge_horizon(connection, table.name)
    kept = [row for row in rows if row[1] >= horizon]
    if not kept:
        return
    if source is None:
        lock_upkeep(connection)
        for device, times in _times_by_device(kept).items():
            refresh_runs(connection, split_name(device)[0], min(times), max(times) + 1)
    elif complete:
        extend_steps(connection, source, kept)
    else:
        for device, at in sorted({(row[0], row[1] // STEP_MS * STEP_MS) for row in kept}):
            Rollups(connection, source, device).refresh_steps(at, at + STEP_MS)


def _times_by_device(rows: Sequence[Row]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(row[1])
    return found
