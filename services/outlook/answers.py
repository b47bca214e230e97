"""What the paths say of one outage: does it last, by how much, and what to do. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import erf

import numpy as np

from services.outlook.estimate import row_quantiles, weighted_quantile
from services.outlook.history import Floats, Ints
from services.outlook.paths import Ahead, Paths, off_mask, only, shed_steps, taken_points, unpowered_load, without_shed
from services.outlook.plant import Plant
from services.outlook.steps import HORIZON, STEP_S

LASTS_FROM = 0.85
WILL_NOT_BELOW = 0.5
CERTAIN = 0.9995
"""Nobody is told more than a thousandth."""
ASSUMED_WILL_NOT_BELOW = 0.02
"""Where the home's load was never measured, no outage is sure to last, and only the shortest charge sure not to."""
SURE = 0.9
"""The charge needed is that with which it lasts in so many cases."""
BLUR_POINTS = 1.0
SLACK = 1.1
"""Charging is begun this much earlier than it takes."""
SHARES = (0.1, 0.5, 0.9)
"""Of the paths below each of the three values of a band."""


@dataclass(frozen=True)
class Band:
    """A value with the range that holds it eight times in ten."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True)
class OutageAnswer:
    """What becomes of the battery in an outage; moments are seconds since 1970 UTC.

    end_s is None if unknown. chance is that of staying above the reserve until power really returns, late as
    it may be. margin_min is how long the charge holds beyond the planned end (negative: how much too short), at least
    what the forecast reaches. late_min is how much later than that power usually returns. holds_until_s is early,
    typical and late when the reserve is reached while power stays away, None if that is beyond the forecast. The
    rest is as in shared.messages.OutageOutlook.
    """

    start_s: float
    end_s: float | None
    running: bool
    possible: bool
    charge_at_start: Band
    holds_until_s: tuple[float | None, float | None, float | None]
    verdict: str = "unknown"
    """lasts, uncertain, will_not_last; unknown without a known end."""
    chance: float | None = None
    margin_min: float | None = None
    late_min: float | None = None
    margin_percent: float | None = None
    charge_at_end: Band | None = None
    charge_needed_percent: float | None = None
    charge_from_s: float | None = None
    in_time: bool | None = None
    plugs: Mapping[str, float] = field(default_factory=dict)
    """By how many minutes each plug, off, would make it last longer."""
    shedding: Mapping[str | None, float | None] = field(default_factory=dict)
    """By plug the chance if it and those before it are off and those after it on; under None if all are on."""


@dataclass(frozen=True)
class Shedding:
    """The plugs that outages switch off, the first to go first, with what each takes from the load.

    None if a plug is off in the running outage and nobody knows what it would draw. load_w is the load of the paths as
    if nothing were off; beside_w is what is off in the running outage beside these plugs.
    """

    load_w: Floats
    plugs_w: Mapping[str, float | None]
    beside_w: float = 0.0


@dataclass(frozen=True)
class Case:
    """What an answer is made from: the paths, the plant, how people draw in outages, the floor, and now."""

    paths: Paths
    plant: Plant
    during: float
    floor: float
    now_s: float
    plugs_w: Mapping[str, float]
    shedding: Shedding
    is_assumed: bool = False
    """Whether what decides most, the load or the battery's size, is a usual home's instead of this one's."""


