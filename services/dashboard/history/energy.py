"""Energy of a period in pieces and in all, with what it cost and how much more it was than before. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from services.dashboard.history.periods import Period
from services.dashboard.history.windows import HOUR
from services.dashboard.wording import Clock
from shared.history.reports import By, beginning
from shared.history.tables import to_ms

Kwh = Mapping[str, float | None]
Costs = Mapping[date, Mapping[int, float]]
"""By day, then by the beginning of the hour in ms."""

SUN, LOAD = "pv_kwh", "load_kwh"
GRID_IN, GRID_OUT = "grid_in_kwh", "grid_out_kwh"
BATTERY_IN, BATTERY_OUT = "battery_in_kwh", "battery_out_kwh"
NAMES = (SUN, LOAD, GRID_IN, GRID_OUT, BATTERY_IN, BATTERY_OUT)
UNKNOWN: Kwh = dict.fromkeys(NAMES)


@dataclass(frozen=True)
class Piece:
    """An hour, a day, a week, a month or a year, with its energy and cost; a period of its own from a day on."""

    short: str
    label: str
    kwh: Kwh
    cost: float | None = None
    period: Period | None = None

    @property
    def known(self) -> bool:
        """Whether anything is known of it."""
        return any(value is not None for value in self.kwh.values())


def added(parts: Iterable[Kwh]) -> Kwh:
    """Return the sum of what is known of each; None where nothing is."""
    sums = dict(UNKNOWN)
    for part in parts:
        for name in NAMES:
            value = part.get(name)
            if value is not None:
                sums[name] = (sums[name] or 0.0) + value
    return sums


def self_sufficiency(kwh: Kwh) -> float | None:
    """Return how many percent of what the house used did not come from the grid."""
    load, bought = kwh[LOAD], kwh[GRID_IN]
    if not load or bought is None:
        return None
    return min(100.0, max(0.0, (1 - bought / load) * 100))


def change(value: float | None, before: float | None) -> float | None:
    """Return by how many percent something is more than before; of almost nothing there is no percentage."""
    if value is None or before is None or before < 0.05:
        return None
    return (value / before - 1) * 100


def before(period: Period, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the period before; of a period that still lasts, as much of that one as has passed of this."""
    start, end = period.bounds(zone)
    start_before, end_before = period.earlier().bounds(zone)
    if not start < now < end:
        return start_before, end_before
    return start_before, min(end_before, start_before + (now - start) // HOUR * HOUR + HOUR)


def hours(period: Period, energy: Mapping[int, tuple[float | None, ...]], costs: Costs, clock: Clock) -> list[Piece]:
    """Return the hours of a period, from those named by their beginning in ms."""
    prices = {at: price for day in costs.values() for at, price in day.items()}
    start, end = period.bounds(clock.zone)
    count = (end - start) // HOUR
    found = []
    for at in (start + index * HOUR for index in range(count)):
        name = clock.clock(at)
        label = f"{name} – {clock.clock(at + HOUR)}"
        known = energy.get(to_ms(at))
        kwh = dict(zip(NAMES, known, strict=True)) if known else UNKNOWN
        found.append(Piece(name, label, kwh, prices.get(to_ms(at))))
    return found


def pieces(period: Period, energy: Mapping[date, Kwh], costs: Costs, clock: Clock) -> list[Piece]:
    """Return the days or more of a period, from those named by their first day, which may lie before it."""
    by = period.by or By.DAY
    cost: dict[date, float] = {}
    for day, prices in costs.items():
        piece = beginning(day, by)
        cost[piece] = cost.get(piece, 0.0) + sum(prices.values())
    found = []
    for first in period.pieces():
        day = beginning(first, by)
        part = period.part(first)
        label = part.title(clock) if part else ""
        found.append(Piece(_short(first, by, clock), label, energy.get(day, UNKNOWN), cost.get(day), part))
    return found


def _short(day: date, by: By, clock: Clock) -> str:
    names: Mapping[By, Callable[[], str]] = {
        By.DAY: lambda: f"{clock.weekday(day)} {day.day}",
        By.WEEK: lambda: f"{day.day} {clock.months[day.month - 1]}",
        By.MONTH: lambda: clock.months[day.month - 1],
        By.YEAR: lambda: str(day.year),
    }
    return names[by]()
