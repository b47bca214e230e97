"""How people draw power around outages, against the same home on other days. Pure.

Before an announced outage people charge, cook and heat; in it they save; after it they catch up. This is removed from
the record before similar days are searched for, and added again where the forecast has outages.
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
ROUNDS = 3
LEAST, MOST = 0.3, 2.0


class Around(IntEnum):
    """Where a step lies: in no outage, in the hours before one, in it, or in the hours after."""

    NONE = 0
    BEFORE = 1
    IN = 2
    AFTER = 3


SPREAD = {Around.BEFORE: 0.15, Around.IN: 0.25, Around.AFTER: 0.15}
"""How much homes differ from what they draw on other days, in logarithms: the assumption for an unknown home."""
UNSEEN = 0.5
"""How wrong the behaviour may be for spells that have not been seen yet."""


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
    """Return the position of each step. Only announced outages have a before."""
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
    """Compare the load around outages with the usual one at that time of day, at the level of the days around.

    local_step counts five-minute steps of local time, so that its remainder by a day is the time of day. With several
    outages a day, few steps are in none: all steps count as usual once the behaviour is removed, so the two are learned
    in turns.
    """
    slot = (local_step % PER_DAY) // 6
    known = np.isfinite(load_w)
    age = np.arange(len(load_w) - 1, -1, -1, dtype=np.float64) / PER_DAY
    weights = np.where(known, fading(age, HALF_LIFE_DAYS), 0.0)
    seen = weights * np.nan_to_num(load_w)
    spell = np.cumsum(np.diff(where, prepend=where[:1]) != 0)
    kinds = where[np.diff(spell, prepend=-1) != 0]
    drawn, by_slot, within_a_day = _sums(spell, seen), _sums(slot, seen), _within_a_day(seen)
    factors, level = np.ones(len(Around)), np.ones(len(load_w))
    for _ in range(ROUNDS):
        freed = weights * factors[where]
        usual = _ratio(by_slot, _sums(slot, freed * level))[slot]
        level = _ratio(within_a_day, _within_a_day(freed * usual))
        expected = _sums(spell, weights * usual * level)
        for kind, spread in SPREAD.items():
            factors[kind] = _factor(drawn[kinds == kind], expected[kinds == kind], spread)
    hours = np.bincount(where[known], minlength=len(Around)) / PER_HOUR
    return Behaviour(
        *(Estimate(float(factors[kind]), float(hours[kind]), "h", is_default=bool(hours[kind] < 1)) for kind in SPREAD)
    )


def _sums(places: "np.typing.NDArray[np.int64]", values: Floats) -> Floats:
    return np.asarray(np.bincount(places, values), dtype=np.float64)


def _ratio(seen: Floats, expected: Floats) -> Floats:
    return np.divide(seen, expected, out=np.ones(len(seen)), where=expected > 0)


def _within_a_day(values: Floats) -> Floats:
    """Return the sum of the day before and the day after each step."""
    total = np.concatenate((np.zeros(PER_DAY + 1), np.cumsum(values), np.full(PER_DAY, values.sum())))
    window: Floats = total[2 * PER_DAY : 2 * PER_DAY + len(values)] - total[: len(values)]
    return window


def _factor(drawn: Floats, expected: Floats, spread: float) -> float:
    """Return the ratio of what is drawn to what is expected in these spells; the less they agree, the nearer to one.

    One additional spell, as large as the largest, stands for those that have not been seen.
    """
    total = expected.sum()
    if not total > 0:
        return 1.0
    share = max(float(drawn.sum() / total), 0.05)
    missed = ((drawn - share * expected) ** 2).sum() + (UNSEEN * share * expected.max()) ** 2
    unsure = float(missed / (share * total) ** 2)
    return float(np.clip(share ** (spread**2 / (spread**2 + unsure)), LEAST, MOST))
