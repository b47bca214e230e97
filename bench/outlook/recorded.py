"""Recorded loads of real homes, from a directory of files that anybody may fill: OUTLOOK_HOMES/<name>.csv.

A file has two columns without a head: seconds since 1970, watts; any step up to an hour. Ours come from public sets:
ten homes of the Smart-Grid Smart-City customer trial (Australia, CC BY 3.0 AU, as in the R package gravitas), customer
12 of Ausgrid's solar homes (as in the repository pierre-haessig/ausgrid-solar-data) and the home of UCI's "Individual
household electric power consumption" (France, CC BY 4.0). They are not part of this repository.
"""

import os
from pathlib import Path

import numpy as np

from bench.outlook.people import PER_DAY, Floats

STEP_S = 300


def homes() -> list[tuple[str, float, Floats]]:
    """Return name, first moment and load by five-minute steps of each home; none if there is no directory."""
    place = os.environ.get("OUTLOOK_HOMES")
    files = sorted(Path(place).glob("*.csv")) if place else []
    return [(file.stem, *_read(file)) for file in files]


def _read(file: Path) -> tuple[float, Floats]:
    times, watts = np.loadtxt(file, delimiter=",", unpack=True)
    first = float(times[0] // 86400 + 1) * 86400
    grid = np.arange(first, times[-1], STEP_S)
    place = np.searchsorted(times, grid, side="right") - 1
    return first, _without_stops(watts[place])


def _without_stops(load: Floats) -> Floats:
    """Leave out the weeks with a day on which the meter stood still: nothing was recorded on it, or no home is there.

    Whole weeks, so that the days keep their order.
    """
    days = load[: len(load) // PER_DAY * PER_DAY].reshape(-1, PER_DAY)
    week = np.arange(len(days)) // 7
    still = week[np.ptp(days, axis=1) == 0]
    kept: Floats = days[~np.isin(week, still)].ravel()
    return kept
