"""Roll-ups, outages, and the ledger of what must be made anew: at first, everything.

Revision ID: 0003
"""

from collections.abc import Iterable, Iterator

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

INVERTER_FIELDS = (
    "pv_power_w",
    "load_power_w",
    "grid_power_w",
    "battery_power_w",
    "battery_soc_percent",
    "battery_voltage_v",
    "battery_current_a",
    "grid_voltage_v",
    "grid_frequency_hz",
    "output_voltage_v",
    "load_percent",
    "total_load_power_w",
    "pv1_voltage_v",
    "pv1_power_w",
    "pv2_voltage_v",
    "pv2_power_w",
    "inverter_temperature_c",
    "dcdc_temperature_c",
    "pv_temperature_c",
    "pv_energy_today_kwh",
    "pv_energy_total_kwh",
)
INVERTER_ENERGIES = (
    "pv_kwh",
    "load_kwh",
    "grid_in_kwh",
    "grid_out_kwh",
    "battery_in_kwh",
    "battery_out_kwh",
)
BATTERY_FIELDS = (
    "voltage_v",
    "current_a",
    "power_w",
    "soc_percent",
    "remaining_ah",
    "cell_min_v",
    "cell_max_v",
    "cell_delta_v",
    "mosfet_temperature_c",
    "balance_current_a",
)
BATTERY_ENERGIES = (
    "in_kwh",
    "out_kwh",
)
STEP_MS = 300_000
RECORDED = ("inverter_state", "battery_state", "grid_state", "outage_schedule")


def upgrade() -> None:
    """Make the tables, and call all that is recorded due; the recorder works it off bit by bit."""
    op.create_table(
        "inverter_rollup",
        sa.Column("device", sa.Text(), primary_key=True),
        sa.Column("step", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("n", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float()) for name in _figures(INVERTER_FIELDS)),
        *(sa.Column(name, sa.Float()) for name in INVERTER_ENERGIES),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "battery_rollup",
        sa.Column("device", sa.Text(), primary_key=True),
        sa.Column("step", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("n", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float()) for name in _figures(BATTERY_FIELDS)),
        *(sa.Column(name, sa.Float()) for name in BATTERY_ENERGIES),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "grid_run",
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "outage",
        sa.Column("start", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("end", sa.BigInteger()),
        sa.Column("planned", sa.Boolean()),
        sa.Column("plan_start", sa.BigInteger()),
        sa.Column("plan_end", sa.BigInteger()),
        sa.Column("start_late_min", sa.Float()),
        sa.Column("end_late_min", sa.Float()),
        sa.Column("battery_kwh", sa.Float()),
        sa.Column("soc_from_percent", sa.Float()),
        sa.Column("soc_to_percent", sa.Float()),
        sa.Column("load_max_w", sa.Float()),
    )
    op.create_table(
        "rollup_due",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("device", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("marks", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "upkeep_note",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    due = sa.table("rollup_due", *(sa.column(name) for name in ("source", "device", "at", "marks")))
    for name in RECORDED:
        raw = sa.table(name, sa.column("device", sa.Text()), sa.column("at", sa.BigInteger()))
        pieces = sa.select(sa.literal(name), raw.c.device, raw.c.at // STEP_MS * STEP_MS, sa.literal(1)).distinct()
        op.execute(sa.insert(due).from_select(["source", "device", "at", "marks"], pieces))


def _figures(fields: Iterable[str]) -> Iterator[str]:
    return (f"{field}_{kind}" for field in fields for kind in ("min", "mean", "max"))
