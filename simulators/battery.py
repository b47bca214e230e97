"""A 48 V LiFePO4 battery of sixteen cells: capacity, voltage and limits."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

CELLS = 16
CAPACITY_WH = 10_240.0
MOST_CHARGE_A = 100
MOST_DISCHARGE_A = 120
RESISTANCE_OHM = 0.012
ONE_WAY_EFFICIENCY = 0.975
TAPER_FROM_PERCENT = 92.0
TAPER_LAST_A = 4.0

# Open-circuit voltage of a cell: flat in the middle, steep at both ends.
SOC_POINTS = (0, 5, 10, 20, 40, 60, 80, 92, 98, 100)
CELL_V = (2.75, 3.02, 3.12, 3.21, 3.27, 3.295, 3.32, 3.335, 3.36, 3.42)
SEGMENTS = tuple(zip(pairwise(SOC_POINTS), pairwise(CELL_V), strict=True))


@dataclass
class Battery:
    """A battery by the energy in it. Power is positive while charging and is measured at the terminals."""

    stored_wh: float = CAPACITY_WH * 0.7

    @property
    def soc_percent(self) -> float:
        """The state of charge."""
        return 100 * self.stored_wh / CAPACITY_WH

    @property
    def open_voltage_v(self) -> float:
        """The voltage without current."""
        index = min(bisect_right(SOC_POINTS, self.soc_percent), len(SEGMENTS)) - 1
        (low, high), (low_v, high_v) = SEGMENTS[index]
        return CELLS * (low_v + (high_v - low_v) * (self.soc_percent - low) / (high - low))

    def charge_limit_w(self) -> int:
        """Return the charge limit: it falls as the battery fills up, to zero when full."""
        room = (100 - self.soc_percent) / (100 - TAPER_FROM_PERCENT)
        if room <= 0.01:
            return 0
        current_a = TAPER_LAST_A + (MOST_CHARGE_A - TAPER_LAST_A) * min(1.0, room)
        return int(current_a * self.open_voltage_v)

    def under(self, power_w: int) -> tuple[float, float]:
        """Return voltage and current under a power, as a meter with one decimal shows them."""
        voltage_v = self.open_voltage_v + RESISTANCE_OHM * power_w / self.open_voltage_v
        return round(voltage_v, 1), round(power_w / voltage_v, 1) + 0.0  # never -0.0

    def apply(self, power_w: int, seconds: float) -> None:
        """Charge or discharge for a time, with losses in both directions."""
        efficiency = ONE_WAY_EFFICIENCY if power_w > 0 else 1 / ONE_WAY_EFFICIENCY
        stored_wh = self.stored_wh + power_w * efficiency * seconds / 3600
        self.stored_wh = min(CAPACITY_WH, max(0.0, stored_wh))
