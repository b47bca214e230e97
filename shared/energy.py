"""Energy from power, pure: the trapezoid between two readings, separately for each direction."""

from dataclasses import dataclass

GAP_MS = 5 * 60_000
"""Across a longer gap between two readings the energy is unknown."""
KWH = 3_600_000_000
"""Watt-milliseconds per kWh."""


@dataclass
class Energy:
    """kWh of positive and of negative power; both are zero or more."""

    positive: float = 0.0
    negative: float = 0.0

    def add_trapezoid(self, begin: float, end: float, width: float) -> None:
        """Add a trapezoid, or two triangles where power crosses zero; `width` is ms / KWH."""
        if begin >= 0 and end >= 0:
            self.positive += (begin + end) / 2 * width
        elif begin <= 0 and end <= 0:
            self.negative -= (begin + end) / 2 * width
        else:
            high, low = max(begin, end), -min(begin, end)
            self.positive += high * high / (high + low) / 2 * width
            self.negative += low * low / (high + low) / 2 * width
