"""A home with an inverter, a battery and a queue of the outage schedule: five-minute physics, and what is recorded.

Everything that the forecast may not know is here: the true capacity, a BMS that is set wrongly or drifts, plans that
are revised, power that returns late, emergencies that nobody announced.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from bench.outlook.people import PER_DAY, Floats
from services.outlook.history import History

START_S = 1_790_000_000 // 86400 * 86400 - 10800
"""A midnight of Kyiv's summer."""
CUT_OFF = 10.0


@dataclass(frozen=True)
class Fittings:
    """The inverter, the battery and the sun of a home."""

    capacity_wh: float
    nominal_wh: float
    charge_w: float
    conversion: float
    idle_w: float
    charge_efficiency: float
    taper_from: float
    peak_sun_w: float
    drift: float
    """By how many points a day the reported charge strays from the true one between two full charges."""

    def without_grid_w(self, load_w: float, sun_w: float) -> float:
        """Return the power into the battery, negative out of it."""
        return -(load_w * self.conversion + self.idle_w) + 0.96 * sun_w

    def charge_after(self, percent: float, watts: float) -> float:
        """Return the charge after five minutes of this power into the battery."""
        kept = watts * (self.charge_efficiency if watts > 0 else 1.0)
        return min(100.0, max(0.0, percent + kept / 12 / self.capacity_wh * 100))


@dataclass(frozen=True)
class Outage:
    """An outage as planned (in steps; None for an emergency) and as it came."""

    start: int
    end: int
    plan: tuple[int, int] | None


@dataclass(frozen=True)
class House:
    """What really happened, step by step, and what was recorded of it."""

    history: History
    outages: tuple[Outage, ...]
    soc: Floats
    """The true charge at the beginning of each step."""
    load_w: Floats
    """What people ask for, whether the battery gives it or not."""
    sun_w: Floats
    fittings: Fittings
    nominal_wh: float
    announced: tuple[tuple[int, int, int], ...]
    """The plan: published at, start, end, in steps."""


BATTERY_HOURS = 9.0, 41.0
"""How long batteries last with the usual load: so that the field's methods miss as they were measured to."""


def draw_fittings(rng: np.random.Generator, mean_w: float, hours: tuple[float, float] = BATTERY_HOURS) -> Fittings:
    """Return fittings for a home of this load: a battery of so many hours of it, charged within 3 to 10 hours."""
    capacity = mean_w * float(np.exp(rng.uniform(*np.log(hours))))
    faulty = rng.random() < 0.3
    return Fittings(
        capacity_wh=capacity,
        nominal_wh=capacity * (float(rng.uniform(1.15, 1.4)) if faulty else float(rng.uniform(0.97, 1.06))),
        charge_w=capacity / float(rng.uniform(3, 10)),
        conversion=float(rng.uniform(1.04, 1.14)),
        idle_w=float(rng.uniform(30, 90)),
        charge_efficiency=float(rng.uniform(0.93, 0.98)),
        taper_from=float(rng.uniform(85, 95)),
        peak_sun_w=float(rng.choice([0, 0, 1500, 3000])),
        drift=float(rng.choice([0, 0, 0.3, 1.0])),
    )


Queue = tuple[tuple[Outage, ...], tuple[tuple[int, int, int], ...]]
"""The outages of a queue, and its plan: published at, start, end, in steps."""


def draw_outages(days: int, rng: np.random.Generator) -> Queue:
    """Return the outages of a queue and its plan: stages come and go, power is late in its own way, some are sudden."""
    late, spread = rng.normal(3, 6), rng.uniform(4, 12)
    outages: list[Outage] = []
    announced: list[tuple[int, int, int]] = []
    stage, offset = 2, int(rng.integers(0, 24))
    for day in range(days):
        if rng.random() < 0.25:
            stage = int(np.clip(stage + (1 if rng.random() < 0.6 else -1), 0, 4))
        offset += int(rng.choice([0, 0, 4, -4, 8]))
        for start, end in _windows(day, stage, offset, rng):
            if announced and start < max(announced[-1][2], outages[-1].end if outages else 0) + 12:
                continue
            announced.append((day * PER_DAY - 48, start, end))
            if rng.random() > 0.05:  # else it was announced and did not come
                outages.append(Outage(*_as_it_came(start, end, late, spread, rng), (start, end)))
        if rng.random() < 0.06:
            start = day * PER_DAY + int(rng.integers(0, PER_DAY))
            outages.append(Outage(start, start + int(rng.gamma(2, 24)) + 3, None))
    return _apart(outages, days * PER_DAY), tuple(announced)


def _apart(outages: list[Outage], size: int) -> tuple[Outage, ...]:
    """Leave out outages that begin while another one lasts, or are not over."""
    kept: list[Outage] = []
    for one in sorted(outages, key=lambda outage: outage.start):
        if one.end < size and (not kept or one.start > kept[-1].end + 3):
            kept.append(one)
    return tuple(kept)


