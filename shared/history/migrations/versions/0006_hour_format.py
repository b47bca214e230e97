"""Compressed hours carry the version of their format; those that are there have the first.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column."""
    op.add_column("compressed_hour", sa.Column("format", sa.Integer(), nullable=False, server_default="1"))
