"""Older readings an hour in a row, which the recorder fills bit by bit; dead letters that only came too early.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table and the column; what is recorded stays as it is."""
    op.create_table(
        "packed",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("device", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    op.add_column("dead_letter", sa.Column("holds_at", sa.BigInteger()))
    op.create_index("ix_dead_letter_holds_at", "dead_letter", ["holds_at"])
