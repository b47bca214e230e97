"""How others forecast: the one-liners of the field, and how Predbat, EMHASS and evcc see the load. Each a few lines.

Each returns the load ahead in watts by five-minute steps, from the record alone; the charge follows from constants
that a user would type, or from our learned plant.
"""

from collections.abc import Callable

import numpy as np

from bench.outlook.house import CUT_OFF
from bench.outlook.people import PER_DAY, Floats

Load = Callable[[Floats, int], Floats]


def present_load(load: Floats, ahead: int) -> Floats:
    """Charge divided by the load of this minute."""
    return np.full(ahead, load[-1])


def average_load(load: Floats, ahead: int) -> Floats:
    """Charge divided by the average load of a week."""
    return np.full(ahead, load[-7 * PER_DAY :].mean())


def as_yesterday(load: Floats, ahead: int) -> Floats:
    """EMHASS's naive method: the next hours are those of yesterday."""
    return np.resize(load[-PER_DAY:], ahead)


def slot_average(load: Floats, ahead: int) -> Floats:
    """evcc: the average of the same quarter of an hour over 30 days."""
    days = min(30, len(load) // PER_DAY)
    mean = load[-days * PER_DAY :].reshape(days, PER_DAY // 3, 3).mean(axis=(0, 2))
    return np.resize(np.repeat(mean, 3), ahead)


def weighted_days(load: Floats, ahead: int) -> Floats:
    """Predbat: the same time of earlier days by weight, adjusted by how today differs from it so far."""
    days = [one for one in (1, 2, 3, 7) if one * PER_DAY + 2 * PER_DAY <= len(load)]
    weights = np.array([1.0 / one**0.5 for one in days])
    weights /= weights.sum()
    course = np.zeros(ahead)
    lately = 0.0
    part = 6 * 12
    for day, weight in zip(days, weights, strict=True):
        begin = len(load) - day * PER_DAY
        course += weight * np.resize(load[begin : begin + PER_DAY], ahead)
        lately += weight * load[begin - part : begin].mean()
    ratio = float(np.clip(load[-part:].mean() / max(lately, 1.0), 0.5, 2.0))
    return course * (1 + (ratio - 1) * np.exp(-np.arange(ahead) / 72))


PEERS: dict[str, Load] = {
    "charge / present load": present_load,
    "charge / average load": average_load,
    "as yesterday (EMHASS)": as_yesterday,
    "slot, 30 days (evcc)": slot_average,
    "weighted days (Predbat)": weighted_days,
}


def charge_after(load: Floats, soc: float, wh_per_percent: float, conversion: float, idle_w: float) -> float:
    """Return the charge after an outage with this load; at the inverter's cut-off, nothing more is taken."""
    return max(soc - float((load * conversion + idle_w).sum()) / 12 / wh_per_percent, CUT_OFF)
