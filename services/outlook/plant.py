"""What the inverter and the battery of this home can do, learned from the record. Pure.

The energy of the battery is counted at its terminals, and its capacity in Wh for each percent of charge that is
reported: so a battery that has aged, or a BMS that was set wrongly, is forecast as it is read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from services.outlook.charging_times import CHARGING_W, ChargingTimes, Mask, half_hours, learn_charging_times
from services.outlook.estimate import Estimate, default, fading, weighted_quantile
from services.outlook.history import Floats
from services.outlook.steps import PER_HOUR, STEP_H, Steps, filled, spans
from shared.charge import IN_FOR_OUT

HALF_LIFE_DAYS = 45.0
LEAST_POINTS = 3.0
"""A smaller change of charge says little, as many devices report whole percents."""
ASSUMED_WH = 5000.0
"""A home battery of one small pack."""
ASSUMED_POINTS = 12.0
"""An assumed capacity weighs as much as this many measured points of discharge."""
CONVERSION, IDLE_W, SUN_USED = 1.08, 60.0, 0.96
"""Of a usual inverter: taken from the battery for each watt of load, taken always, and what is left of the sun."""
CERTAIN_ROWS = np.array([40.0, 20.0, 40.0])
"""These assumptions weigh as much as this many five-minute steps."""
CHARGE_HOURS = 8.0
"""An assumed charger needs this long for a whole battery."""
ENOUGH_HOURS, SELDOM = 4.0, 0.1
"""A battery below 85 % for this long, and charged in less than this share of that time, is not charged."""
MOSTLY, SEEN_STEPS = 0.5, 18
"""Unless it is charged in cheap hours: in this share of a time of day, once that was seen in this many steps."""
TAPER_EDGES = np.array([0.0, 70, 80, 85, 90, 93, 95, 96, 97, 98, 99, 100])
TAPER = np.array([1.0, 1.0, 1.0, 1.0, 0.95, 0.85, 0.7, 0.6, 0.5, 0.35, 0.25])
"""The charging power near full, relative to that further down: an LFP battery at constant voltage."""
FEEDS_HOURS, FEEDS_SHARE = 24.0, 0.2
"""In homes that save mains for the night, the battery feeds the home in this share of the time with power."""
FULL, NEARLY_FULL = 99.0, 96.0
CUT_OFF_PERCENT = 10.0
DARK_W = 15.0


@dataclass(frozen=True)
class Plant:
    """The learned plant: figures with their evidence, and the taper as a share of charging_w by TAPER_EDGES."""

    discharge_wh: Estimate
    """Taken from the battery for one percent of charge."""
    charge_wh: Estimate
    """Put into the battery for one percent of charge."""
    conversion: Estimate
    idle_w: Estimate
    sun_used: Estimate
    charging_w: Estimate
    taper: Floats
    full_percent: Estimate
    """The charge at which charging ends."""
    cut_off_percent: Estimate
    """The charge at which the inverter switches the home off."""
    spread: float
    """The relative uncertainty of the energy for a percent of charge."""
    feeds_above: float | None = None
    """The charge down to which the battery feeds the home despite power (SBU); None: it waits for outages."""
    times: ChargingTimes = field(default_factory=ChargingTimes)
    """When the mains does not charge it, though it is not full."""

    def drawn_w(self, load_w: Floats, sun_w: Floats) -> Floats:
        """Return what the battery gives without grid, negative while the sun charges it."""
        return np.asarray(
            self.conversion.value * load_w + self.idle_w.value - self.sun_used.value * sun_w, dtype=np.float64
        )

    def charging_at(self, soc: Floats) -> Floats:
        """Return the charging power from the mains at a charge, which ends at full_percent."""
        middle = (TAPER_EDGES[:-1] + TAPER_EDGES[1:]) / 2
        power = self.charging_w.value * np.interp(soc, middle, self.taper)
        return np.asarray(np.where(soc < self.full_percent.value, power, 0.0), dtype=np.float64)

    def hours_to_charge(self, start: float, end: float) -> float | None:
        """Return how long charging from the mains takes from one charge to another; None if it never gets there."""
        if end <= start:
            return 0.0
        if end > self.full_percent.value + 0.01 or self.charging_w.value < CHARGING_W:
            return None
        levels = np.arange(start, end, 0.25) + 0.125
        power = self.charging_at(np.minimum(levels, self.full_percent.value - 0.01))
        return float((0.25 * self.charge_wh.value / np.maximum(power, 1.0)).sum())


def learn_plant(steps: Steps, soc: Floats, label_wh: float | None = None) -> Plant:
    """Return the plant by the record; soc is the charge used by the forecast, step by step."""
    weights = fading(steps.age_days, HALF_LIFE_DAYS)
    known = filled(soc, 2)
    conversion, idle, sun = _inverter(steps, known, weights)
    drawn = conversion.value * steps.load_w + idle.value - sun.value * np.nan_to_num(steps.pv_w)
    counted = np.where(np.isfinite(steps.battery_w), steps.battery_w, np.where(steps.off, -drawn, np.nan))
    out, spread = _wh_per_percent(counted, known, weights, label_wh, steps.held)
    counted = np.where(np.isfinite(counted), counted, _by_charge(steps, known, out.value * IN_FOR_OUT))
    into = _charge_wh(counted, known, weights, out, steps.held)
    charging, taper = _charging(steps, known, counted, weights, 100 * into.value)
    full = _full(steps, known, weights)
    feeds_above = _feeds_above(steps, known, weights)
    return Plant(
        out,
        into,
        conversion,
        idle,
        sun,
        charging,
        taper,
        full,
        _cut_off(steps, known, weights),
        spread,
        feeds_above,
        learn_charging_times(steps, known, full.value) if feeds_above is None else ChargingTimes(),
    )


def _feeds_above(steps: Steps, soc: Floats, weights: Floats) -> float | None:
    """Return down to which charge the battery feeds the home while there is power, or None if it seldom does."""
    on = (steps.grid_on == 1) & np.isfinite(steps.battery_w) & np.isfinite(soc)
    feeds = on & (steps.battery_w < -CHARGING_W)
    if float(on.sum()) / PER_HOUR < FEEDS_HOURS or weights[feeds].sum() < FEEDS_SHARE * weights[on].sum():
        return None
    return weighted_quantile(soc[feeds], weights[feeds], 0.03)


def _by_charge(steps: Steps, soc: Floats, wh_per_percent: float) -> Floats:
    """Return the power into the battery on the grid, from the rise of the charge within half an hour."""
    half = PER_HOUR // 4
    result = np.full(steps.size, np.nan)
    if steps.size > 2 * half:
        result[half:-half] = np.maximum(soc[2 * half :] - soc[: -2 * half], 0.0) * 2 * wh_per_percent
    return np.where(steps.grid_on == 1, result, np.nan)


def _inverter(steps: Steps, soc: Floats, weights: Floats) -> tuple[Estimate, Estimate, Estimate]:
    """Fit what the battery gives without grid to load, sun and a constant; the assumptions are samples too.

    A nearly full battery takes less than the sun could give: the difference says nothing about the inverter.
    """
    sun = np.nan_to_num(steps.pv_w)
    rows = steps.off & np.isfinite(steps.battery_w) & np.isfinite(steps.load_w) & (steps.load_w > DARK_W)
    rows &= ~(soc >= NEARLY_FULL) | (steps.battery_w < -CHARGING_W)
    load, given, sun, weight = (column[rows] for column in (steps.load_w, -steps.battery_w, sun, weights))
    assumed = np.array([CONVERSION, IDLE_W, SUN_USED])
    inputs = np.stack([load, np.ones_like(load), -sun], axis=1)
    result = assumed
    keep = np.ones(load.size, dtype=bool)
    scale = np.array([500.0, 1.0, 500.0])
    for _ in range(3):
        columns = inputs[keep]
        square = (columns * weight[keep, None]).T @ columns + np.diag(CERTAIN_ROWS * scale**2)
        right = (columns * weight[keep, None]).T @ given[keep] + CERTAIN_ROWS * scale**2 * assumed
        result = np.linalg.solve(square, right)
        miss = np.abs(given - inputs @ result)
        keep = miss <= max(30.0, 4 * float(np.median(miss)) if miss.size else 30.0)
    low, high = np.array([0.9, 0.0, 0.5]), np.array([1.6, 400.0, 1.2])
    fitted = np.clip(result, low, high)
    hours = float(load.size) / PER_HOUR
    sunny = float((sun > 50).sum()) / PER_HOUR
    return (
        Estimate(float(fitted[0]), hours, "h", is_default=hours < 1),
        Estimate(float(fitted[1]), hours, "h", is_default=hours < 1),
        Estimate(float(fitted[2]), sunny, "h", is_default=sunny < 1),
    )


def _runs(power: Floats, soc: Floats, sign: int, *, above: float, held: int) -> Iterator[tuple[int, int, float, float]]:
    """Yield the runs in which the battery gives (-1) or takes (+1) energy: first, last, points and Wh.

    A run ends at its last sample, however long that holds: what followed until the next one is unknown.
    """
    busy = np.isfinite(power) & (sign * power > above)
    known = np.flatnonzero(np.isfinite(soc))
    energy = np.concatenate(([0.0], np.cumsum(np.where(busy, sign * power, 0.0)))) * STEP_H
    edges = np.searchsorted(known, np.array(list(spans(busy)), dtype=np.int64).reshape(-1, 2) - (0, held - 1))
    edges = edges[edges[:, 1] - edges[:, 0] >= 2]
    start, last = known[edges[:, 0]], known[edges[:, 1] - 1]
    points, given = sign * (soc[last] - soc[start]), energy[last + 1] - energy[start + 1]
    useful = (points >= LEAST_POINTS) & (given > 0)
    yield from zip(*(column[useful].tolist() for column in (start, last, points, given)), strict=True)


def _wh_per_percent(
    power: Floats, soc: Floats, weights: Floats, label_wh: float | None, held: int
) -> tuple[Estimate, float]:
    """Return the energy taken for each percent, and its uncertainty, from the runs of discharging."""
    assumed = (label_wh or ASSUMED_WH) / 100
    runs = [run for run in _runs(power, soc, -1, above=20, held=held) if soc[run[0]] < 99.5 or run[2] > 8]
    points = np.array([run[2] for run in runs])
    each = np.array([run[3] / run[2] for run in runs])
    weight = points * np.array([weights[run[1]] for run in runs]) if runs else points
    if not runs:
        return Estimate(assumed, 0.0, "points", is_default=True), 0.15 if label_wh else 0.3
    middle = weighted_quantile(each, weight, 0.5)
    kept = np.abs(each / middle - 1) < 0.3
    total = float(weight[kept].sum())
    prior = ASSUMED_POINTS if label_wh else ASSUMED_POINTS / 4
    value = (float((each[kept] * weight[kept]).sum()) + assumed * prior) / (total + prior)
    scatter = float(np.sqrt(((each[kept] / value - 1) ** 2 * weight[kept]).sum() / total)) if total else 0.2
    spread = float(np.hypot(0.015, max(scatter, 0.05) / np.sqrt(1 + total / 20)))
    return Estimate(value, float(points.sum()), "points", is_default=False), spread


def _charge_wh(power: Floats, soc: Floats, weights: Floats, out: Estimate, held: int) -> Estimate:
    """Return the energy put in for each percent, from the runs of charging below the taper."""
    assumed, prior = out.value * IN_FOR_OUT, 4 * ASSUMED_POINTS
    runs = list(_runs(power, np.where(soc < 97, soc, np.nan), 1, above=50, held=held))
    points = np.array([run[2] for run in runs])
    if not runs:
        return Estimate(assumed, 0.0, "points", is_default=True)
    weight = points * np.array([weights[run[1]] for run in runs])
    each = np.array([run[3] / run[2] for run in runs])
    kept = np.abs(each / weighted_quantile(each, weight, 0.5) - 1) < 0.3
    total = float(weight[kept].sum())
    value = (float((each[kept] * weight[kept]).sum()) + assumed * prior) / (total + prior)
    return Estimate(float(np.clip(value, 0.9 * out.value, 1.4 * out.value)), float(points.sum()), "points")


def _charging(steps: Steps, soc: Floats, power: Floats, weights: Floats, capacity_wh: float) -> tuple[Estimate, Floats]:
    """Return the usual charging power from the mains and how it falls near full."""
    on = (steps.grid_on == 1) & np.isfinite(power) & np.isfinite(soc)
    on[1:] &= steps.grid_on[:-1] == 1  # the step in which power returns is only part of a step
    dark = on & ~(steps.pv_w >= CHARGING_W)
    if float((dark & (soc < 85)).sum()) / PER_HOUR > ENOUGH_HOURS:  # what charges it then is not the sun
        on = dark
    below = on & (soc < 85)
    busy = below & (power > CHARGING_W)
    hours = float(busy.sum()) / PER_HOUR
    if float(below.sum()) / PER_HOUR > ENOUGH_HOURS and not _charges(steps, busy, below):
        return Estimate(0.0, float(below.sum()) / PER_HOUR, "h"), TAPER  # it does not charge from the mains
    near = on & (soc >= 85) & (power > CHARGING_W)
    if hours < 0.3 and near.sum() < 3:
        return default(capacity_wh / CHARGE_HOURS), TAPER
    if hours >= 0.3:
        usual = weighted_quantile(power[busy], weights[busy], 0.5)
    else:
        share = np.interp(soc[near], (TAPER_EDGES[:-1] + TAPER_EDGES[1:]) / 2, TAPER)
        usual = weighted_quantile(power[near] / share, weights[near], 0.5)
    return Estimate(usual, hours, "h", is_default=hours < 0.3), _taper(soc, power, weights, on, usual)


def _charges(steps: Steps, busy: Mask, below: Mask) -> bool:
    """Return whether the mains charges it, at any time or at some time of the day."""
    if busy.sum() >= SELDOM * below.sum():
        return True
    part = half_hours(steps.first, steps.size)
    possible = np.bincount(part[below], minlength=1)
    charged = np.bincount(part[busy], minlength=len(possible))
    return bool(((possible >= SEEN_STEPS) & (charged >= MOSTLY * possible)).any())


def _taper(soc: Floats, power: Floats, weights: Floats, on: "np.typing.NDArray[np.bool_]", usual: float) -> Floats:
    result = TAPER.copy()
    charging = on & (power > 0.03 * usual)
    for place in range(len(TAPER)):
        inside = charging & (soc >= TAPER_EDGES[place]) & (soc < TAPER_EDGES[place + 1] + (place == len(TAPER) - 1))
        count = float(inside.sum())
        if count and TAPER_EDGES[place] >= 70:
            seen = weighted_quantile(power[inside], weights[inside], 0.5) / usual
            result[place] = (seen * count + 3 * result[place]) / (count + 3)
    return np.asarray(np.clip(result, 0.02, 1.3), dtype=np.float64)


def _full(steps: Steps, soc: Floats, weights: Floats) -> Estimate:
    """Return the charge at which charging ends: some stop at 90 %."""
    rest = (steps.grid_on == 1) & np.isfinite(soc) & (np.abs(np.nan_to_num(steps.battery_w)) < CHARGING_W)
    rest[PER_HOUR:] &= steps.grid_on[:-PER_HOUR] == 1
    hours = float(rest.sum()) / PER_HOUR
    if hours < 2:
        return default(100.0)
    return Estimate(weighted_quantile(soc[rest], weights[rest], 0.9), hours, "h")


def _cut_off(steps: Steps, soc: Floats, weights: Floats) -> Estimate:
    """Return the charge at which the home went dark in past outages."""
    low = filled(soc, PER_HOUR)
    found: list[tuple[float, float]] = []
    for first, end in spans(steps.off):
        dark = np.flatnonzero(steps.load_w[first:end] <= DARK_W) + first
        if dark.size and dark[0] > first and low[dark[0] - 1] < 50:
            found.append(
                (float(low[dark[0]]) if np.isfinite(low[dark[0]]) else float(low[dark[0] - 1]), weights[dark[0]])
            )
    if found:
        values, weight = np.array(found).T
        return Estimate(weighted_quantile(values, weight, 0.5), float(len(found)), "outages")
    lowest = float(np.nanmin(soc[steps.off])) if np.isfinite(soc[steps.off]).any() else CUT_OFF_PERCENT
    return Estimate(min(CUT_OFF_PERCENT, lowest), 0.0, "outages", is_default=True)
