"""What upkeep of all homes together needs: indexes by time, and on PostgreSQL partitions by time.

A table of readings on PostgreSQL becomes the first partition of a new one, as it is: its rows are checked once, none is
copied. Names of devices are compared by their bytes, as in SQLite, so that those of a home are neighbours.

Revision ID: 0008
Revises: 0007
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

DAY_MS = 86_400_000
READINGS = ("inverter_state", "battery_state", "grid_state")
OF_DEVICES = (
    *READINGS,
    *("inverter_rollup", "battery_rollup", "rollup_due", "compressed_hour"),
    *("outage_schedule", "plug_state", "plug_action", "service_status"),
)


RUNS: tuple[sa.Column[Any], ...] = (
    sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("last", sa.BigInteger(), nullable=False),
    sa.Column("state", sa.Text(), nullable=False),
    sa.Column("since", sa.BigInteger(), nullable=False),
)
OUTAGES: tuple[sa.Column[Any], ...] = (
    sa.Column("start", sa.BigInteger(), primary_key=True, autoincrement=False),
    sa.Column("end", sa.BigInteger()),
    sa.Column("planned", sa.Boolean()),
    *(sa.Column(name, sa.BigInteger()) for name in ("plan_start", "plan_end")),
    *(sa.Column(name, sa.Float()) for name in ("start_late_min", "end_late_min", "battery_kwh")),
    *(sa.Column(name, sa.Float()) for name in ("soc_from_percent", "soc_to_percent", "load_max_w")),
)


def upgrade() -> None:
    """Add the home to runs and outages, create the indexes, then the partitions."""
    _add_home("grid_run", RUNS)
    _add_home("outage", OUTAGES)
    of_days = sa.text("step = 1440")
    for rollup in ("inverter_rollup", "battery_rollup"):
        op.create_index(f"ix_{rollup}_day", rollup, ["at"], sqlite_where=of_days, postgresql_where=of_days)
    op.create_index("ix_compressed_hour_at", "compressed_hour", ["source", "at"])
    if op.get_bind().dialect.name == "postgresql":
        for table in OF_DEVICES:
            op.execute(f'ALTER TABLE {table} ALTER COLUMN device TYPE text COLLATE "C"')
        for table in READINGS:
            _partition(table)


def _add_home(table: str, columns: Sequence[sa.Column[Any]]) -> None:
    """Put the home into the key: SQLite changes no key, so the rows, of which there are few, are copied."""
    op.rename_table(table, f"{table}_before")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table}_before RENAME CONSTRAINT {table}_pkey TO {table}_before_pkey")
    home = sa.Column("home", sa.Text(), primary_key=True, server_default="")
    op.create_table(table, home, *columns)
    names = [column.name for column in columns]
    before, after = (sa.table(name, *map(sa.column, names)) for name in (f"{table}_before", table))
    op.execute(sa.insert(after).from_select(names, sa.select(before)))
    op.drop_table(f"{table}_before")


def _partition(table: str) -> None:
    newest = op.get_bind().execute(sa.select(sa.func.max(sa.column("at"))).select_from(sa.table(table))).scalar()
    op.rename_table(table, f"{table}_before")
    op.execute(f"ALTER TABLE {table}_before RENAME CONSTRAINT {table}_pkey TO {table}_before_pkey")
    op.execute(f"CREATE TABLE {table} (LIKE {table}_before) PARTITION BY RANGE (at)")
    op.execute(f"ALTER TABLE {table} ADD PRIMARY KEY (device, at)")
    op.execute(f"CREATE TABLE {table}_other PARTITION OF {table} DEFAULT")
    if newest is None:
        op.drop_table(f"{table}_before")
        return
    # periods of up to four weeks begin at multiples of their length
    end = (newest // (28 * DAY_MS) + 1) * 28 * DAY_MS if table == "grid_state" else (newest // DAY_MS + 1) * DAY_MS
    op.execute(f"ALTER TABLE {table} ATTACH PARTITION {table}_before FOR VALUES FROM (MINVALUE) TO ({end})")
