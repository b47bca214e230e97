"""The schema of version 0.1.

Its revision is 0004 because version 0.1 had reached this schema in four steps and stamped its databases with the last.

Revision ID: 0004
"""

from collections.abc import Iterable, Iterator

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = None

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


def upgrade() -> None:
    """Create the tables."""
    _create_recorded()
    _create_derived()


def _create_recorded() -> None:
    op.create_table(
        "grid_state",
        sa.Column("device", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("transition_id", sa.Text()),
        sa.Column("last_known", sa.Text()),
        sa.Column("last_known_since", sa.BigInteger()),
        sa.Column("voltage_v", sa.Float()),
        sa.Column("frequency_hz", sa.Float()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "inverter_state",
        sa.Column("device", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True),
        sa.Column("mode", sa.Text()),
        sa.Column("mode_code", sa.Integer()),
        sa.Column("grid_voltage_v", sa.Float()),
        sa.Column("grid_frequency_hz", sa.Float()),
        sa.Column("grid_power_w", sa.Integer()),
        sa.Column("grid_charging_power_w", sa.Integer()),
        sa.Column("external_ct_power_w", sa.Integer()),
        sa.Column("inverter_voltage_v", sa.Float()),
        sa.Column("inverter_current_a", sa.Float()),
        sa.Column("inverter_frequency_hz", sa.Float()),
        sa.Column("inverter_power_w", sa.Integer()),
        sa.Column("inverter_charging_power_w", sa.Integer()),
        sa.Column("inverter_charging_current_a", sa.Float()),
        sa.Column("output_voltage_v", sa.Float()),
        sa.Column("output_current_a", sa.Float()),
        sa.Column("output_frequency_hz", sa.Float()),
        sa.Column("load_power_w", sa.Integer()),
        sa.Column("load_apparent_power_va", sa.Integer()),
        sa.Column("load_percent", sa.Integer()),
        sa.Column("output2_voltage_v", sa.Float()),
        sa.Column("output2_current_a", sa.Float()),
        sa.Column("output2_power_w", sa.Integer()),
        sa.Column("output2_apparent_power_va", sa.Integer()),
        sa.Column("output2_load_percent", sa.Integer()),
        sa.Column("total_output_current_a", sa.Float()),
        sa.Column("total_load_power_w", sa.Integer()),
        sa.Column("total_load_apparent_power_va", sa.Integer()),
        sa.Column("total_load_percent", sa.Integer()),
        sa.Column("battery_voltage_v", sa.Float()),
        sa.Column("battery_current_a", sa.Float()),
        sa.Column("battery_current_average_a", sa.Float()),
        sa.Column("battery_power_w", sa.Integer()),
        sa.Column("battery_soc_percent", sa.Float()),
        sa.Column("pv_power_w", sa.Integer()),
        sa.Column("pv_charging_power_w", sa.Integer()),
        sa.Column("pv_charging_current_a", sa.Float()),
        sa.Column("pv1_voltage_v", sa.Float()),
        sa.Column("pv1_current_a", sa.Float()),
        sa.Column("pv1_power_w", sa.Integer()),
        sa.Column("pv2_voltage_v", sa.Float()),
        sa.Column("pv2_current_a", sa.Float()),
        sa.Column("pv2_power_w", sa.Integer()),
        sa.Column("pv_energy_today_kwh", sa.Float()),
        sa.Column("pv_energy_total_kwh", sa.Float()),
        sa.Column("bus_voltage_v", sa.Float()),
        sa.Column("inverter_temperature_c", sa.Integer()),
        sa.Column("dcdc_temperature_c", sa.Integer()),
        sa.Column("pv_temperature_c", sa.Integer()),
        sa.Column("fault_bits", sa.BigInteger()),
        sa.Column("warning_bits", sa.BigInteger()),
        sa.Column("warning_bits_masked", sa.BigInteger()),
        sa.Column("faults", sa.Text()),
        sa.Column("warnings", sa.Text()),
        sa.Column("power_flow_bits", sa.BigInteger()),
        sa.Column("power_flow_ext_bits", sa.BigInteger()),
        sqlite_with_rowid=False,
    )
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
        sa.Column("holds_at", sa.BigInteger()),
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
    op.create_index("ix_dead_letter_holds_at", "dead_letter", ["holds_at"])
    op.create_table(
        "packed",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("device", sa.Text(), primary_key=True),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )


def _create_derived() -> None:
    op.create_table(
        "inverter_rollup",
        sa.Column("device", sa.Text(), primary_key=True),
        sa.Column("step", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("n", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float()) for name in _aggregates(INVERTER_FIELDS)),
        *(sa.Column(name, sa.Float()) for name in INVERTER_ENERGIES),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "battery_rollup",
        sa.Column("device", sa.Text(), primary_key=True),
        sa.Column("step", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("n", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Float()) for name in _aggregates(BATTERY_FIELDS)),
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


def _aggregates(fields: Iterable[str]) -> Iterator[str]:
    return (f"{field}_{kind}" for field in fields for kind in ("min", "mean", "max"))
