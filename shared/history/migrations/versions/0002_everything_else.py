"""Batteries, planned outages, plugs, services, and what could not be recorded.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "battery_state",
        sa.Column("device", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True),
        sa.Column("voltage_v", sa.Float()),
        sa.Column("current_a", sa.Float()),
        sa.Column("power_w", sa.Float()),
        sa.Column("soc_percent", sa.Float()),
        sa.Column("soh_percent", sa.Integer()),
        sa.Column("remaining_ah", sa.Float()),
        sa.Column("full_ah", sa.Float()),
        sa.Column("nominal_ah", sa.Float()),
        sa.Column("cycles", sa.Integer()),
        sa.Column("lifetime_ah", sa.Float()),
        sa.Column("runtime_s", sa.Integer()),
        sa.Column("cell_voltages_v", sa.Text()),
        sa.Column("cell_resistances_ohm", sa.Text()),
        sa.Column("cell_min_v", sa.Float()),
        sa.Column("cell_max_v", sa.Float()),
        sa.Column("cell_delta_v", sa.Float()),
        sa.Column("cell_min_number", sa.Integer()),
        sa.Column("cell_max_number", sa.Integer()),
        sa.Column("temperatures_c", sa.Text()),
        sa.Column("mosfet_temperature_c", sa.Float()),
        sa.Column("charging_mosfet", sa.Boolean()),
        sa.Column("discharging_mosfet", sa.Boolean()),
        sa.Column("precharging", sa.Boolean()),
        sa.Column("heating", sa.Boolean()),
        sa.Column("balancing", sa.Text()),
        sa.Column("balance_current_a", sa.Float()),
        sa.Column("alarm_bits", sa.BigInteger()),
        sa.Column("alarms", sa.Text()),
        sa.Column("wire_warning_bits", sa.BigInteger()),
        sa.Column("health", sa.Text()),
        sa.Column("health_reasons", sa.Text()),
        sa.Column("rssi_dbm", sa.Integer()),
        sa.Column("frame_age_s", sa.Float()),
        sa.Column("reconnects", sa.Integer()),
        sa.Column("bad_frames", sa.Integer()),
        sa.Column("packs", sa.Text()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dead_letter",
        sa.Column("topic", sa.Text(), primary_key=True),
        sa.Column("digest", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "outage_schedule",
        sa.Column("device", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("time_zone", sa.Text()),
        sa.Column("days", sa.Text()),
        sa.Column("windows", sa.Text()),
        sa.Column("operator_stamp", sa.BigInteger()),
        sa.Column("fetched_at", sa.BigInteger()),
        sa.Column("stale", sa.Boolean()),
        sa.Column("problem", sa.Text()),
        sa.Column("change", sa.Text()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "plug_action",
        sa.Column("device", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True),
        sa.Column("on", sa.Boolean(), nullable=False),
        sa.Column("gang", sa.Text(), primary_key=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("via", sa.Text()),
        sa.Column("transition_id", sa.Text()),
        sa.Column("why", sa.Text()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "plug_state",
        sa.Column("device", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("on", sa.Boolean()),
        sa.Column("gangs", sa.Text()),
        sa.Column("reachable", sa.Boolean()),
        sa.Column("confirmed", sa.Boolean()),
        sa.Column("pending", sa.Boolean()),
        sa.Column("via", sa.Text()),
        sa.Column("switched_by", sa.Text()),
        sa.Column("since", sa.BigInteger()),
        sa.Column("protected", sa.Boolean()),
        sa.Column("dry_run", sa.Boolean()),
        sa.Column("problem", sa.Text()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "service_status",
        sa.Column("device", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger()),
        sa.Column("reason", sa.Text()),
        sa.Column("version", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_dead_letter_at", "dead_letter", ["at"])
