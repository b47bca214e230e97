"""Creates the partitions of the next days on PostgreSQL, and drops those whose readings are all compressed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, Table

from services.recorder.ledger import lock_upkeep
from services.recorder.store import Store
from shared.errors import StorageError
from shared.history.derived import DAY_MS
from shared.history.partitions import PERIODS_MS, create_partitions, drop_partition, partitioned
from shared.history.tables import to_ms

BEHIND_MS, AHEAD_MS = 6 * DAY_MS, 3 * DAY_MS
"""Partitions exist before their first reading, and new ones are younger than what is deleted."""


def tend_partitions(store: Store, now: datetime, compress_after: timedelta) -> bool:
    """Create and drop what is due; return whether there was anything. A table in use is left for next time."""
    at, compressed_by = to_ms(now), to_ms(now - compress_after)
    return any(
        _if_free(store, partial(work, table=table))
        for table in PERIODS_MS
        for work in (
            partial(_create, start=at - BEHIND_MS, end=at + AHEAD_MS),
            partial(_drop_empty, ended_by=compressed_by),
        )
    )


def _if_free(store: Store, work: Callable[[Connection], bool]) -> bool:
    try:
        return store.run(work)
    except StorageError:  # if the database cannot be written, the next statement reports it
        return False


def _create(connection: Connection, table: Table, start: int, end: int) -> bool:
    if not partitioned(connection, table):
        return False
    lock_upkeep(connection)
    return create_partitions(connection, table, start, end)


def _drop_empty(connection: Connection, table: Table, ended_by: int) -> bool:
    if not partitioned(connection, table):
        return False
    lock_upkeep(connection)
    return drop_partition(connection, table, ended_by, only_empty=True)
