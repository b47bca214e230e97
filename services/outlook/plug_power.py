"""What each plug draws, by the steps of the home's load when it was switched. Pure."""

from collections.abc import Mapping, Sequence

import numpy as np

from services.outlook.estimate import Estimate
from services.outlook.steps import Steps

LEAST_W = 20.0
LEAST_EVENTS = 2
LATEST_EVENTS = 40


def learn_plug_power(steps: Steps, events: Mapping[str, Sequence[tuple[float, bool]]]) -> dict[str, Estimate]:
    """Return the power of the plugs that were switched at least twice and were seen in the load."""
    found: dict[str, Estimate] = {}
    for plug, switched in events.items():
        changes = [
            change for at, on in list(switched)[-LATEST_EVENTS:] if (change := _change(steps, at, on)) is not None
        ]
        if len(changes) >= LEAST_EVENTS and (power := float(np.median(changes))) >= LEAST_W:
            found[plug] = Estimate(power, float(len(changes)), "switchings")
    return found


def _change(steps: Steps, at_s: float, on: bool) -> float | None:
    """Return by how much the load rose when a plug went on, or fell when it went off."""
    place = steps.index(at_s)
    if place < 2 or place + 3 > steps.size:
        return None
    before, after = steps.load_w[place - 2 : place], steps.load_w[place + 1 : place + 3]
    if not (np.isfinite(before).any() and np.isfinite(after).any()):
        return None
    change = float(np.nanmean(after) - np.nanmean(before))
    return change if on else -change
