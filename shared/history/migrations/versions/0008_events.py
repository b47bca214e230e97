"""What people look up later: whether devices answered, settings that were changed, and the alerts that were sent.

Revision ID: 0011
Revises: 0010
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the tables."""
    for table in ("inverter_availability", "battery_availability"):
        _create(
            table, sa.Column("state", sa.Text(), nullable=False), sa.Column("since", sa.BigInteger(), nullable=False)
        )
        op.add_column(table, sa.Column("reason", sa.Text(), nullable=True))
    _create(
        "setting_change",
        *(sa.Column(name, sa.Text(), nullable=name == "before") for name in ("value", "before", "by", "outcome")),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("profile", sa.Text(), nullable=True),
    )
    _create(
        "alert_sent",
        sa.Column("event", sa.Text(), primary_key=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
    )


def _create(table: str, *columns: sa.Column[Any]) -> None:
    """Create a table of messages; names of devices are compared by their bytes, as in SQLite."""
    is_server = op.get_bind().dialect.name == "postgresql"
    device = sa.Text(collation="C") if is_server else sa.Text()
    op.create_table(
        table,
        sa.Column("device", device, primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        *columns,
        sqlite_with_rowid=False,
    )
