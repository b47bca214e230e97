"""How people draw power around outages, against the same home on other days. Pure.

Before an outage that they know of, people charge, cook and heat; in it they save; after it they catch up. The record is
freed of this before similar days are looked for, and it is put back where the forecast has outages.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from services.outlook.estimate import Estimate, fading
from services.outlook.history import Floats
from services.outlook.steps import PER_DAY, PER_HOUR

BEFORE_STEPS = int(1.5 * PER_HOUR)
AFTER_STEPS = 2 * PER_HOUR
HALF_LIFE_DAYS = 60.0
ASSUMED_HOURS = 12.0
"""How many hours of an outage say as much as the assumption that nothing changes."""
LEAST, MOST = 0.3, 2.0


class Around(IntEnum):
    """Where a step lies: in no outage, in the hours before one, in it, or in the hours after."""

    NONE = 0
    BEFORE = 1
    IN = 2
    AFTER = 3


@dataclass(frozen=True)
class Behaviour:
    """The load before, in and after outages, as a multiple of what it would have been."""

    before: Estimate
    during: Estimate
    after: Estimate

    @property
    def factors(self) -> Floats:
        """The multiples by `Around`."""
        return np.array([1.0, self.before.value, self.during.value, self.after.value])


def around(
    off: "np.typing.NDArray[np.bool_]", announced: "np.typing.NDArray[np.bool_]"
) -> "np.typing.NDArray[np.int8]":
    """Return for each step where it lies. Only outages that were announced have a before."""
    result = np.zeros(len(off), dtype=np.int8)
    count = np.concatenate(([0], np.cumsum(off)))
    places = np.arange(len(off))
    result[count[places] - count[np.maximum(places - AFTER_STEPS, 0)] > 0] = Around.AFTER
    ahead = np.concatenate(([0], np.cumsum(announced)))
    result[ahead[np.minimum(places + 1 + BEFORE_STEPS, len(off))] - ahead[places + 1] > 0] = Around.BEFORE
    result[off] = Around.IN
    return result


def learn_behaviour(
    load_w: Floats, where: "np.typing.NDArray[np.int8]", local_step: "np.typing.NDArray[np.int64]"
) -> Behaviour:
    """Compare the load around outages with the usual one at the same time of other days.

    local_step counts five-minute steps of the wall clock, so that its remainder by a day is the time of day.
    """
    slot = (local_step % PER_DAY) // 6
    age = np.arange(len(load_w) - 1, -1, -1, dtype=np.float64) / PER_DAY
    weights = fading(age, HALF_LIFE_DAYS)
    known = np.isfinite(load_w)
    calm = known & (where == Around.NONE)
    slots = PER_DAY // 6
    total = np.bincount(slot[calm], weights=weights[calm], minlength=slots)
    usual = np.bincount(slot[calm], weights=(weights * load_w)[calm], minlength=slots) / np.maximum(total, 1e-9)
    usual = np.where(total > 0, usual, np.nan)
    return Behaviour(*(_factor(load_w, usual[slot], weights, known & (where == one)) for one in list(Around)[1:]))


def _factor(load_w: Floats, usual: Floats, weights: Floats, rows: "np.typing.NDArray[np.bool_]") -> Estimate:
    rows = rows & np.isfinite(usual)
    hours = float(rows.sum()) / PER_HOUR
    if not rows.any():
        return Estimate(1.0, 0.0, "h", is_default=True)
    seen = float((weights * load_w)[rows].sum())
    expected = float((weights * usual)[rows].sum())
    known = float(weights[rows].sum()) / PER_HOUR
    share = seen / expected if expected > 0 else 1.0
    value = float(np.exp(np.log(max(share, 0.05)) * known / (known + ASSUMED_HOURS)))
    return Estimate(float(np.clip(value, LEAST, MOST)), hours, "h", is_default=hours < 1)