def answer(case: Case, ahead: Ahead, *, possible: bool) -> OutageAnswer:
    """Return the answer for one outage, should it come."""
    rows = np.flatnonzero(ahead.comes)
    shedding = replace(case.shedding, load_w=case.shedding.load_w[rows])
    case = replace(case, paths=only(case.paths, rows), shedding=shedding)
    soc, places = case.paths.soc, np.arange(rows.size)
    start, end = np.minimum(ahead.start, HORIZON)[rows], np.minimum(ahead.end, HORIZON)[rows]
    load = unpowered_load(case.paths, case.during)
    (taken,) = taken_points([load], case.paths.sun_w, case.paths.energy, case.plant)
    at_start = soc[places, start]
    below = _worst(taken, start, end)
    holds = _holds(taken, start, at_start - case.floor)
    planned_start, planned_end = ahead.planned_s
    found = OutageAnswer(
        start_s=case.now_s + ahead.nominal[0] * STEP_S if planned_start is None else planned_start,
        end_s=None,
        running=ahead.running,
        possible=possible,
        charge_at_start=band(at_start),
        holds_until_s=_moments(holds, start, case.now_s),
        plugs=_plug_gains(case, load, start, at_start, holds),
    )
    nominal = ahead.nominal[1]
    if nominal is None:
        return found
    at_end = band(soc[places, end])
    chance = _chance(at_start - below - case.floor)
    needed = None if ahead.running else _needed(below, case)
    charge_from, in_time = _advice(case, ahead, needed, at_start)
    return replace(
        found,
        end_s=case.now_s + nominal * STEP_S if planned_end is None else planned_end,
        verdict=verdict(chance, is_assumed=case.is_assumed),
        chance=chance,
        margin_min=_margin(holds, nominal, start),
        late_min=float(np.median(ahead.end[rows] - nominal)) * STEP_S / 60,
        margin_percent=at_end.p50 - case.floor,
        charge_at_end=at_end,
        charge_needed_percent=needed,
        charge_from_s=charge_from,
        in_time=in_time,
        shedding={} if possible else _shedding_chances(case, start, end, at_start, running=ahead.running),
    )


def verdict(chance: float, *, is_assumed: bool = False) -> str:
    """Return what a chance is called; is_assumed: it does not come from the home's own load."""
    if is_assumed:
        return "will_not_last" if chance < ASSUMED_WILL_NOT_BELOW else "uncertain"
    return "lasts" if chance >= LASTS_FROM else "will_not_last" if chance < WILL_NOT_BELOW else "uncertain"


def band(values: Floats) -> Band:
    """Return the band of one value a path."""
    low, middle, high = (weighted_quantile(values, np.ones(len(values)), share) for share in SHARES)
    return Band(low, middle, high)


def bands(soc: Floats) -> Floats:
    """Return p10, p50 and p90 of every step."""
    return row_quantiles(soc, np.ones(len(soc)), SHARES)


def _worst(taken: Floats, start: Ints, end: Ints) -> Floats:
    """Return the most points that are missing at any moment of the outage."""
    places = np.arange(taken.shape[1])
    inside = (places >= start[:, None]) & (places <= end[:, None])
    begin = taken[np.arange(len(taken)), start]
    worst: Floats = np.where(inside, taken - begin[:, None], 0.0).max(axis=1)
    return worst


def _chance(margin: Floats) -> float:
    chances = [0.5 * (1 + erf(one / (BLUR_POINTS * 2**0.5))) for one in margin.tolist()]
    return float(np.mean(chances))


def _holds(taken: Floats, start: Ints, spare: Floats) -> Floats:
    """Return after how many steps of an outage without end the floor is reached; infinite: not within the forecast."""
    paths = np.arange(len(taken))
    gone = taken >= (taken[paths, start] + spare)[:, None]
    gone &= np.arange(taken.shape[1]) >= start[:, None]
    first = gone.argmax(axis=1)
    return np.where(gone[paths, first], first - start, np.inf)


def _margin(holds: Floats, nominal: int, start: Ints) -> float:
    beyond = np.minimum(holds + start, HORIZON) - nominal
    return float(weighted_quantile(beyond, np.ones(len(beyond)), 0.5)) * STEP_S / 60


def _moments(holds: Floats, start: Ints, now_s: float) -> tuple[float | None, float | None, float | None]:
    ordered = np.sort(np.where(np.isfinite(holds), holds + start, np.inf))
    found = [float(ordered[int(share * (len(ordered) - 1))]) for share in SHARES]
    early, typical, late = (now_s + one * STEP_S if np.isfinite(one) else None for one in found)
    return early, typical, late


def _needed(below: Floats, case: Case) -> float | None:
    needed = case.floor + float(weighted_quantile(below, np.ones(len(below)), SURE))
    return needed if needed <= case.plant.full_percent.value else None


