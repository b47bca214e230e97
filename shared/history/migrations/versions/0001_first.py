"""The first tables: readings of the inverter, and the grid.

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
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
