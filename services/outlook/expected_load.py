"""A regression of the load in the hours after a moment on the load before it. Pure.

It learns how the recent load (a quarter of an hour ago, this morning, yesterday in the same hours, this week) shows in
the load that follows, from all past days at this time of day. All is in logarithms, as homes differ by factors.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.outlook.estimate import shares_by_loss
from services.outlook.history import Floats, Ints
from services.outlook.steps import HORIZON, PER_DAY, PER_HOUR

FLOOR_W = 25.0
"""Added before taking logarithms, so that a fridge that is off for a while does not dominate."""
PAST_HOURS = (0.5, 2.0, 6.0, 24.0, 72.0, 168.0)
AS_BEFORE = (
    (PER_DAY, 3 * PER_HOUR),
    (PER_DAY - 3 * PER_HOUR, 6 * PER_HOUR),
    *((days * PER_DAY, 6 * PER_HOUR) for days in range(2, 8)),
    (PER_HOUR // 4, PER_HOUR // 4),
    (PER_HOUR, PER_HOUR),
    (PER_DAY, PER_HOUR),
)
"""Further spans: how many steps ago each began, and its length. Work in shifts has its own rhythm."""
RIDGES = (10.0, 40.0, 160.0, 640.0)
"""How strongly slopes are drawn towards zero; the record decides which is best."""
TRIED_DAYS = 120
"""How many of the last days are forecast from the others."""
LARGEST_PART = 0.999
"""The largest part that a day can have in its own fit."""
FARTHEST = 3.0
"""Values beyond this many standard deviations are cut there."""


class Record:
    """The load step by step, and its sums; the hours after its end are those of its last day."""

    def __init__(self, load_w: Floats) -> None:
        self.size = len(load_w)
        self.load_w = np.concatenate((load_w, np.resize(load_w[-PER_DAY:], HORIZON)))
        self._total = np.concatenate(([0.0], np.cumsum(self.load_w)))

    def mean_w(self, begin: Ints, end: Ints) -> Floats:
        """Return the mean between steps; zero for none."""
        return np.asarray((self._total[end] - self._total[begin]) / np.maximum(end - begin, 1), dtype=np.float64)

    def before(self, place: Ints) -> Floats:
        """Return the load before each place, in logarithms."""
        columns = [self.mean_w(np.maximum(place - int(hours * PER_HOUR), 0), place) for hours in PAST_HOURS]
        for back, length in AS_BEFORE:
            begin = np.where(place >= back, place - back, np.maximum(place - PER_DAY, 0))
            columns.append(self.mean_w(begin, np.minimum(begin + length, place)))
        return np.asarray(np.log(np.stack(columns, axis=1) + FLOOR_W), dtype=np.float64)

    def after(self, place: Ints, blocks: Sequence[tuple[int, int]]) -> Floats:
        """Return the load in these blocks of steps after each place, in logarithms."""
        columns = [self.mean_w(place + start, place + end) for start, end in blocks]
        return np.asarray(np.log(np.stack(columns, axis=1) + FLOOR_W), dtype=np.float64)

    def courses(self, place: Ints) -> Floats:
        """Return what followed each place, for the length of a forecast."""
        return np.asarray(self.load_w[place[:, None] + np.arange(HORIZON)], dtype=np.float64)


@dataclass(frozen=True)
class Expected:
    """What is expected after each place, after now, and after places of the last days by all other days.

    left_out is NaN for places older than TRIED_DAYS.
    """

    each: Floats
    left_out: Floats
    now: Floats


def regress(features: Floats, target: Floats, here: Floats, weights: Floats, age_days: Ints) -> Expected:
    """Fit targets to features by weight, (place, ...) each; here are the features of now.

    Slopes are drawn towards zero as strongly as would have forecast each day best from the others: the fewer days, the
    more strongly. Fits are averaged, the better ones with more weight.
    """
    weight = weights / weights.sum()
    mean = weight @ features
    scale = np.sqrt(weight @ (features - mean) ** 2) + 0.05
    x = (features - mean) / scale
    middle = weight @ target
    strength = weights / weights.max()
    size, axes = np.linalg.eigh((x * strength[:, None]).T @ x)
    x = x @ axes
    now = np.clip((here - mean) / scale, -FARTHEST, FARTHEST) @ axes
    pull = (x * strength[:, None]).T @ (target - middle)
    places = _by_day(age_days)[:TRIED_DAYS]
    tried = places[places >= 0]
    fits = []
    for ridge in RIDGES:
        slope = pull / (size + ridge)[:, None]
        each = middle + x @ slope
        miss = _left_out_miss(x / np.sqrt(size + ridge), target - each, strength, weight, places)
        fits.append((each, target - miss, middle + now @ slope))
    loss = np.stack([weight[tried] @ (target - left_out)[tried] ** 2 for _, left_out, _ in fits]) + 1e-9
    shares = shares_by_loss(loss, axis=0)
    return Expected(*((shares[:, None] * np.stack(column)).sum(axis=0) for column in zip(*fits, strict=True)))


def _by_day(age_days: Ints) -> Ints:
    """Return the places of each day as (day, number), the last day first, padded with -1."""
    order = np.argsort(age_days, kind="stable")
    _, begin, count = np.unique(age_days[order], return_index=True, return_counts=True)
    number = np.arange(count.max())
    found = order[np.minimum(begin[:, None] + number, len(age_days) - 1)]
    return np.asarray(np.where(number < count[:, None], found, -1), dtype=np.int64)


def _left_out_miss(x: Floats, miss: Floats, strength: Floats, weight: Floats, places: Ints) -> Floats:
    """Return by how much each place would have been missed if the fit had not known its day.

    x are the features in units in which the inverse of the fit is one; places are those of each day.
    """
    known = places >= 0
    mine = np.where(known[:, :, None], x[places], 0.0)
    part = mine @ mine.transpose(0, 2, 1) * np.where(known, strength[places], 0.0)[:, None, :]
    part += np.where(known, weight[places], 0.0)[:, None, :]
    own = np.where(known[:, :, None], miss[places], 0.0)
    result = np.full_like(miss, np.nan)
    result[places[known]] = np.linalg.solve(np.eye(places.shape[1]) - LARGEST_PART * part, own)[known]
    return result
