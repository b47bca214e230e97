"""The local days of the home: the time of day of each step, and which days are alike. Pure."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from services.outlook.history import Floats, Ints
from services.outlook.steps import PER_DAY, STEP_S

KIND_PENALTY = 0.6
HOLIDAYS = {(1, 1), (3, 8), (5, 1), (5, 8), (6, 28), (7, 15), (8, 24), (10, 1), (12, 25)}
"""Fixed holidays of Ukraine, on which a working day is like a Sunday."""


def local_steps(first: int, size: int, zone: ZoneInfo) -> Ints:
    """Return the steps of local time: their remainder by a day is the time of day, across clock changes."""
    edges = range(first // PER_DAY, (first + size) // PER_DAY + 2)
    offsets = np.empty(size, dtype=np.int64)
    for day in edges:
        begin, end = max(day * PER_DAY, first), min((day + 1) * PER_DAY, first + size)
        if begin < end:
            offsets[begin - first : end - first] = clock_offset_s(begin * STEP_S, zone) // STEP_S
    return np.arange(first, first + size, dtype=np.int64) + offsets


def clock_offset_s(at_s: float, zone: ZoneInfo) -> int:
    """Return by how many seconds a zone is ahead of UTC at a moment."""
    offset = datetime.fromtimestamp(at_s, UTC).astimezone(zone).utcoffset()
    return int((offset or timedelta()).total_seconds())


def kind_of(day: date) -> int:
    """Return 0 for a working day, 1 for a Saturday, 2 for a Sunday or a holiday."""
    if (day.month, day.day) in HOLIDAYS:
        return 2
    return max(0, day.weekday() - 4)


def unlike(kinds: "np.typing.NDArray[np.int_]", kind: int) -> Floats:
    """Return how different days of these kinds are: Saturday and Sunday half as much as either and a working day."""
    apart = np.where((kinds == 0) != (kind == 0), 1.0, np.where(kinds != kind, 0.4, 0.0))
    return np.asarray(apart * KIND_PENALTY, dtype=np.float64)