def _windows(day: int, stage: int, offset: int, rng: np.random.Generator) -> Iterator[tuple[int, int]]:
    for number in range(stage):
        hour = (offset + number * 24 / max(stage, 1)) % 24
        start = day * PER_DAY + int(hour * 2) * 6
        yield start, start + int(float(rng.choice([2, 3.5, 4, 4, 5, 6.5])) * 12)


def _as_it_came(start: int, end: int, late: float, spread: float, rng: np.random.Generator) -> tuple[int, int]:
    begin = start + round(float(rng.normal(1, 3)) / 5)
    kind = rng.random()
    if kind < 0.7:
        minutes = rng.normal(late, spread)
    elif kind < 0.85:
        minutes = -rng.uniform(15, 90)
    elif kind < 0.95:
        minutes = rng.uniform(15, 60)
    else:
        minutes = rng.uniform(60, 150)
    return max(begin, 1), max(begin + 6, end + round(float(minutes) / 5))


def as_lived(load: Floats, outages: Iterable[Outage], around: tuple[float, float, float]) -> Floats:
    """Return what people make of their load before, in and after outages: around is what it is multiplied by."""
    load = load.copy()
    for one in outages:
        if one.plan:
            load[max(0, one.plan[0] - 18) : one.start] *= around[0]
        load[one.start : one.end] *= around[1]
        load[one.end : one.end + 24] *= around[2]
    return load


def live(
    load: Floats,
    fittings: Fittings,
    queue: Queue,
    rng: np.random.Generator,
    *,
    start_s: float = START_S,
    time_zone: str = "Europe/Kyiv",
) -> House:
    """Return a house that has lived through the outages of its queue with this load."""
    outages, announced = queue
    size = len(load) // PER_DAY * PER_DAY
    load = load[:size]
    off = np.zeros(size, dtype=bool)
    for one in outages:
        off[one.start : one.end] = True
    sun = _sun(size, fittings.peak_sun_w, rng)
    true, reported, power, drawn = _batteries(load, sun, off, fittings, rng)
    times = start_s + 300.0 * np.arange(size, dtype=np.float64)
    history = History(
        time=times,
        load_w=np.round(drawn),
        pv_power_w=np.round(sun) if fittings.peak_sun_w else (),
        battery_power_w=np.round(power),
        soc_percent=reported,
        grid_on=(~off).astype(np.float64),
        planned=[(start_s + 300.0 * start, start_s + 300.0 * end) for _, start, end in announced],
        nominal_wh=fittings.nominal_wh,
        time_zone=time_zone,
    )
    return House(history, outages, true, load, sun, fittings, fittings.nominal_wh, announced)


def _sun(size: int, peak_w: float, rng: np.random.Generator) -> Floats:
    if not peak_w:
        return np.zeros(size)
    hours = np.arange(size) / 12 % 24
    clear = np.maximum(0, np.cos((hours - 12.7) / 5.2 * np.pi / 2)) * (np.abs(hours - 12.7) < 5.2)
    days = size // PER_DAY
    cloud = np.clip(0.5 + 0.35 * np.cumsum(rng.normal(0, 0.6, days)) / np.sqrt(1 + np.arange(days) * 0.2), 0.1, 1)
    sun: Floats = peak_w * clear * np.repeat(cloud, PER_DAY) * rng.uniform(0.7, 1.1, size)
    return sun


def _batteries(
    load: Floats, sun: Floats, off: "np.typing.NDArray[np.bool_]", fit: Fittings, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats, Floats]:
    size = len(load)
    true, power, drawn = np.empty(size), np.empty(size), load.copy()
    now, dark = 80.0, False
    strays, reported = 0.0, np.empty(size)
    for step in range(size):
        true[step] = now
        reported[step] = min(100.0, max(0.0, round(now + strays)))
        if off[step]:
            dark = dark or now <= CUT_OFF
            watts = 0.0 if dark else fit.without_grid_w(load[step], sun[step])
            if dark:
                drawn[step] = 0.0
        else:
            dark = False
            share = 1.0 if now < fit.taper_from else max(0.12, 1 - (now - fit.taper_from) / (102 - fit.taper_from))
            watts = fit.charge_w * share if now < 100 else 0.0
        watts = min(watts, (100 - now) / 100 * fit.capacity_wh * 12 / fit.charge_efficiency)
        power[step] = watts + rng.normal(0, 3)
        now = fit.charge_after(now, watts)
        strays += rng.normal(0, 1) * fit.drift / 17 + fit.drift / 600
        if now >= 99.99:
            strays = 0.0
    return true, reported, power, drawn


def until(history: History, steps: int, days: int | None = None) -> History:
    """Return what was recorded up to a step, which is included, or of the last days before it."""
    cut = slice(0 if days is None else max(0, steps + 1 - days * PER_DAY), steps + 1)
    columns = ("time", "load_w", "pv_power_w", "battery_power_w", "soc_percent", "bms_soc_percent", "grid_on")
    return replace(history, **{name: getattr(history, name)[cut] for name in columns})
