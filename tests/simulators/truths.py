"""A truth typed by hand, whose words can be checked by eye."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from simulators.house import Truth

EVENING = Truth(
    house_time=datetime(2026, 11, 23, 18, 2, 11, tzinfo=UTC),
    grid_on=True,
    grid_since=datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
    mode_code=2,
    grid_voltage_v=230.4,
    grid_frequency_hz=49.98,
    grid_power_w=1200,
    grid_charging_power_w=700,
    grid_charging_current_a=13.2,
    inverter_voltage_v=230.4,
    inverter_current_a=3.4,
    inverter_frequency_hz=49.98,
    inverter_power_w=-780,
    output_voltage_v=230.4,
    output_current_a=2.0,
    output_frequency_hz=49.98,
    load_power_w=420,
    load_apparent_power_va=452,
    load_percent=7,
    battery_voltage_v=53.1,
    battery_current_a=18.8,
    battery_power_w=1000,
    battery_soc_percent=66,
    battery_stored_wh=6758.4,
    pv_voltage_v=350.0,
    pv_current_a=1.0,
    pv_power_w=400,
    pv_charging_power_w=300,
    pv_charging_current_a=5.6,
    pv_energy_today_kwh=3.21,
    pv_energy_total_kwh=4812.34,
    losses_w=80,
    bus_voltage_v=385.2,
    inverter_temperature_c=38,
    dcdc_temperature_c=35,
    pv_temperature_c=26,
    fault_bits=0,
    warning_bits=0,
)


def truth(**changes: Any) -> Truth:
    """Return that truth with some other figures."""
    return replace(EVENING, **changes)
