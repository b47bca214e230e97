"""Energy from power readings (trapezoidal rule), and plausibility checks of the inverter's energy counters. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

GAP_MS = 5 * 60_000
"""Across a longer gap between two readings the energy is unknown."""
KWH = 3_600_000_000
"""Watt-milliseconds per kWh."""

COUNTER_TOLERANCE = 0.2
COUNTER_SLACK_KWH = 0.3
"""How far a counter and the integral may differ: measurement errors, and the counter's coarse steps."""

Point = tuple[int, float]
"""Time in ms, power in W."""


@dataclass
class Energy:
    """kWh of positive and of negative power; both are zero or more."""

    positive: float = 0.0
    negative: float = 0.0


def integrate(points: Sequence[Point], edges: Sequence[int]) -> list[Energy | None]:
    """Return the energy of each interval between two edges, None where unknown. Points are ordered by time."""
    energies: list[Energy | None] = [None] * (len(edges) - 1)
    index = 0
    for (t0, p0), (t1, p1) in pairwise(points):
        if t1 - t0 > GAP_MS or t1 <= edges[0]:
            continue
        at = max(t0, edges[0])
        while at < t1 and index < len(energies):
            if at >= edges[index + 1]:
                index += 1
                continue
            to = min(t1, edges[index + 1])
            energy = energies[index] = energies[index] or Energy()
            _add_trapezoid(energy, _power_at(t0, p0, t1, p1, at), _power_at(t0, p0, t1, p1, to), (to - at) / KWH)
            at = to
    return energies


def _power_at(t0: int, p0: float, t1: int, p1: float, at: int) -> float:
    if at == t0:
        return p0
    return p1 if at == t1 else p0 + (p1 - p0) * (at - t0) / (t1 - t0)


def _add_trapezoid(energy: Energy, begin: float, end: float, width: float) -> None:
    """Add a trapezoid, or two triangles where power crosses zero."""
    if begin >= 0 and end >= 0:
        energy.positive += (begin + end) / 2 * width
    elif begin <= 0 and end <= 0:
        energy.negative -= (begin + end) / 2 * width
    else:
        high, low = max(begin, end), -min(begin, end)
        energy.positive += high * high / (high + low) / 2 * width
        energy.negative += low * low / (high + low) / 2 * width


def counter_increase(values: Sequence[float], before: float) -> float:
    """Return how much a counter increased; after a drop it is taken to have restarted at zero.

    A backward jump that was no reset adds up to an impossible total, which `plausible` rejects.
    """
    total = 0.0
    for value in values:
        total += value - before if value >= before else value
        before = value
    return total


def plausible(counter: float, integral: float | None, unknown_h: float, peak_kw: float) -> bool:
    """Return whether a counter agrees with the integral, which lacks `unknown_h` hours without readings."""
    if integral is None:
        return counter >= 0
    least = integral * (1 - COUNTER_TOLERANCE) - COUNTER_SLACK_KWH
    most = integral * (1 + COUNTER_TOLERANCE) + COUNTER_SLACK_KWH + peak_kw * unknown_h
    return least <= counter <= most
