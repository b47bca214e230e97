"""When the mains charges a battery that has room: at once, only when it is low, or in cheap hours. Pure.

All of it goes by the time of day in UTC; after a clock change it is an hour off until the record shows the new times.
"""

from dataclasses import dataclass, field

import numpy as np

from services.outlook.estimate import fading
from services.outlook.history import Floats, Ints
from services.outlook.steps import HORIZON, PER_DAY, PER_HOUR, Steps

CHARGING_W = 60.0
"""Less is a battery at rest. No charger of a 48 V battery is so weak: the least that can be set, 2 A, makes 100 W."""
ROOM_POINTS = 5.0
"""A battery so far below the charge at which charging ends has room."""
RESTS_STEPS = PER_HOUR
"""A battery with room that has taken nothing for so long is left alone, whatever it waits for."""
HALF_HOUR = PER_HOUR // 2
HALF_LIFE_DAYS = 45.0
WAITS_SHARE, WAITS_STEPS = 0.05, 3 * PER_HOUR
"""The mains waits at a time of day at which, so much of the record says, it next to never charged."""
BEGINS_SHARE, BEGINS_DAYS = 0.5, 2.0
"""A battery left alone is charged again when on most days, and on more than one, charging began then."""

Mask = np.typing.NDArray[np.bool_]


def _never() -> Mask:
    return np.zeros(HORIZON, dtype=bool)


@dataclass(frozen=True)
class ChargingTimes:
    """In which steps ahead the mains charges nothing, and for how many of them a battery left alone now stays so."""

    waits: Mask = field(default_factory=_never)
    rests_steps: int = 0
    """HORIZON where nothing but the next outage is known to end it; 0 if it is not left alone."""


def learn_charging_times(steps: Steps, soc: Floats, full_percent: float) -> ChargingTimes:
    """Return what the record says; without a meter at the battery nothing is idle and nothing waits."""
    sun = np.nan_to_num(steps.pv_w)
    usable = (steps.grid_on == 1) & np.isfinite(steps.battery_w) & (soc < full_percent - ROOM_POINTS)
    usable[1:] &= steps.grid_on[:-1] == 1  # the step in which power returns is half a step
    charging = usable & (steps.battery_w - sun > CHARGING_W)
    idle = usable & (np.abs(steps.battery_w) < CHARGING_W)
    part, ahead = half_hours(steps.first, steps.size), half_hours(steps.first + steps.size, HORIZON)
    rested = _rested(idle)
    rests = steps.size > RESTS_STEPS and bool(idle[-1] and rested[-1])
    begins = _begins(usable & rested, charging, part, steps.age_days)[ahead]
    waits = _waits(usable & (sun < CHARGING_W), charging, part, steps.age_days)[ahead]
    if steps.size and charging[-1]:  # whatever it usually waits for, it does not wait today
        waits = _never()
    return ChargingTimes(waits, _first(begins) if rests else 0)


def half_hours(first: int, size: int) -> Ints:
    """Return the half-hour of the day of each step."""
    return np.asarray(((first + np.arange(size)) % PER_DAY) // HALF_HOUR)


def _rested(idle: Mask) -> Mask:
    """Return before which steps the battery was left alone for long."""
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
    """Return at which times of day a battery that was left alone is usually charged."""
    parts = PER_DAY // HALF_HOUR
    each = age_days.astype(np.int64) * parts + part  # a half-hour of one day, or the two pieces of the present one
    possible = np.unique(each[rested])
    begun = np.unique(each[rested & charging])
    days = np.bincount(possible % parts, minlength=parts)
    charged = np.bincount(begun % parts, minlength=parts)
    return np.asarray((charged >= BEGINS_DAYS) & (charged >= BEGINS_SHARE * days))


def _first(begins: Mask) -> int:
    return int(begins.argmax()) if begins.any() else HORIZON
