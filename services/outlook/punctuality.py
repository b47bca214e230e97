"""How late power goes and returns compared with the schedule of this queue. Pure."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from services.outlook.estimate import fading, weighted_quantile
from services.outlook.history import Floats
from services.outlook.steps import PER_DAY, STEP_S, Steps, spans

EARLY_S = 1800.0
"""An outage that begins at most this much before a planned one is that one."""
GAP_S = 600.0
"""Power that was back for less than this was not back."""
ASSUMED_START_MIN = np.array([-10.0, -3.0, 0.0, 2.0, 5.0, 10.0, 20.0])
ASSUMED_END_MIN = np.array([-60.0, -25.0, -10.0, -4.0, 0.0, 3.0, 8.0, 15.0, 30.0, 60.0])
ASSUMED_WEIGHT = 4.0
"""How many outages the assumed delays weigh."""
ASSUMED_UNPLANNED_H = np.array([0.5, 1.0, 2.0, 3.0, 4.5, 7.0, 12.0])
HALF_LIFE_DAYS = 45.0
SPARED, ASSUMED_SPARED = 0.05, 20
SUDDEN_A_DAY, ASSUMED_SUDDEN_DAYS = 0.03, 30
"""5 % of this many planned outages, and this many sudden ones a day in these days, are assumed besides the record."""

Span = TypeVar("Span", bound=tuple[float, ...])
"""A planned outage: its start, its end, and what else the caller keeps with it."""


@dataclass(frozen=True)
class Delays:
    """Delays in minutes with their weights, negative if early; outages is how many were seen."""

    start_min: Floats
    start_weight: Floats
    end_min: Floats
    end_weight: Floats
    unplanned_h: Floats
    unplanned_weight: Floats
    outages: int
    spared: float
    """The share of planned outages that do not happen."""
    sudden_a_day: float
    """The number of unplanned outages per day."""

    def usual_end_min(self) -> float:
        """Return the delay within which power returns in half of the outages."""
        return weighted_quantile(self.end_min, self.end_weight, 0.5)


def learn_delays(
    steps: Steps, outages: Sequence[tuple[float, float]], planned: Sequence[tuple[float, float]], *, running: bool
) -> Delays:
    """Compare the recorded outages with the planned ones; a running one has no end yet."""
    planned = sorted(planned)
    runs = outages[:-1] if running else outages
    windows = [window_of(start, planned) for start, _ in runs]
    now = (steps.first + steps.size) * STEP_S
    starts, ends, weights, unplanned, unplanned_weights = [], [], [], [], []
    weighed = fading(np.array([(now - end) / 86400 for _, end in runs]), HALF_LIFE_DAYS).tolist()
    for (start, end), window, weight in zip(runs, windows, weighed, strict=True):
        if window:
            starts.append((start - window[0]) / 60)
            ends.append((end - window[1]) / 60)
            weights.append(weight)
        else:
            unplanned.append((end - start) / 3600)
            unplanned_weights.append(weight)
    return Delays(
        *_with_assumed(starts, weights, ASSUMED_START_MIN),
        *_with_assumed(ends, weights, ASSUMED_END_MIN),
        *_with_assumed(unplanned, unplanned_weights, ASSUMED_UNPLANNED_H),
        len(starts),
        _spared(steps, planned, {one for one in windows if one}),
        (len(unplanned) + SUDDEN_A_DAY * ASSUMED_SUDDEN_DAYS) / (steps.size / PER_DAY + ASSUMED_SUDDEN_DAYS),
    )


def _spared(steps: Steps, planned: Sequence[tuple[float, float]], came: set[tuple[float, float]]) -> float:
    """Return the share of planned outages in the record that did not happen."""
    first, now = steps.first * STEP_S, (steps.first + steps.size) * STEP_S
    over = {one for one in planned if first < one[0] and one[1] < now}
    return (len(over - came) + SPARED * ASSUMED_SPARED) / (len(over) + ASSUMED_SPARED)


def actual_outages(steps: Steps) -> list[tuple[float, float]]:
    """Return the recorded outages in seconds; if power only flickered back, they are one."""
    found: list[tuple[float, float]] = []
    for first, end in spans(steps.off):
        start_s, end_s = float((steps.first + first) * STEP_S), float((steps.first + end) * STEP_S)
        if found and start_s - found[-1][1] <= GAP_S:
            found[-1] = found[-1][0], end_s
        else:
            found.append((start_s, end_s))
    return found


def window_of(start_s: float, planned: Sequence[Span]) -> Span | None:
    """Return which of the planned outages, in order of time, an outage with this beginning is."""
    last = bisect_right(planned, (start_s + EARLY_S, float("inf")))
    near = [one for one in planned[max(0, last - 3) : last] if start_s < one[1]]
    return min(near, key=lambda one: (one[0] > start_s, one[0]), default=None)


def _with_assumed(seen: list[float], weights: list[float], assumed: Floats) -> tuple[Floats, Floats]:
    values = np.concatenate((assumed, np.array(seen, dtype=np.float64)))
    weight = np.concatenate((np.full(len(assumed), ASSUMED_WEIGHT / len(assumed)), np.array(weights, dtype=np.float64)))
    return values, weight


def spread_sample(values: Floats, weights: Floats, shares: Floats) -> Floats:
    """Return values at shares of the weight: a sample that covers the distribution evenly."""
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    middle = (total - 0.5 * weights[order]) / total[-1]
    return np.asarray(np.interp(shares, middle, values[order]), dtype=np.float64)
