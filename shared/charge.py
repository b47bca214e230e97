"""How long a charge lasts, pure; bot and page ask here, so they agree."""

from datetime import timedelta

from shared.messages import BatteryState

RESERVE_PERCENT = 10.0
"""The charge at which the house goes dark: inverters cut off before a battery is empty, most of them near this."""
PLAUSIBLE_HOURS = 24 * 365
"""A battery that would last longer is at rest, or has reported something impossible."""


def runtime(battery: BatteryState | None, soc_percent: float | None, power_w: float | None) -> timedelta | None:
    """Return how long a battery lasts down to the inverter's cut-off, power_w being negative while it discharges.

    None where the power, the charge or the voltage is unknown.
    """
    if battery is None or power_w is None or power_w >= 0:
        return None
    if battery.remaining_ah is None or battery.voltage_v is None or not soc_percent:
        return None
    usable = max(0.0, 1 - RESERVE_PERCENT / soc_percent)
    hours = battery.remaining_ah * battery.voltage_v * usable / -power_w
    return timedelta(hours=hours) if 0 <= hours <= PLAUSIBLE_HOURS else None
