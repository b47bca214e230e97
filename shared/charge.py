"""What the batteries hold, what the home draws and how long that lasts, pure: so bot and dashboard agree.

Readings are given as far as they are live; None stands for one that is not.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from shared.freshness import fresh
from shared.messages import BatteryState, InverterState

ALL = "all"
"""The battery that sums up the others."""

BATTERY_HOLDS = timedelta(minutes=3)
"""Batteries may be read once a minute; an older reading tells nothing about now."""

PLAUSIBLE_HOURS = 24 * 365
"""A battery that would last longer is at rest, or has said something that cannot be true."""


def live_sum(batteries: Mapping[str, BatteryState], now: datetime) -> BatteryState | None:
    """Return the live sum of the batteries."""
    state = batteries.get(ALL)
    return state if state and fresh(state.at, now, BATTERY_HOLDS) else None


def packs(batteries: Mapping[str, BatteryState]) -> list[tuple[str, BatteryState]]:
    """Return the single batteries."""
    return sorted((name, state) for name, state in batteries.items() if name != ALL)


def soc_percent(battery: BatteryState | None, inverter: InverterState | None) -> float | None:
    """Return the charge: the BMS knows it better than the inverter."""
    if battery and battery.soc_percent is not None:
        return battery.soc_percent
    return inverter.battery_soc_percent if inverter else None


def power_w(battery: BatteryState | None, inverter: InverterState | None) -> float | None:
    """Return the power of the battery, positive while charging."""
    if battery and battery.power_w is not None:
        return battery.power_w
    return inverter.battery_power_w if inverter else None


def load_w(inverter: InverterState | None) -> float | None:
    """Return what the home draws, of both outputs where there are two."""
    if inverter is None:
        return None
    return inverter.load_power_w if inverter.total_load_power_w is None else inverter.total_load_power_w


def runtime(battery: BatteryState | None, inverter: InverterState | None) -> timedelta | None:
    """Return how long the charge lasts at the present discharge, where both are known."""
    power = power_w(battery, inverter)
    if not battery or power is None or power >= 0 or battery.remaining_ah is None or battery.voltage_v is None:
        return None
    hours = battery.remaining_ah * battery.voltage_v / -power
    return timedelta(hours=hours) if 0 <= hours <= PLAUSIBLE_HOURS else None
