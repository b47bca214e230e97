"""The inputs of the forecast: the home's own record, the plan, the plugs. Plain types, so that it is easy to call.

Moments within a record are seconds since 1970 UTC; None and NaN mean unknown, never zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
Values = Sequence[float | None] | Floats
"""Numbers, one per sample; empty if nothing of this kind was recorded."""


@dataclass(frozen=True)
class History:
    """The record, sample by sample; all columns are as long as `time`, or empty.

    time: seconds since 1970 UTC, at any intervals; samples after `now` are ignored.
    load_w: what the home draws. pv_power_w: what the panels deliver.
    battery_power_w: + charging, - discharging, at the battery.
    soc_percent: the charge as the inverter reports it; bms_soc_percent: as the battery's BMS does.
    grid_on: 1 power, 0 outage, NaN unknown.
    planned: the outages that were planned in the past as (start, end) in seconds, by the last version of the plan.
    plug_events: of each plug when it was switched on (True) or off, as (seconds, on).
    nominal_wh: the battery's capacity by its label or its BMS; None if unknown.
    time_zone: that of the home's days and weeks.
    """

    time: Values
    load_w: Values = ()
    pv_power_w: Values = ()
    battery_power_w: Values = ()
    soc_percent: Values = ()
    bms_soc_percent: Values = ()
    grid_on: Values = ()
    planned: Sequence[tuple[float, float]] = ()
    plug_events: Mapping[str, Sequence[tuple[float, bool]]] = field(default_factory=dict)
    nominal_wh: float | None = None
    time_zone: str = "Europe/Kyiv"

    @property
    def label_wh(self) -> float | None:
        """The capacity by the label, or None if it has none."""
        return self.nominal_wh if self.nominal_wh and 0 < self.nominal_wh < inf else None


@dataclass(frozen=True)
class PlannedOutage:
    """A planned outage, certain or possible."""

    start: datetime
    end: datetime
    possible: bool = False


@dataclass(frozen=True)
class Plan:
    """The outages ahead and the running one, as far as they are published.

    known_until is the end of the last published day; beyond it nothing is known. In an emergency no window is valid.
    dropped are outages that a newer version of the plan no longer has: none of them begins, but one may be running.
    """

    outages: Sequence[PlannedOutage] = ()
    known_until: datetime | None = None
    emergency: bool = False
    dropped: Sequence[PlannedOutage] = ()


@dataclass(frozen=True)
class Plug:
    """A plug that could be switched off: whether it is on, and what it draws if that is measured.

    follows_grid is whether outages switch it, is_shed whether the running one has switched it off.
    """

    id: str
    on: bool | None = None
    power_w: float | None = None
    follows_grid: bool = True
    is_shed: bool = False


def column(values: Values, size: int) -> Floats:
    """Return a column as floats, NaN for unknown; an empty column, or one of another length, is unknown."""
    if len(values) != size:
        return np.full(size, np.nan)
    result = np.asarray(values, dtype=np.float64)
    infinite = np.isinf(result)
    return np.where(infinite, np.nan, result) if infinite.any() else result