def _advice(case: Case, ahead: Ahead, needed: float | None, at_start: Floats) -> tuple[float | None, bool | None]:
    """Return when charging has to begin, and whether there is time enough."""
    if needed is None:
        return None, None
    now = float(np.median(case.paths.soc[:, 0]))
    if now >= needed:  # another outage before this one may take it
        return None, weighted_quantile(at_start, np.ones(len(at_start)), 0.1) >= needed
    hours = case.plant.hours_to_charge(now, needed)
    if hours is None:
        return None, False
    begin = case.now_s + ahead.nominal[0] * STEP_S - SLACK * hours * 3600
    return begin, begin >= case.now_s


def _plug_gains(case: Case, load_w: Floats, start: Ints, at_start: Floats, holds: Floats) -> dict[str, float]:
    """Return by how many minutes each plug, off, would make the charge last longer; load_w is that without power."""
    rows = np.flatnonzero(holds < HORIZON - start)  # nothing makes the others last longer than the forecast
    first = int(start[rows].min(initial=HORIZON))
    load, sun, energy = load_w[rows, first:], case.paths.sun_w[rows, first:], case.paths.energy[rows]
    start, spare = start[rows], at_start[rows] - case.floor
    watts, longer, gains = sorted(set(case.plugs_w.values())), np.zeros(len(holds)), {}
    loads = (np.maximum(load - one, 0.0) for one in watts)
    for one, taken in zip(watts, taken_points(loads, sun, energy, case.plant), strict=True):
        longer[rows] = np.minimum(_holds(taken, start - first, spare), HORIZON - start) - holds[rows]
        gains[one] = max(0.0, float(np.median(longer))) * STEP_S / 60
    return {plug: gains[one] for plug, one in case.plugs_w.items()}


def _shedding_chances(
    case: Case, start: Ints, end: Ints, at_start: Floats, *, running: bool
) -> dict[str | None, float | None]:
    """Return the chance with no plug off, then with the first one off, with the first two, and so on."""
    shedding = case.shedding
    watts = list(shedding.plugs_w.values())
    off_w = {
        plug: None if case.is_assumed or None in watts[number:] else sum(one or 0.0 for one in watts[:number])
        for number, plug in enumerate((None, *shedding.plugs_w))
    }
    gone = sorted({one for one in off_w.values() if one is not None})  # a plug that is off already takes nothing away
    first = int(start.min(initial=HORIZON))
    during = slice(first, int(end.max(initial=first)))
    chances, chance = dict[float, float](), 0.0
    loads = _loads_with_off(case, gone, during, running=running)
    courses = taken_points(loads, case.paths.sun_w[:, during], case.paths.energy, case.plant)
    for one, taken in zip(gone, courses, strict=True):
        chances[one] = chance = _chance(at_start - _worst(taken, start - first, end - first) - case.floor)
        if chance > CERTAIN:  # so it is with more off
            break
    return {plug: None if one is None else chances.get(one, chance) for plug, one in off_w.items()}


def _loads_with_off(case: Case, gone_w: Sequence[float], during: slice, *, running: bool) -> Iterator[Floats]:
    """Yield the load without power in these steps, with so much of it switched off."""
    load = case.shedding.load_w[:, during]
    factor = np.where(off_mask(case.paths.outages)[:, during], 1.0, case.during)
    now, then = (mask[:, during].astype(np.float64) for mask in shed_steps(case.paths.outages))
    beside_w, steps = (case.shedding.beside_w, now) if running else (0.0, then)
    for one in gone_w:
        yield without_shed(load, steps * (beside_w + one)) * factor


def good_for_washing(nominal: Sequence[tuple[int, int | None]], now_s: float) -> float | None:
    """Return from when two hours of a washing machine do no harm: the next two hours and a quarter with power."""
    need = 27
    start = 0
    for begin, end in sorted(nominal, key=lambda one: one[0]):
        if begin - start >= need:
            break
        if end is None:
            return None
        start = max(start, end + 6)
    return now_s + start * STEP_S if start + need <= HORIZON else None
