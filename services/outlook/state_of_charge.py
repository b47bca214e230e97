"""How full the battery really is, by BMS, inverter and counted energy. Pure."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from services.outlook.history import Floats
from services.outlook.plant import FULL, Plant
from services.outlook.steps import PER_DAY, PER_HOUR, STEP_H, STEP_S, Steps, filled, spans

HOLDS_STEPS = 3
"""A charge is valid for a quarter of an hour after its reading, or, if counting continues from it, for an hour."""
COUNTED_HOLDS_STEPS = PER_HOUR
REST_W = 80.0
JUMP_POINTS = 8.0
JUMP_SD = 0.5
"""After a jump of the charge, the forecast may be wrong by this share of the jump: a BMS may just have noticed how
empty the battery is."""
DIFFER_POINTS = 4.0
REPORTED_SD, COUNTED_SD = 2.0, 4.0
"""How wrong the two are assumed to be a cycle after a full charge; full charges in the record correct this."""
ASSUMED_FULLS = 4.0
LEAST_CYCLE_POINTS = 15.0
PER_CYCLE_SD = 1.5
"""What counting loses with each further cycle."""


@dataclass(frozen=True)
class Charge:
    """The charge to start from, what each source says, and how uncertain it is, in points."""

    percent: float
    source: str
    """bms, inverter or counted."""
    bms: float | None
    inverter: float | None
    counted: float | None
    last_full_s: float | None
    jumped: float
    """By how many points the reported charge jumped within a day without the energy for it; 0 if it did not."""
    uncertainty: float


def reported(steps: Steps) -> tuple[Floats, str]:
    """Return the reported charge: the BMS's, which is closer to the cells, or else the inverter's."""
    day = slice(max(0, steps.size - PER_DAY), None)
    bms, inverter = np.isfinite(steps.bms_soc[day]).mean(), np.isfinite(steps.inverter_soc[day]).mean()
    if bms >= 0.5 * inverter and bms > 0:
        return steps.bms_soc, "bms"
    return steps.inverter_soc, "inverter"


def last_reading_s(steps: Steps, soc: Floats) -> float | None:
    """Return when the charge was last reported."""
    known = np.flatnonzero(np.isfinite(soc))
    return float((steps.first + known[-1]) * STEP_S) if known.size else None


def present_charge(steps: Steps, soc: Floats, source: str, plant: Plant) -> Charge | None:
    """Return the present charge, or None without a recent source."""
    known = np.flatnonzero(np.isfinite(soc))
    age = steps.size - 1 - int(known[-1]) if known.size else steps.size
    points = _points(steps, plant)
    holds = COUNTED_HOLDS_STEPS if np.isfinite(points[-age:] if age else points[:0]).all() else HOLDS_STEPS
    if not known.size or age > holds:
        return None
    said = float(soc[known[-1]] + np.nansum(points[known[-1] + 1 :]))
    jumped = _jumped(soc, points)
    shown = _smooth(soc, points, 3 * PER_HOUR if jumped else PER_HOUR)
    counted, full, off = _counted(steps, soc, points)
    used, uncertainty = shown, 5.0 if jumped else 1.0
    if counted is not None and abs(counted - shown) > DIFFER_POINTS and shown < FULL:
        trust = off[0] ** 2 / (off[0] ** 2 + off[1] ** 2)
        used = shown + trust * (counted - shown)
        uncertainty = max(uncertainty, float(np.hypot(off[0] * (1 - trust), off[1] * trust)))
    if jumped and counted is not None:  # what was reported before the jump is nothing against both
        used = float(np.clip(used, min(said, counted), max(said, counted)))
    if jumped:
        uncertainty = max(uncertainty, JUMP_SD * abs(used - float(soc[known[-1]])))
    return Charge(
        float(np.clip(used, 0, 100)),
        source if counted is None or min(abs(used - shown), abs(used - said)) <= abs(used - counted) else "counted",
        _recent(steps.bms_soc),
        _recent(steps.inverter_soc),
        counted,
        full,
        jumped,
        uncertainty,
    )


def _recent(soc: Floats) -> float | None:
    known = np.flatnonzero(np.isfinite(soc[-HOLDS_STEPS - 1 :]))
    return float(soc[-HOLDS_STEPS - 1 :][known[-1]]) if known.size else None


def _points(steps: Steps, plant: Plant) -> Floats:
    """Return by how many points the energy of each step moves the charge."""
    power = steps.battery_w
    return np.where(power < 0, power / plant.discharge_wh.value, power / plant.charge_wh.value) * STEP_H


def _jumped(soc: Floats, points: Floats) -> float:
    lately = soc[-PER_DAY:]
    known = np.flatnonzero(np.isfinite(lately))
    if known.size < 2:
        return 0.0
    near = np.diff(known) <= 3
    change = np.diff(lately[known])
    total = np.concatenate(([0.0], np.cumsum(np.nan_to_num(points[-PER_DAY:]))))
    explained = total[known[1:] + 1] - total[known[:-1] + 1]
    odd = np.where(near & (lately[known[1:]] < FULL), np.abs(change - explained), 0.0)
    worst = float(odd.max())
    return worst if worst > JUMP_POINTS else 0.0


def _smooth(soc: Floats, points: Floats, steps: int) -> float:
    """Return the charge by the last readings, each advanced by what was counted since: this refines whole percents."""
    last = int(np.flatnonzero(np.isfinite(soc))[-1])
    since = np.concatenate((np.cumsum(points[::-1])[::-1][1:], [0.0]))
    moved = soc + since
    lately = moved[max(0, last - steps) :]
    usable = lately[np.isfinite(lately)]
    if soc[last] >= FULL or usable.size < 3:
        return float(soc[last]) if not np.isfinite(moved[last]) else float(moved[last])
    return float(np.median(usable))


def _counted(steps: Steps, soc: Floats, points: Floats) -> tuple[float | None, float | None, tuple[float, float]]:
    """Return the charge counted since it was last full, when that was, and how wrong both sources tend to be."""
    rest = np.isfinite(soc) & (soc >= FULL) & (np.abs(np.nan_to_num(steps.battery_w, nan=1e9)) < REST_W)
    fulls = [one for one in spans(rest) if one[1] - one[0] >= 2]
    if not fulls:
        return None, None, (REPORTED_SD, COUNTED_SD)
    steady = np.concatenate(([0.0], np.cumsum(np.nan_to_num(points))))
    gaps = np.concatenate(([0], np.cumsum(~np.isfinite(points))))
    off_reported, off_counted = [], []
    held = filled(soc, 2)
    for (_, begin), (end, _) in pairwise(fulls):
        used = steady[begin : end + 1] - steady[begin]
        if end - begin < 6 or gaps[end] - gaps[begin] > 2 or -used.min() < LEAST_CYCLE_POINTS:
            continue
        off_counted.append(used[-1])
        low = begin + int(used.argmin())
        off_reported.append(held[low] - (100.0 - (steady[end] - steady[low])))  # counting back from full
    spread = (_spread(off_reported[-20:], REPORTED_SD), _spread(off_counted[-20:], COUNTED_SD))
    begin = fulls[-1][1]
    when = float((steps.first + min(begin, steps.size - 1)) * STEP_S)  # the last step has not ended yet
    if gaps[-1] - gaps[begin] > max(2, 0.02 * (steps.size - begin)):
        return None, when, spread
    cycles = float(np.abs(np.nan_to_num(points[begin:])).sum()) / 200
    counted = 100.0 + float(steady[-1] - steady[begin])
    return float(np.clip(counted, 0, 100)), when, (spread[0], spread[1] + PER_CYCLE_SD * cycles)


def _spread(off: list[float], assumed: float) -> float:
    known = np.array([one for one in off if np.isfinite(one)])
    return float(np.sqrt((assumed**2 * ASSUMED_FULLS + (known**2).sum()) / (ASSUMED_FULLS + known.size)))
