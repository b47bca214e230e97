"""Energy from power readings (trapezoidal rule), and plausibility checks of the inverter's energy counters. Pure."""

from collections.abc import Sequence
from itertools import pairwise

from shared.energy import GAP_MS, KWH, Energy

COUNTER_TOLERANCE = 0.2
COUNTER_SLACK_KWH = 0.3
"""How far a counter and the integral may differ: measurement errors, and the counter's coarse steps."""

Point = tuple[int, float]
"""Time in ms, power in W."""


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
            energy.add_trapezoid(_power_at(t0, p0, t1, p1, at), _power_at(t0, p0, t1, p1, to), (to - at) / KWH)
            at = to
    return energies


def _power_at(t0: int, p0: float, t1: int, p1: float, at: int) -> float:
    if at == t0:
        return p0
    return p1 if at == t1 else p0 + (p1 - p0) * (at - t0) / (t1 - t0)


def counter_increase(values: Sequence[float], before: float) -> float:
    """Return how much a counter increased; after a drop it is assumed to have restarted at zero.

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
