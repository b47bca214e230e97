"""The record on a regular grid of five-minute steps, from which everything else learns. Pure."""

from dataclasses import dataclass

import numpy as np

from services.outlook.history import Floats, History, Ints, column

STEP_S = 300
STEP_H = STEP_S / 3600
PER_HOUR = 12
PER_DAY = 24 * PER_HOUR
HORIZON = 36 * PER_HOUR
"""How far a forecast reaches."""
LONGEST_DAYS = 280
"""Older records say little about today and cost time."""
HELD_STEPS = PER_HOUR
"""A value recorded every half hour, or every hour, holds until the next one; longer silence is a gap."""


@dataclass(frozen=True)
class Steps:
    """Means of five-minute steps; step i begins at (first + i) * STEP_S. The last one is the present step.

    The charge is the last value of a step; a grid is 1, 0 or NaN.
    """

    first: int
    load_w: Floats
    pv_w: Floats
    battery_w: Floats
    inverter_soc: Floats
    bms_soc: Floats
    grid_on: Floats
    held: int = 1
    """For how many steps a sample of a coarser record holds; the charge is interpolated linearly in between."""

    @property
    def size(self) -> int:
        """The number of steps."""
        return len(self.load_w)

    @property
    def age_days(self) -> Floats:
        """How old each step is."""
        return np.arange(self.size - 1, -1, -1, dtype=np.float64) / PER_DAY

    @property
    def off(self) -> "np.typing.NDArray[np.bool_]":
        """Whether there is an outage."""
        return np.asarray(self.grid_on == 0)

    def index(self, at_s: float) -> int:
        """Return the index of the step of a moment, which may be outside the record."""
        return int(at_s // STEP_S) - self.first


def to_steps(history: History, now_s: float) -> Steps:
    """Return the steps up to now, without samples of the future or without a time."""
    times = column(history.time, len(history.time))
    known = np.isfinite(times) & (times <= now_s) & (times > now_s - LONGEST_DAYS * 86400)
    order = _in_time(times, known)
    times = times[order]
    bins = (times // STEP_S).astype(np.int64)
    last = int(now_s // STEP_S)
    first = int(bins[0]) if bins.size else last
    size = last - first + 1
    held = _held(times)
    place = bins - first

    def sampled(name: str) -> Floats:  # one column at a time, as a record with one sample per second is large
        return column(getattr(history, name), len(history.time))[order]

    grid = sampled("grid_on")
    return Steps(
        first,
        _hold(_means(_positive(sampled("load_w")), place, size), held),
        _hold(_means(sampled("pv_power_w"), place, size), held),
        _hold(_means(sampled("battery_power_w"), place, size), held),
        _lasts(_charge(sampled("soc_percent")), place, size, held),
        _lasts(_charge(sampled("bms_soc_percent")), place, size, held),
        _hold(_now(_whole(_means(grid, place, size)), grid, place), held),
        held,
    )


def _in_time(times: Floats, known: "np.typing.NDArray[np.bool_]") -> "slice | Ints":
    """Return the places of the known samples, in order of time."""
    places = np.flatnonzero(known)
    if not places.size:
        return slice(0, 0)
    first, last = int(places[0]), int(places[-1]) + 1
    if last - first == places.size and (np.diff(times[first:last]) >= 0).all():
        return slice(first, last)  # no copy
    return places[np.argsort(times[places], kind="stable")]


def _positive(load: Floats) -> Floats:
    return np.where(load < 0, np.nan, load)


def _held(times: Floats) -> int:
    """Return for how many steps a value holds, in a record that is coarser than our steps."""
    if times.size < 3:
        return 1
    usual = float(np.median(np.diff(times)))
    return int(min(HELD_STEPS, max(1, round(usual / STEP_S))))


def _means(values: Floats, place: Ints, size: int) -> Floats:
    """Return the mean of the known values of each step; `place` must not decrease."""
    known = np.isfinite(values)
    if not known.all():
        values, place = values[known], place[known]
    result = np.full(size, np.nan)
    if place.size:
        begins = np.concatenate(([0], np.flatnonzero(np.diff(place)) + 1))
        count = np.diff(begins, append=place.size)
        result[place[begins]] = np.add.reduceat(values, begins) / count
    return result


def _whole(shares: Floats) -> Floats:
    """Return the steps of the grid as wholly on or off: by what lasted longer in the step."""
    return np.where(np.isfinite(shares), (shares >= 0.5).astype(np.float64), np.nan)


def _now(grid: Floats, samples: Floats, place: Ints) -> Floats:
    """Return the values with the present step by the last reading, as otherwise an outage is seen minutes late."""
    known = np.flatnonzero(np.isfinite(samples))
    if known.size and place[known[-1]] == len(grid) - 1:
        grid[-1] = float(samples[known[-1]] >= 0.5)
    return grid


def _charge(values: Floats) -> Floats:
    return np.where((values >= 0) & (values <= 100), values, np.nan)


def _lasts(values: Floats, place: Ints, size: int, held: int) -> Floats:
    result = np.full(size, np.nan)
    known = np.isfinite(values)
    result[place[known]] = values[known]  # the last one of a step
    if held == 1:
        return result
    return _between(result, held)


def _hold(values: Floats, held: int) -> Floats:
    """Fill the steps between two samples with the earlier one."""
    if held == 1:
        return values
    last = _last_known(values)
    age = np.arange(len(values)) - last
    return np.where((last >= 0) & (age < held), values[np.maximum(last, 0)], np.nan)


def _between(values: Floats, held: int) -> Floats:
    """Interpolate the charge between two samples linearly."""
    known = np.flatnonzero(np.isfinite(values))
    if not known.size:
        return values
    line = np.interp(np.arange(len(values)), known, values[known])
    last = _last_known(values)
    return np.where((last >= 0) & (np.arange(len(values)) - last < held), line, np.nan)


def _last_known(values: Floats) -> "np.typing.NDArray[np.int64]":
    """Return for each step the last one with a value, or -1."""
    places = np.where(np.isfinite(values), np.arange(len(values)), -1)
    return np.asarray(np.maximum.accumulate(places) if len(places) else places, dtype=np.int64)


def filled(values: Floats, most_steps: int) -> Floats:
    """Return values with gaps of at most this many steps filled with the last value before."""
    last = _last_known(values)
    age = np.arange(len(values)) - last
    return np.where((last >= 0) & (age <= most_steps), values[np.maximum(last, 0)], np.nan)


def spans(mask: "np.typing.NDArray[np.bool_]") -> list[tuple[int, int]]:
    """Return the runs of True as (first, last + 1)."""
    edges = np.diff(np.concatenate(([0], mask.astype(np.int8), [0])))
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))
