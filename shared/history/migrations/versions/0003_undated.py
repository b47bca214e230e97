"""Messages of an unset clock: kept apart until their boot's clock was set, with what is known of each boot.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "undated_message",
        sa.Column("boot", sa.Text(), primary_key=True),
        sa.Column("uptime_ms", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("topic", sa.Text(), primary_key=True),
        sa.Column("digest", sa.Text(), primary_key=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "boot_clock",
        sa.Column("boot", sa.Text(), primary_key=True),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
