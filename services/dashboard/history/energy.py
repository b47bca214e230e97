"""Energy of a period: in pieces and in all, what it cost, and how much it was before; read from the history."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import pairwise

from services.dashboard.history.period import Period
from services.dashboard.history.time_axis import HOUR
from services.dashboard.tariff import Tariff
from shared.history import reports
from shared.history.derived import INVERTERS
from shared.history.queries import SETTLES, Database, due_since
from shared.history.reports import By, DayEnergy, beginning
from shared.history.tables import to_ms
from shared.texts.localizer import Localizer

Kwh = Mapping[str, float | None]

SUN, LOAD = "pv_kwh", "load_kwh"
GRID_IN, GRID_OUT = "grid_in_kwh", "grid_out_kwh"
BATTERY_IN, BATTERY_OUT = "battery_in_kwh", "battery_out_kwh"
NAMES = (SUN, LOAD, GRID_IN, GRID_OUT, BATTERY_IN, BATTERY_OUT)
UNKNOWN: Kwh = dict.fromkeys(NAMES)

ENOUGH = 0.9
"""This part of the period before must be recorded to be compared with."""


@dataclass(frozen=True)
class Piece:
    """An hour, day, week, month or year with its energy and cost; its bar leads to `period`, None for an hour."""

    short: str
    label: str
    kwh: Kwh
    cost: float | None = None
    period: Period | None = None

    @property
    def known(self) -> bool:
        """Whether any energy is known."""
        return any(value is not None for value in self.kwh.values())


def added(parts: Iterable[Kwh]) -> Kwh:
    """Return the sums of the known values; None if none is known."""
    sums = dict(UNKNOWN)
    for part in parts:
        for name in NAMES:
            value = part.get(name)
            if value is not None:
                sums[name] = (sums[name] or 0.0) + value
    return sums


def self_sufficiency(kwh: Kwh) -> float | None:
    """Return the percentage of consumption that did not come from the grid."""
    load, bought = kwh[LOAD], kwh[GRID_IN]
    if not load or bought is None:
        return None
    return min(100.0, max(0.0, (1 - bought / load) * 100))


def change(value: float | None, before: float | None) -> float | None:
    """Return the change in percent; None if the value before is unknown or almost zero."""
    if value is None or before is None or before < 0.05:
        return None
    return (value / before - 1) * 100


def previous(period: Period, now: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the previous period; for the current one, only as much of it as has passed of this one."""
    start, end = period.bounds(zone)
    start_before, end_before = period.earlier().bounds(zone)
    if not start < now < end:
        return start_before, end_before
    return start_before, min(end_before, start_before + (now - start) // HOUR * HOUR + HOUR)


def hours(
    period: Period, energy: Mapping[int, tuple[float | None, ...]], tariff: Tariff | None, localizer: Localizer
) -> list[Piece]:
    """Return the hours of a period, from energy by the start of the hour in ms."""
    start, end = period.bounds(localizer.zone)
    found = []
    edges = [start + index * HOUR for index in range((end - start) // HOUR + 1)]
    clocks = [localizer.clock(at) for at in edges]
    for at, (clock, next_clock) in zip(edges, pairwise(clocks), strict=False):  # there is an edge after the last hour
        hour = at.astimezone(localizer.zone).hour
        known = energy.get(to_ms(at))
        kwh = dict(zip(NAMES, known, strict=True)) if known else UNKNOWN
        bought = kwh[GRID_IN]
        cost = bought * tariff.prices[hour] if tariff and bought is not None else None
        found.append(Piece(clock, f"{clock} – {next_clock}", kwh, cost))
    return found


def pieces(period: Period, days: Sequence[DayEnergy], tariff: Tariff | None, localizer: Localizer) -> list[Piece]:
    """Return the days, weeks, months or years of a period, from the energy of its days."""
    by = period.by or By.DAY
    parts: dict[date, list[DayEnergy]] = {}
    for day in days:
        parts.setdefault(beginning(day.start.astimezone(localizer.zone).date(), by), []).append(day)
    found = []
    for first in period.pieces():
        part, inside = period.part(first), parts.get(beginning(first, by), [])
        label = part.title(localizer) if part else ""
        cost = summed(tariff.cost(day.by_hour) for day in inside) if tariff else None
        found.append(Piece(_short(first, by, localizer), label, added(day.kwh for day in inside), cost, part))
    return found


def summed(values: Iterable[float | None]) -> float | None:
    """Return the sum of the known values; None if none is known."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _short(day: date, by: By, localizer: Localizer) -> str:
    names: Mapping[By, Callable[[], str]] = {
        By.DAY: lambda: f"{localizer.weekday(day)} {day.day}",
        By.WEEK: lambda: f"{day.day} {localizer.months[day.month - 1]}",
        By.MONTH: lambda: localizer.months[day.month - 1],
        By.YEAR: lambda: str(day.year),
    }
    return names[by]()


@dataclass(frozen=True)
class Energy:
    """The energy of a period: in pieces, in all, before, and what it cost.

    From `due` on something that was recorded is not summed up yet.
    """

    pieces: Sequence[Piece]
    total: Kwh
    before: Kwh
    cost: float | None
    due: datetime | None = None


def read_energy(
    database: Database,
    inverter: str,
    period: Period,
    tariff: Tariff | None,
    localizer: Localizer,
    *,
    is_settled: bool = False,
) -> Energy:
    """Read the energy of a period; of a settled one all that was recorded is known to be summed up."""
    start, end = period.bounds(localizer.zone)
    if period.by is None:
        found = reports.energy_by_hour(database, inverter, start=start, end=end)
        parts = hours(period, found, tariff, localizer)
    else:
        days = reports.energy_by_day(database, inverter, start=start, end=end)
        parts = pieces(period, days, tariff, localizer)
    total = added(piece.kwh for piece in parts)
    due = None if is_settled else _due(database, inverter, period, localizer)
    before = UNKNOWN if due else _before(database, inverter, period, localizer)
    return Energy(parts, total, before, summed(piece.cost for piece in parts), due)


def _due(database: Database, inverter: str, period: Period, localizer: Localizer) -> datetime | None:
    start, end = period.bounds(localizer.zone)
    return due_since(database, INVERTERS.raw, inverter, start=start, end=min(end, localizer.now - SETTLES))


def _before(database: Database, inverter: str, period: Period, localizer: Localizer) -> Kwh:
    start, end = previous(period, localizer.now, localizer.zone)
    kwh, share = reports.energy_between(database, inverter, start=start, end=end)
    return kwh if share >= ENOUGH else UNKNOWN
