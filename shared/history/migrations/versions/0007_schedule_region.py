"""A version of the outage schedule says of which region it is; of the older ones that is unknown.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column."""
    op.add_column("outage_schedule", sa.Column("region", sa.Text(), nullable=True))
