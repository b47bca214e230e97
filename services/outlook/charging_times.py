"""When the mains charges a battery that is not full: at once, only when it is low, or in cheap hours. Pure.

Everything is by the time of day in UTC; after a clock change it is an hour off until the record shows the new times.
"""

from dataclasses import dataclass, field

import numpy as np

from services.outlook.estimate import fading
from services.outlook.history import Floats, Ints
from services.outlook.steps import HORIZON, PER_DAY, PER_HOUR, Steps

CHARGING_W = 60.0
"""With less power a battery is at rest. No charger of a 48 V battery is that weak: the least setting, 2 A, is 100 W."""
ROOM_POINTS = 5.0
"""A battery this far below the charge at which charging ends has room."""
RESTS_STEPS = PER_HOUR
"""A battery with room that has not been charged for this long is left alone, whatever it waits for."""
HALF_HOUR = PER_HOUR // 2
HALF_LIFE_DAYS = 45.0
WAITS_SHARE, WAITS_STEPS = 0.05, 3 * PER_HOUR
"""The mains waits at a time of day at which it almost never charged, given at least this much of a record."""
BEGINS_SHARE, BEGINS_DAYS = 0.5, 2.0
"""A battery left alone is charged again at a time at which charging began on most days, and on more than one."""

Mask = np.typing.NDArray[np.bool_]


def _never() -> Mask:
    return np.zeros(HORIZON, dtype=bool)


@dataclass(frozen=True)
class ChargingTimes:
    """In which steps ahead the mains does not charge, and for how many a battery that is left alone now stays so."""

    waits: Mask = field(default_factory=_never)
    rests_steps: int = 0
    """HORIZON if only the next outage is known to end it; 0 if it is not left alone."""


def learn_charging_times(steps: Steps, soc: Floats, full_percent: float) -> ChargingTimes:
    """Return what the record shows; without a meter at the battery nothing is idle and nothing waits."""
    sun = np.nan_to_num(steps.pv_w)
    usable = (steps.grid_on == 1) & np.isfinite(steps.battery_w) & (soc < full_percent - ROOM_POINTS)
    usable[1:] &= steps.grid_on[:-1] == 1  # the step in which power returns is only part of a step
    charging = usable & (steps.battery_w - sun > CHARGING_W)
    idle = usable & (np.abs(steps.battery_w) < CHARGING_W)
    part, ahead = half_hours(steps.first, steps.size), half_hours(steps.first + steps.size, HORIZON)
    rested = _rested(idle)
    rests = steps.size > RESTS_STEPS and bool(idle[-1] and rested[-1])
    begins = _begins(usable & rested, charging, part, steps.age_days)[ahead]
    waits = _waits(usable & (sun < CHARGING_W), charging, part, steps.age_days)[ahead]
    if steps.size and charging[-1]:  # it may usually wait, but not today
        waits = _never()
    return ChargingTimes(waits, _first(begins) if rests else 0)


def half_hours(first: int, size: int) -> Ints:
    """Return the half-hour of the day of each step."""
    return np.asarray(((first + np.arange(size)) % PER_DAY) // HALF_HOUR)


def _rested(idle: Mask) -> Mask:
    """Return the steps before which the battery was left alone for long."""
    count = np.concatenate(([0], np.cumsum(idle)))
    result = np.zeros(len(idle), dtype=bool)
    result[RESTS_STEPS:] = count[RESTS_STEPS:-1] - count[: -RESTS_STEPS - 1] == RESTS_STEPS
    return result


def _waits(usable: Mask, charging: Mask, part: Ints, age_days: Floats) -> Mask:
    weights = fading(age_days, HALF_LIFE_DAYS)
    seen = np.bincount(part[usable], minlength=PER_DAY // HALF_HOUR)
    total = np.bincount(part[usable], weights=weights[usable], minlength=len(seen))
    charged = np.bincount(part[usable & charging], weights=weights[usable & charging], minlength=len(seen))
    return np.asarray((seen >= WAITS_STEPS) & (charged < WAITS_SHARE * total))


def _begins(rested: Mask, charging: Mask, part: Ints, age_days: Floats) -> Mask:
    """Return the times of day at which a battery that was left alone is usually charged."""
    parts = PER_DAY // HALF_HOUR
    each = age_days.astype(np.int64) * parts + part  # a half-hour of one day, or the two pieces of the present one
    possible = np.unique(each[rested])
    begun = np.unique(each[rested & charging])
    days = np.bincount(possible % parts, minlength=parts)
    charged = np.bincount(begun % parts, minlength=parts)
    return np.asarray((charged >= BEGINS_DAYS) & (charged >= BEGINS_SHARE * days))


def _first(begins: Mask) -> int:
    return int(begins.argmax()) if begins.any() else HORIZON
