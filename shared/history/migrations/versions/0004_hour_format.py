"""Compressed hours carry the version of their format; those that are there have the first.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column."""
    op.add_column("compressed_hour", sa.Column("format", sa.Integer(), nullable=False, server_default="1"))
