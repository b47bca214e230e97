"""Possible courses of the charge: many paths with their own load, sun, outages and battery, step by step. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from services.outlook.behaviour import Around, Behaviour, around
from services.outlook.history import Floats, Ints
from services.outlook.plant import Plant
from services.outlook.punctuality import Delays, spread_sample
from services.outlook.similar_days import Courses
from services.outlook.steps import HORIZON, PER_DAY, STEP_H
from services.outlook.sun import SunCourses

PATHS = 200
LEFT = 0.15
"""Whatever plugs are off, a share of the load is left."""
GOLDEN = 0.6180339887498949
ROOTS = (0.4142135623730951, 0.7320508075688772, 0.2360679774997898, 0.6457513110645906, 0.3166247903553998)


@dataclass(frozen=True)
class Ahead:
    """An outage ahead in each path: from which step to which; nominal is what is planned, running whether it is on.

    comes says in which paths it comes at all; planned_s are the times of the plan itself, which lie between steps.
    """

    start: Ints
    end: Ints
    nominal: tuple[int, int | None]
    running: bool
    comes: "np.typing.NDArray[np.bool_]" = field(default_factory=lambda: np.ones(PATHS, dtype=bool))
    planned_s: tuple[float | None, float | None] = None, None


@dataclass(frozen=True)
class Paths:
    """The paths of one case: watts and charges by (path, step); soc has one column more, the first of which is now."""

    load_w: Floats
    sun_w: Floats
    energy: Floats
    """What each path multiplies the energy for a percent by: nobody knows the battery exactly."""
    outages: tuple[Ahead, ...]
    soc: Floats


def only(paths: Paths, rows: Ints) -> Paths:
    """Return some of the paths."""
    outages = tuple(
        Ahead(one.start[rows], one.end[rows], one.nominal, one.running, one.comes[rows]) for one in paths.outages
    )
    return Paths(paths.load_w[rows], paths.sun_w[rows], paths.energy[rows], outages, paths.soc[rows])


def sample(shares: Floats, weights: Floats) -> Ints:
    """Return which of some weighted courses each share falls on."""
    total = np.cumsum(weights) / weights.sum()
    return np.minimum(np.searchsorted(total, shares), len(weights) - 1)


def even_shares() -> Floats:
    """Return shares that cover 0 to 1 evenly, one a path."""
    return np.asarray((np.arange(PATHS) + 0.5) / PATHS, dtype=np.float64)


def other_shares(number: int) -> Floats:
    """Return shares that cover 0 to 1 evenly and have nothing to do with the others."""
    step = (GOLDEN, *ROOTS)[number % 6] + number // 6 * 0.1234567
    return np.asarray((np.arange(PATHS) * step + 0.37) % 1.0, dtype=np.float64)


def draw_loads(courses: Courses, interest: tuple[int, int]) -> Floats:
    """Return one course of the load a path; paths are in order of what they draw in the window of interest."""
    order = np.argsort(courses.load_w[:, interest[0] : interest[1]].sum(axis=1), kind="stable")
    return courses.load_w[order][sample(even_shares(), courses.weights[order])]


def draw_sun(sun: SunCourses) -> Floats:
    """Return one course of the sun a path."""
    return sun.power_w[sample(other_shares(0), sun.weights)]


def planned_outage(start: int, end: int, delays: Delays, number: int) -> Ahead:
    """Return a planned outage as it may really come: steps from now."""
    late = spread_sample(delays.start_min, delays.start_weight, other_shares(2 * number + 1)) / 5
    later = spread_sample(delays.end_min, delays.end_weight, other_shares(2 * number + 2)) / 5
    first = np.maximum(np.rint(start + late), 0).astype(np.int64)
    last = np.maximum(np.rint(end + later), first + 1).astype(np.int64)
    comes = other_shares(number + 11) >= delays.spared
    return Ahead(first, last, (start, end), running=False, comes=comes)


def sudden_outage(delays: Delays) -> Ahead:
    """Return an outage that nobody has planned: it comes in a few paths, at any time."""
    days = HORIZON / PER_DAY
    comes = other_shares(7) < min(0.5, delays.sudden_a_day * days)
    start = (other_shares(8) * HORIZON).astype(np.int64)
    length = spread_sample(delays.unplanned_h * 12, delays.unplanned_weight, other_shares(9))
    return Ahead(
        start, start + np.maximum(np.rint(length), 1).astype(np.int64), (HORIZON, None), running=False, comes=comes
    )


def running_outage(end: int | None, elapsed_h: float, delays: Delays) -> Ahead:
    """Return the running outage: it ends around its planned end, or as long outages go; never in the past."""
    if end is None:
        ends = (delays.unplanned_h - elapsed_h) * 12
        weights = delays.unplanned_weight
    else:
        ends = end + delays.end_min / 5
        weights = delays.end_weight
    ahead = ends > 0.5
    if weights[ahead].sum() < 0.05 * weights.sum():  # overdue beyond all experience
        ends, weights = np.array([2.0, 5, 9, 15, 24, 40, 72]), np.ones(7)
    else:
        ends, weights = ends[ahead], weights[ahead]
    last = np.maximum(np.rint(spread_sample(ends, weights, other_shares(1))), 1).astype(np.int64)
    return Ahead(np.zeros(PATHS, dtype=np.int64), last, (0, end), running=True)


def off_mask(outages: Sequence[Ahead]) -> "np.typing.NDArray[np.bool_]":
    """Return in which steps of which path there is no power."""
    places = np.arange(HORIZON)
    mask = np.zeros((len(outages[0].start) if outages else PATHS, HORIZON), dtype=bool)
    for one in outages:
        mask |= (places >= one.start[:, None]) & (places < one.end[:, None]) & one.comes[:, None]
    return mask


def with_behaviour(load_w: Floats, outages: Sequence[Ahead], behaviour: Behaviour, since_off: int | None) -> Floats:
    """Return the load as people draw it around these outages; since_off is how many steps ago one ended."""
    nominal = np.zeros(HORIZON, dtype=bool)
    for one in outages:
        nominal[one.nominal[0] : one.nominal[1]] = True
    where = around(nominal, nominal)
    if since_off is not None:
        rest = max(0, 24 - since_off)
        where[:rest] = np.where(where[:rest] == Around.NONE, Around.AFTER, where[:rest])
    factors = behaviour.factors
    around_now = np.where(where == Around.IN, 1.0, factors[where])
    result: Floats = load_w * np.where(off_mask(outages), factors[Around.IN], around_now)
    return result


def shed_steps(outages: Sequence[Ahead]) -> "tuple[np.typing.NDArray[np.bool_], np.typing.NDArray[np.bool_]]":
    """Return in which steps the plugs are off that are off now, and those that other outages switch off."""
    then = off_mask([one for one in outages if not one.running])
    until = min((one.nominal[0] for one in outages if not one.running), default=HORIZON)
    now = np.zeros_like(then)
    if any(one.running for one in outages):
        now[:, :until] = True
        then[:, :until] = False
    return now, then


def without_shed(load_w: Floats, shed_w: Floats) -> Floats:
    """Return the load without the plugs that are off, by step."""
    return np.asarray(np.maximum(load_w - shed_w, LEFT * load_w), dtype=np.float64)


def simulate(paths: Paths, plant: Plant, start: Floats) -> Paths:
    """Return the paths with the charge: taken from the battery without power, charged from the mains with it.

    A battery that the mains leaves alone is charged again when that usually begins, or after the next outage.
    """
    off = off_mask(paths.outages)
    drawn = plant.drawn_w(paths.load_w, paths.sun_w)
    out, into = plant.discharge_wh.value * paths.energy, plant.charge_wh.value * paths.energy
    per_step = np.where(drawn > 0, drawn / out[:, None], drawn / into[:, None]) * STEP_H
    surplus = np.maximum(-drawn, 0.0)
    full, cut_off = plant.full_percent.value, plant.cut_off_percent.value
    soc = np.empty((PATHS, HORIZON + 1))
    soc[:, 0] = now = start
    rate = STEP_H / into
    mains = plant.charging_at(np.arange(0, 100.05, 0.1))  # a table, as the loop below is what takes long
    rests = np.cumsum(off, axis=1) == 0
    rests[:, plant.times.rests_steps :] = False
    idle = rests | plant.times.waits
    for step in range(HORIZON):
        bought = np.where(idle[:, step], 0.0, mains[np.rint(now * 10).astype(np.int64)])
        power = np.maximum(bought, np.where(now < full, surplus[:, step], 0.0))
        charged = np.maximum(now, np.minimum(now + power * rate, full))
        taken = np.minimum(np.maximum(now - per_step[:, step], np.minimum(now, cut_off)), 100.0)
        if plant.feeds_above is not None:
            fed = np.maximum(np.minimum(now - per_step[:, step], 100.0), plant.feeds_above)
            charged = np.where(now > plant.feeds_above, fed, np.minimum(charged, plant.feeds_above))
        soc[:, step + 1] = now = np.where(off[:, step], taken, charged)
    return replace(paths, soc=soc)


def unpowered_load(paths: Paths, factor: float) -> Floats:
    """Return the load if there is no power at all; factor is that of people in outages."""
    return np.where(off_mask(paths.outages), paths.load_w, paths.load_w * factor)


def taken_points(loads_w: Iterable[Floats], sun_w: Floats, energy: Floats, plant: Plant) -> Iterator[Floats]:
    """Yield for each load the points of charge taken up to each step, from none at the first, without power.

    A forecast asks for this many times, for each plug and each set of plugs.
    """
    without_load = plant.drawn_w(np.zeros_like(sun_w), sun_w)
    out, into = (STEP_H / (wh.value * energy)[:, None] for wh in (plant.discharge_wh, plant.charge_wh))
    never_charged = bool((without_load >= 0).all())
    for load_w in loads_w:
        drawn = load_w * plant.conversion.value
        drawn += without_load
        drawn *= out if never_charged else np.where(drawn > 0, out, into)
        taken = np.zeros((len(drawn), drawn.shape[1] + 1))
        np.cumsum(drawn, axis=1, out=taken[:, 1:])
        yield taken
