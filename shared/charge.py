"""How long a charge lasts, pure; bot and page ask here, so they agree."""

from datetime import UTC, datetime, timedelta

from shared.messages import BatteryState

RESERVE_PERCENT = 10.0
"""The charge at which the house goes dark: most inverters cut off near this, before the battery is empty."""
IN_FOR_OUT = 1.05
"""How much more energy goes into a battery than comes out of it, usually."""
PLAUSIBLE_HOURS = 24 * 365
"""A battery that would last longer is at rest, or has reported something impossible."""

LONG = timedelta(days=1)
"""Beyond this, no end of the charge is forecast."""
NEAR = timedelta(minutes=30)
STEP = timedelta(minutes=5)
"""Beyond NEAR, moments are given in these steps, as otherwise they would change with every kettle."""


def roughly(moment: datetime, now: datetime) -> datetime:
    """Return an expected moment as all services show it: rounded down, as too early is better than too late."""
    step = STEP if moment - now > NEAR else timedelta(minutes=1)
    return moment - (moment - datetime(1970, 1, 1, tzinfo=UTC)) % step


def runtime(battery: BatteryState | None, soc_percent: float | None, power_w: float | None) -> timedelta | None:
    """Return how long a battery lasts down to the inverter's cut-off, power_w being negative while it discharges.

    None if the power, the charge or the voltage is unknown.
    """
    if battery is None or power_w is None or power_w >= 0:
        return None
    if battery.remaining_ah is None or battery.voltage_v is None or not soc_percent:
        return None
    usable = max(0.0, 1 - RESERVE_PERCENT / soc_percent)
    hours = battery.remaining_ah * battery.voltage_v * usable / -power_w
    return timedelta(hours=hours) if 0 <= hours <= PLAUSIBLE_HOURS else None
