"""What a regression expects the home to draw in the hours after a moment, by what was drawn before it. Pure.

It says how what was drawn lately (a quarter of an hour ago, this morning, yesterday in the same hours, this week) shows
in what is drawn next, from all past days at this time of day. Everything is in logarithms, as homes differ by factors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.outlook.history import Floats, Ints
from services.outlook.steps import HORIZON, PER_DAY, PER_HOUR

FLOOR_W = 25.0
"""Added before taking logarithms, so that a fridge that is off for a while is no catastrophe."""
PAST_HOURS = (0.5, 2.0, 6.0, 24.0, 72.0, 168.0)
AS_BEFORE = (
    (PER_DAY, 3 * PER_HOUR),
    (PER_DAY - 3 * PER_HOUR, 6 * PER_HOUR),
    *((days * PER_DAY, 6 * PER_HOUR) for days in range(2, 8)),
    (PER_HOUR // 4, PER_HOUR // 4),
    (PER_HOUR, PER_HOUR),
    (PER_DAY, PER_HOUR),
)
"""What else is looked at: how many steps ago it began, and how many. Shifts have rhythms of their own."""
RIDGE = 10.0
FARTHEST = 3.0
"""What is stranger than so many standard deviations is taken for no more than that."""


class Record:
    """The load step by step, and its sums; the hours after its end are those of its last day."""

    def __init__(self, load_w: Floats) -> None:
        self.size = len(load_w)
        self.load_w = np.concatenate((load_w, np.resize(load_w[-PER_DAY:], HORIZON)))
        self._total = np.concatenate(([0.0], np.cumsum(self.load_w)))

    def mean_w(self, begin: Ints, end: Ints) -> Floats:
        """Return the mean between steps; zero of nothing."""
        return np.asarray((self._total[end] - self._total[begin]) / np.maximum(end - begin, 1), dtype=np.float64)

    def before(self, place: Ints) -> Floats:
        """Return what was drawn before each place, in logarithms."""
        columns = [self.mean_w(np.maximum(place - int(hours * PER_HOUR), 0), place) for hours in PAST_HOURS]
        for back, length in AS_BEFORE:
            begin = np.where(place >= back, place - back, np.maximum(place - PER_DAY, 0))
            columns.append(self.mean_w(begin, np.minimum(begin + length, place)))
        return np.asarray(np.log(np.stack(columns, axis=1) + FLOOR_W), dtype=np.float64)

    def after(self, place: Ints, blocks: Sequence[tuple[int, int]]) -> Floats:
        """Return what was drawn in these blocks of steps after each place, in logarithms."""
        columns = [self.mean_w(place + start, place + end) for start, end in blocks]
        return np.asarray(np.log(np.stack(columns, axis=1) + FLOOR_W), dtype=np.float64)

    def courses(self, place: Ints) -> Floats:
        """Return what followed each place, as long as a forecast is."""
        return np.asarray(self.load_w[place[:, None] + np.arange(HORIZON)], dtype=np.float64)


@dataclass(frozen=True)
class Expected:
    """What is expected after each place, after it by all the others (left_out), and from now on."""

    each: Floats
    left_out: Floats
    now: Floats


def regress(features: Floats, target: Floats, here: Floats, weights: Floats) -> Expected:
    """Fit targets to features by weight, (place, ...) each; here are the features of now."""
    weight = weights / weights.sum()
    mean = weight @ features
    scale = np.sqrt(weight @ (features - mean) ** 2) + 0.05
    x = (features - mean) / scale
    middle = weight @ target
    strength = weights[:, None] / weights.max()
    square = (x * strength).T @ x
    inverse = np.linalg.inv(square + RIDGE * np.eye(x.shape[1]))
    slope = inverse @ ((x * strength).T @ (target - middle))
    each = middle + x @ slope
    leverage = np.clip(((x @ inverse) * x).sum(axis=1) * strength[:, 0] + weight, 0, 0.9)[:, None]
    left_out = target - (target - each) / (1 - leverage)
    now = np.clip((here - mean) / scale, -FARTHEST, FARTHEST)
    return Expected(each, left_out, middle + now @ slope)
