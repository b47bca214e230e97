"""On PostgreSQL the tables of readings are partitioned by time, so that old readings are deleted by dropping a table.

SQLite has no partitions. Statements address the whole table and need not know where a row is: besides one partition for
each period, `other` takes rows of any other time, and `before` is the table of an older version.
"""

# ruff: noqa: S608  # names of tables are our own, and no statement takes them as a parameter

import re
from dataclasses import dataclass

from sqlalchemy import Connection, Table, text

from shared.history.derived import DAY_MS
from shared.history.readings import ALWAYS
from shared.history.tables import battery_state, from_ms, grid_state, inverter_state

PERIODS_MS = {inverter_state: DAY_MS, battery_state: DAY_MS, grid_state: 28 * DAY_MS}
"""The period of a partition. Readings are compressed after ten days, rows of the grid stay until they are purged."""
PATIENCE_MS = 200
"""How long upkeep waits for a lock on a table: recording has to wait behind it."""
MAX_MOVED = 20_000
"""How many rows may be moved into a new partition in one transaction; if there are more, they stay."""

PARTITIONS = text(
    "SELECT child.relname AS name, pg_get_expr(child.relpartbound, child.oid) AS bound FROM pg_inherits "
    "JOIN pg_class child ON child.oid = inhrelid WHERE inhparent = to_regclass(:table) ORDER BY child.relname"
)
BOUND = re.compile(r"FROM \('?(MINVALUE|-?\d+)'?\) TO \('?(-?\d+)'?\)")


@dataclass(frozen=True)
class Partition:
    """A table with the rows from one time up to another, in ms."""

    name: str
    start: int
    end: int


def partitioned(connection: Connection, table: Table) -> bool:
    """Return whether a table has partitions."""
    return connection.dialect.name == "postgresql" and table in PERIODS_MS


def period_start(table: Table, at: int) -> int:
    """Return when the period of a time begins."""
    return at // PERIODS_MS[table] * PERIODS_MS[table]


def partitions(connection: Connection, table: Table) -> list[Partition]:
    """Return the partitions except `other`, oldest first."""
    rows = connection.execute(PARTITIONS, {"table": table.name})
    bounds = ((row.name, BOUND.search(row.bound)) for row in rows)
    found = [
        Partition(name, ALWAYS[0] if bound[1] == "MINVALUE" else int(bound[1]), int(bound[2]))
        for name, bound in bounds
        if bound
    ]
    return sorted(found, key=lambda one: one.start)


def create_partitions(connection: Connection, table: Table, start: int, end: int) -> bool:
    """Create the missing partitions from one time up to another; return whether there were any."""
    period = PERIODS_MS[table]
    there = partitions(connection, table)
    wanted = range(period_start(table, start), end, period)
    missing = [
        at for at in wanted if not any(one.start <= at < one.end for one in there) and _movable(connection, table, at)
    ]
    for at in missing:
        _create(connection, table, at)
    return bool(missing)


def drop_partition(connection: Connection, table: Table, ended_by: int, *, only_empty: bool) -> bool:
    """Drop the oldest partition that ended by a time; return whether there was one."""
    for one in partitions(connection, table):
        if one.end > ended_by:
            break
        _wait_briefly(connection)
        if only_empty:
            if _has_rows(connection, one.name):
                continue
            # nothing can be added to it now
            connection.execute(text(f"LOCK TABLE {table.name}, {one.name} IN ACCESS EXCLUSIVE MODE"))
            if _has_rows(connection, one.name):
                continue
        connection.execute(text(f"DROP TABLE {one.name}"))
        return True
    return False


def _movable(connection: Connection, table: Table, at: int) -> bool:
    query = (
        f"SELECT count(*) FROM (SELECT 1 FROM {table.name}_other WHERE at >= :at AND at < :end LIMIT :most) AS found"
    )
    span = {"at": at, "end": at + PERIODS_MS[table], "most": MAX_MOVED + 1}
    return int(connection.execute(text(query), span).scalar_one()) <= MAX_MOVED


def _create(connection: Connection, table: Table, at: int) -> None:
    """Create a partition, with the rows of its time from elsewhere. Attaching it does not block reads and writes."""
    name, end = f"{table.name}_{from_ms(at):%Y%m%d}", at + PERIODS_MS[table]
    _wait_briefly(connection)
    connection.execute(text(f"CREATE TABLE {name} (LIKE {table.name} INCLUDING ALL)"))
    connection.execute(text(f"LOCK TABLE {table.name}_other IN ACCESS EXCLUSIVE MODE"))
    moved = f"WITH moved AS (DELETE FROM {table.name}_other WHERE at >= :at AND at < :end RETURNING *)"
    connection.execute(text(f"{moved} INSERT INTO {name} SELECT * FROM moved"), {"at": at, "end": end})
    connection.execute(text(f"ALTER TABLE {table.name} ATTACH PARTITION {name} FOR VALUES FROM ({at}) TO ({end})"))


def _has_rows(connection: Connection, name: str) -> bool:
    return bool(connection.execute(text(f"SELECT EXISTS (SELECT 1 FROM {name})")).scalar())


def _wait_briefly(connection: Connection) -> None:
    connection.execute(text(f"SET LOCAL lock_timeout = {PATIENCE_MS}"))
