"""What a home is assumed to draw while little is recorded. Pure."""

import numpy as np

from services.outlook.estimate import fading
from services.outlook.history import Floats, Ints
from services.outlook.steps import HORIZON, PER_DAY, PER_HOUR

ASSUMED_W = 450.0
"""What a home is assumed to draw on average while nothing is recorded."""
ASSUMED_SHAPE = np.array(
    [6, 5, 5, 5, 5, 6, 9, 11, 10, 9, 9, 9, 10, 10, 9, 9, 11, 14, 17, 18, 17, 14, 11, 8], dtype=np.float64
)
ASSUMED_COURSES = 30
ASSUMED_SPREAD = 0.45


def usual_day(load_w: Floats, known: "np.typing.NDArray[np.bool_]", wall: Ints) -> tuple[Floats, float]:
    """Return the mean by time of day: as recorded, or else that of a usual home, scaled to the level of this one."""
    shape = np.repeat(ASSUMED_SHAPE / ASSUMED_SHAPE.mean(), PER_HOUR)
    slot = wall[known] % PER_DAY
    hours = float(known.sum()) / PER_HOUR
    expected = float(shape[slot].mean()) if slot.size else 1.0
    seen = float(load_w[known].mean()) / expected if slot.size else ASSUMED_W
    level = (seen * hours + ASSUMED_W * 3) / (hours + 3)
    weight = fading((len(load_w) - np.flatnonzero(known)) / PER_DAY, 30.0)
    half = slot // 6
    total = np.bincount(half, weights=weight, minlength=PER_DAY // 6)
    mean = np.bincount(half, weights=weight * load_w[known], minlength=PER_DAY // 6) / np.maximum(total, 1e-9)
    by_slot = np.where(total > 0, mean, (level * shape).reshape(-1, 6).mean(axis=1))
    return np.repeat(by_slot, 6), level


def assumed_courses(wall_now: int, usual: Floats, level: float) -> Floats:
    """Return courses of a little-known home: its usual day, and more or less of everything."""
    ahead = (wall_now + np.arange(HORIZON)) % PER_DAY
    shares = (np.arange(ASSUMED_COURSES) + 0.5) / ASSUMED_COURSES
    by_day = np.exp(ASSUMED_SPREAD * _normal(shares))
    wobble = np.exp(
        0.35 * _normal((shares[:, None] * 17.0 + np.arange(HORIZON // PER_HOUR) * 0.618034 + 0.05) % 0.98 + 0.01)
    )
    result: Floats = np.maximum(usual[ahead], 0.15 * level) * by_day[:, None] * np.repeat(wobble, PER_HOUR, axis=1)
    return result


def _normal(share: Floats) -> Floats:
    """Return the normal quantile, to about one percent."""
    tail = np.minimum(share, 1 - share)
    root = np.sqrt(-2 * np.log(tail))
    value = root - (2.30753 + 0.27061 * root) / (1 + 0.99229 * root + 0.04481 * root**2)
    return np.asarray(np.where(share < 0.5, -value, value), dtype=np.float64)
