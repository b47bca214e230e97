"""Power to energy, pure: trapezoids between readings, cut wherever one likes; and what counters of energy say."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

GAP_MS = 5 * 60_000
"""Over a longer silence nobody knows what flowed."""
KWH = 3_600_000_000
"""Watts times milliseconds."""

COUNTER_TOLERANCE = 0.2
COUNTER_SLACK_KWH = 0.3
"""A counter and the integral of the same energy differ by measuring faults and by the counter's coarse steps."""

Point = tuple[int, float]


@dataclass
class Flow:
    """kWh that flowed in (power above zero) and out (below)."""

    taken: float = 0.0
    given: float = 0.0


def energy(points: Sequence[Point], edges: Sequence[int]) -> list[Flow | None]:
    """Return what flowed between each edge and the next; None where no two readings tell. Points are in order."""
    flows: list[Flow | None] = [None] * (len(edges) - 1)
    where = 0
    for (t0, p0), (t1, p1) in pairwise(points):
        if t1 - t0 > GAP_MS or t1 <= edges[0]:
            continue
        at = max(t0, edges[0])
        while at < t1 and where < len(flows):
            if at >= edges[where + 1]:
                where += 1
                continue
            to = min(t1, edges[where + 1])
            flow = flows[where] = flows[where] or Flow()
            _add(flow, _between(t0, p0, t1, p1, at), _between(t0, p0, t1, p1, to), (to - at) / KWH)
            at = to
    return flows


def _between(t0: int, p0: float, t1: int, p1: float, at: int) -> float:
    if at == t0:
        return p0
    return p1 if at == t1 else p0 + (p1 - p0) * (at - t0) / (t1 - t0)


def _add(flow: Flow, begin: float, end: float, width: float) -> None:
    """Add a trapezoid; where power changes its sign, it is two triangles."""
    if begin >= 0 and end >= 0:
        flow.taken += (begin + end) / 2 * width
    elif begin <= 0 and end <= 0:
        flow.given -= (begin + end) / 2 * width
    else:
        high, low = max(begin, end), -min(begin, end)
        flow.taken += high * high / (high + low) / 2 * width
        flow.given += low * low / (high + low) / 2 * width


def counted(values: Sequence[float], before: float) -> float:
    """Return by how much a counter rose. After a fall it began at nothing, as a reset counter does.

    A backward jump that is no reset leads to a sum that cannot be, and `plausible` says so.
    """
    total = 0.0
    for value in values:
        total += value - before if value >= before else value
        before = value
    return total


def plausible(counter: float, integral: float | None, unknown_h: float, peak_kw: float) -> bool:
    """Return whether a counter can be believed beside the integral, which misses what flowed in the unknown hours."""
    if integral is None:
        return counter >= 0
    least = integral * (1 - COUNTER_TOLERANCE) - COUNTER_SLACK_KWH
    most = integral * (1 + COUNTER_TOLERANCE) + COUNTER_SLACK_KWH + peak_kw * unknown_h
    return least <= counter <= most
