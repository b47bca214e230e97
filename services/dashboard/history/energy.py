"""Energy of a period: in pieces and in all, what it cost, and how much it was before; read from the history."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from services.dashboard.history.period import Period
from services.dashboard.history.time_axis import HOUR
from services.dashboard.tariff import Tariff
from shared.history import reports
from shared.history.derived import INVERTERS
from shared.history.engine import Engine
from shared.history.queries import SETTLES, due_since
from shared.history.reports import By, beginning
from shared.history.tables import to_ms
from shared.texts.localizer import Localizer

Kwh = Mapping[str, float | None]
Costs = Mapping[date, Mapping[int, float]]
"""By day, then by the beginning of the hour in ms."""

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
    """Return the sums of the known values; None where none is known."""
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
    """Return the change in percent; None where the value before is unknown or almost zero."""
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
    period: Period, energy: Mapping[int, tuple[float | None, ...]], costs: Costs, localizer: Localizer
) -> list[Piece]:
    """Return the hours of a period, from energy by the start of the hour in ms."""
    prices = {at: price for day in costs.values() for at, price in day.items()}
    start, end = period.bounds(localizer.zone)
    count = (end - start) // HOUR
    found = []
    for at in (start + index * HOUR for index in range(count)):
        name = localizer.clock(at)
        label = f"{name} – {localizer.clock(at + HOUR)}"
        known = energy.get(to_ms(at))
        kwh = dict(zip(NAMES, known, strict=True)) if known else UNKNOWN
        found.append(Piece(name, label, kwh, prices.get(to_ms(at))))
    return found


def pieces(period: Period, energy: Mapping[date, Kwh], costs: Costs, localizer: Localizer) -> list[Piece]:
    """Return the days, weeks, months or years of a period, from energy by their first day, which may lie before it."""
    by = period.by or By.DAY
    cost: dict[date, float] = {}
    for day, prices in costs.items():
        piece = beginning(day, by)
        cost[piece] = cost.get(piece, 0.0) + sum(prices.values())
    found = []
    for first in period.pieces():
        day = beginning(first, by)
        part = period.part(first)
        label = part.title(localizer) if part else ""
        found.append(Piece(_short(first, by, localizer), label, energy.get(day, UNKNOWN), cost.get(day), part))
    return found


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


def read_energy(engine: Engine, inverter: str, period: Period, tariff: Tariff | None, localizer: Localizer) -> Energy:
    """Read the energy of a period."""
    start, end = period.bounds(localizer.zone)
    costs = _costs(engine, inverter, period, tariff, localizer)
    if period.by is None:
        found = reports.energy_by_hour(engine, inverter, NAMES, start=start, end=end)
        parts = hours(period, found, costs, localizer)
    else:
        days = reports.energy(engine, inverter, first=period.first, last=period.last, by=period.by, zone=localizer.zone)
        parts = pieces(period, days, costs, localizer)
    total = added(piece.kwh for piece in parts)
    due = due_since(engine, INVERTERS.raw, inverter, start=start, end=min(end, localizer.now - SETTLES))
    before = UNKNOWN if due else _before(engine, inverter, period, localizer)
    return Energy(parts, total, before, _sum(costs), due)


def _sum(costs: Costs) -> float | None:
    return sum(price for day in costs.values() for price in day.values()) if costs else None


def _costs(engine: Engine, inverter: str, period: Period, tariff: Tariff | None, localizer: Localizer) -> Costs:
    if tariff is None:
        return {}
    start, end = period.bounds(localizer.zone)
    by_hour = reports.energy_by_hour(engine, inverter, [GRID_IN], start=start, end=end)
    bought = {at: kwh for at, (kwh,) in by_hour.items()}
    return tariff.costs(bought, period.first, period.last, localizer.zone)


def _before(engine: Engine, inverter: str, period: Period, localizer: Localizer) -> Kwh:
    start, end = previous(period, localizer.now, localizer.zone)
    kwh, share = reports.energy_between(engine, inverter, start=start, end=end)
    return kwh if share >= ENOUGH else UNKNOWN
