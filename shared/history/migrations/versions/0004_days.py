"""Days know their energy by local hour and have a version, hours and days how long there were readings.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

TABLES = ("inverter_rollup", "battery_rollup")
DAYS_DUE = (
    "INSERT INTO rollup_due (source, device, at, marks) "
    "SELECT 'inverter_state', device, at, 1 FROM inverter_rollup WHERE step = 1440 ON CONFLICT DO NOTHING",
    "INSERT INTO rollup_due (source, device, at, marks) "
    "SELECT 'battery_state', device, at, 1 FROM battery_rollup WHERE step = 1440 ON CONFLICT DO NOTHING",
)


def upgrade() -> None:
    """Add the columns, and mark a step of each recorded day as due, so that upkeep fills them in."""
    for table in TABLES:
        op.add_column(table, sa.Column("known_h", sa.Float()))
        op.add_column(table, sa.Column("version", sa.BigInteger()))
    op.add_column("inverter_rollup", sa.Column("grid_in_kwh_by_hour", sa.Text()))
    for statement in DAYS_DUE:
        op.execute(statement)
