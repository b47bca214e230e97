"""What the panels will deliver: the courses of the last days, weighted by likeness to today. Pure, no internet."""

from dataclasses import dataclass

import numpy as np

from services.outlook.history import Floats
from services.outlook.steps import HORIZON, PER_DAY, PER_HOUR

DAYS = 14
HALF_LIFE_DAYS = 4.0


@dataclass(frozen=True)
class SunCourses:
    """Possible courses of the panels' power ahead, by five-minute steps from now, and how likely each is."""

    power_w: Floats
    weights: Floats
    days: float


def sun_courses(pv_w: Floats, battery_full: "np.typing.NDArray[np.bool_]") -> SunCourses:
    """Return the courses; without a record there is no sun, the cautious assumption.

    battery_full marks steps in which a full battery may have throttled the panels: there the day's power is at least
    what other days show at that time.
    """
    size = len(pv_w) - 1
    if not np.nansum(pv_w[-DAYS * PER_DAY :]) > 0:
        return SunCourses(np.zeros((1, HORIZON)), np.ones(1), 0.0)
    rows, recorded, ages = [], [], []
    for day in range(1, DAYS + 1):
        begin = size - day * PER_DAY
        if begin < 0:
            break
        part = pv_w[begin : begin + PER_DAY]
        if np.isfinite(part).mean() < 0.7:
            continue
        full = battery_full[begin : begin + PER_DAY]
        rows.append(np.where(full, np.nan, part))
        recorded.append(np.nan_to_num(part))
        ages.append(day)
    if not rows:
        return SunCourses(np.zeros((1, HORIZON)), np.ones(1), 0.0)
    course = np.stack(rows)
    course = np.where(np.isfinite(course), course, np.maximum(_means(course), np.stack(recorded)))
    weights = np.exp2(-np.array(ages, dtype=np.float64) / HALF_LIFE_DAYS)
    weights = weights * _like_today(pv_w, size, course)
    whole = np.concatenate((course, course[:, : HORIZON - PER_DAY]), axis=1)
    return SunCourses(whole, weights / weights.sum(), float(len(rows)))


def _means(course: Floats) -> Floats:
    """Return the mean of each step of the day, 0 if it was never recorded."""
    known = np.isfinite(course)
    some = np.where(known, course, 0.0)
    count = known.sum(axis=0)
    return np.asarray(np.where(count > 0, some.sum(axis=0) / np.maximum(count, 1), 0.0), dtype=np.float64)


def _like_today(pv_w: Floats, size: int, course: Floats) -> Floats:
    """Return how similar each day was to today in the last three hours; at night the same for all."""
    part = 3 * PER_HOUR
    lately = np.nansum(pv_w[max(0, size - part) : size])
    then = course[:, -part:].sum(axis=1)
    if lately <= 0 and not (then > 0).any():
        return np.ones(len(course))
    apart = np.log((lately + 1000.0) / (then + 1000.0))
    return np.asarray(np.exp(-2.0 * apart**2), dtype=np.float64)
