"""What each plug draws on average, from the steps in the home's load when plugs were switched. Pure."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf

import numpy as np

from services.outlook.estimate import Estimate
from services.outlook.history import Floats
from services.outlook.steps import Steps

LEAST_W = 20.0
LEAST_EVENTS = 2
LATEST_EVENTS = 60
TOGETHER_S = 600.0
"""Plugs switched within this time show as one change of the load."""
RIDGE = 0.5
STRANGE = 1.5
"""A change this many times larger than nine in ten of the others has another cause."""


def learn_plug_power(steps: Steps, events: Mapping[str, Sequence[tuple[float, bool]]]) -> dict[str, Estimate]:
    """Return the power of the plugs that were switched at least twice and were seen in the load.

    An outage switches many at once: a change is explained by all plugs switched in it, equally if nothing distinguishes
    them. A thermostat draws everything or nothing, so the mean counts, not the median.
    """
    names = sorted(events)
    together = _together(sorted((at, number, on) for number, plug in enumerate(names) for at, on in events[plug]))
    changes = [_change(steps, at, switched, len(names)) for at, switched in together[-LATEST_EVENTS:]]
    seen = [one for one in changes if one is not None]
    if not seen:
        return {}
    switched, change = np.array([one[0] for one in seen]), np.array([one[1] for one in seen])
    rows = np.abs(change) <= STRANGE * max(float(np.quantile(np.abs(change), 0.9)), LEAST_W)
    switched, change = switched[rows], change[rows]
    power = np.linalg.solve(switched.T @ switched + RIDGE * np.eye(len(names)), switched.T @ change)
    count = np.abs(switched).sum(axis=0)
    return {
        plug: Estimate(float(power[number]), float(count[number]), "switchings")
        for number, plug in enumerate(names)
        if count[number] >= LEAST_EVENTS and power[number] >= LEAST_W
    }


def shed_w(
    steps: Steps,
    outages: Sequence[tuple[float, float]],
    events: Mapping[str, Sequence[tuple[float, bool]]],
    plugs_w: Mapping[str, Estimate],
) -> Floats:
    """Return, by step, what plugs switched off in an outage would have drawn, as long as they stayed off.

    outages: start and end in seconds, in order of time; the last one may be running.
    """
    watts, starts = np.zeros(steps.size), [start for start, _ in outages]
    for plug, power in plugs_w.items():
        switched = [*sorted(events.get(plug, ())), (inf, True)]
        for (at, on), (until, _) in pairwise(switched):
            number = bisect_right(starts, at) - 1
            if on or number < 0 or at >= outages[number][1]:
                continue
            end = outages[number][1]
            watts[max(0, steps.index(at)) : max(0, steps.index(min(until, end)))] += power.value
    return watts


def _together(events: Sequence[tuple[float, int, bool]]) -> list[tuple[float, list[tuple[int, bool]]]]:
    """Return the switchings, grouped by the time of the first of those that came together."""
    found: list[tuple[float, list[tuple[int, bool]]]] = []
    for at, plug, on in events:
        if found and at - found[-1][0] < TOGETHER_S:
            found[-1][1].append((plug, on))
        else:
            found.append((at, [(plug, on)]))
    return found


def _change(steps: Steps, at_s: float, switched: Sequence[tuple[int, bool]], plugs: int) -> tuple[Floats, float] | None:
    """Return what was switched (1 on, -1 off, by plug) and by how much the load rose; None if that is unknown."""
    place = steps.index(at_s)
    if place < 2 or place + 4 > steps.size:
        return None
    before, after = steps.load_w[place - 2 : place], steps.load_w[place + 1 : place + 4]
    if not (np.isfinite(before).any() and np.isfinite(after).any()):
        return None
    row = np.zeros(plugs)
    for plug, on in switched:
        row[plug] += 1.0 if on else -1.0
    return row, float(np.nanmean(after) - np.nanmean(before))
