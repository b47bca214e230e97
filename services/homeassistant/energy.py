"""Counts the home's energy from power: counters that never go back, without guesses for gaps. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat

from shared.energy import GAP_MS, KWH, Energy
from shared.live_figures import ALL, load_w
from shared.messages import EnergyState, InverterState, Moment
from shared.trusted_time import is_unset

STEP_S = 5.0
"""If a reading is this much later than its arrival, relative to the one before, a clock was set forward."""

Known: TypeAlias = tuple[datetime, float]
"""When a power was known, and the watts."""

FLOWS: Mapping[str, tuple[str, str | None]] = {
    "pv": ("pv_kwh", None),
    "load": ("load_kwh", None),
    "grid": ("grid_in_kwh", "grid_out_kwh"),
    "battery": ("battery_in_kwh", "battery_out_kwh"),
}
"""For each power, the counters of its positive and of its negative direction."""
COUNTERS = tuple(name for pair in FLOWS.values() for name in pair if name)


class Counters(BaseModel):
    """What is kept on disk: when counting began, and the kWh of each counter that ever had a power."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    since: Moment | None = None
    kwh: dict[str, NonNegativeFloat] = Field(default_factory=dict)

    def at_least(self, published: EnergyState | None) -> "Counters":
        """Return the counters, none lower than what was published: the file may be an older copy, or lost.

        A beginning by an unset clock is forgotten.
        """
        began = [one for one in (self.since, published and published.since) if one and not is_unset(one)]
        known = {name: getattr(published, name, None) for name in COUNTERS}
        higher = {name: max(value, self.kwh.get(name, 0.0)) for name, value in known.items() if value is not None}
        return Counters(since=min(began, default=None), kwh=self.kwh | higher)

    def state(self, at: datetime) -> EnergyState:
        """Return the message."""
        return EnergyState(at=at, since=self.since or at, **{name: round(kwh, 3) for name, kwh in self.kwh.items()})


@dataclass(frozen=True)
class Meter:
    """The counters, and for each power the last reading that knew it: its time, and the watts.

    ahead_s is by how much a reading's time was ahead of our monotonic clock, at most so far: more is a clock that was
    set forward.
    """

    counters: Counters = field(default_factory=Counters)
    source: str = ""
    last: Mapping[str, Known] = field(default_factory=dict)
    read_at: datetime | None = None
    ahead_s: float | None = None

    def add(self, source: str, reading: InverterState, monotonic_s: float) -> "Meter":
        """Return the meter after a reading that arrived at this moment of the monotonic clock.

        A reading no later than the one before, of another source, or after a clock was set counts nothing by itself:
        the next ones count from it.
        """
        ahead_s = reading.at.timestamp() - monotonic_s
        continues = (
            self.source == source
            and self.read_at is not None
            and reading.at > self.read_at
            and self.ahead_s is not None
            and ahead_s <= self.ahead_s + STEP_S
        )
        last = self.last if continues else {}
        furthest_s = max(self.ahead_s, ahead_s) if continues and self.ahead_s is not None else ahead_s
        counters, now_known = self.counters, dict(last)
        for flow, watts in powers(reading).items():
            if watts is not None:
                counters = _counted(counters, flow, last.get(flow), (reading.at, watts))
                now_known[flow] = (reading.at, watts)
        return replace(self, counters=counters, source=source, last=now_known, read_at=reading.at, ahead_s=furthest_s)


def powers(reading: InverterState) -> dict[str, float | None]:
    """Return the powers whose energy is counted: + importing, + charging."""
    return {
        "pv": reading.pv_power_w,
        "load": load_w(reading),
        "grid": reading.grid_power_w,
        "battery": reading.battery_power_w,
    }


def of_the_home(inverters: Mapping[str, InverterState]) -> str | None:
    """Return the inverter that stands for the home: the sum of several, otherwise the only one."""
    return ALL if ALL in inverters else next(iter(inverters)) if len(inverters) == 1 else None


def _counted(counters: Counters, flow: str, begin: Known | None, end: Known) -> Counters:
    """Return the counters with the energy between two readings; those of this power begin at zero."""
    energy = Energy()
    if begin and (width_ms := (end[0] - begin[0]).total_seconds() * 1000) <= GAP_MS:
        energy.add_trapezoid(begin[1], end[1], width_ms / KWH)
    positive, negative = FLOWS[flow]
    added = {positive: energy.positive} | ({negative: energy.negative} if negative else {})
    kwh = counters.kwh | {name: counters.kwh.get(name, 0.0) + value for name, value in added.items()}
    return counters.model_copy(update={"since": counters.since or end[0], "kwh": kwh})
