"""What upkeep of all homes together needs: indexes of the days and of the compressed hours by time.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the indexes."""
    of_days = sa.text("step = 1440")
    for rollup in ("inverter_rollup", "battery_rollup"):
        op.create_index(f"ix_{rollup}_day", rollup, ["at"], sqlite_where=of_days, postgresql_where=of_days)
    op.create_index("ix_compressed_hour_at", "compressed_hour", ["source", "at"])
