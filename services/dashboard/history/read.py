"""What the page asks the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from services.dashboard.history import energy
from services.dashboard.history.energy import Costs, Kwh, Piece
from services.dashboard.history.figures import Drawing
from services.dashboard.history.flows import FIELDS, by_direction
from services.dashboard.history.periods import Period
from services.dashboard.history.windows import FINEST, Window
from services.dashboard.tariff import Tariff
from services.dashboard.wording import Clock
from shared.history import reports
from shared.history.derived import INVERTERS
from shared.history.queries import SETTLES, Series, due_since, outages, series

GROSS = timedelta(hours=2)
"""From this step on power went both ways within one, and a mean of both would say that nothing did."""
DAY = timedelta(days=1)
ENOUGH = 0.9
"""So much of a time must be recorded to be compared with."""


def drawing(engine: Engine, name: str, window: Window, now: datetime) -> Drawing:
    """Return all that stands on the chart of a window."""
    wide = window.grown
    spans = outages(engine, start=window.start, end=window.end)
    # on half a year no plan is wide enough to be seen
    records = reports.outage_records(engine, start=window.start, end=window.end) if window.step < DAY else []
    return Drawing(_flows(engine, name, wide, now), spans, records, window)


def _flows(engine: Engine, name: str, window: Window, now: datetime) -> Series:
    if window.step >= GROSS:
        until = min(window.end, _hour(now))
        found = reports.flows(engine, name, start=window.start, end=max(window.start, until), step=window.step)
        if not found.empty:
            return found
    found = _means(engine, name, window, window.step)
    # single readings may be purged by now, and then there is nothing finer
    return found if window.step >= FINEST or not found.empty else _means(engine, name, window, FINEST)


def _hour(now: datetime) -> datetime:
    """Return the beginning of the hour that is not over yet: what is known of it is no mean of it."""
    return now.replace(minute=0, second=0, microsecond=0)


def _means(engine: Engine, name: str, window: Window, step: timedelta) -> Series:
    count = max(1, -(-(window.end - window.start) // step))
    end = window.start + count * step
    return by_direction(series(engine, name, FIELDS, start=window.start, end=end, buckets=count))


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


def energy_of(engine: Engine, name: str, period: Period, tariff: Tariff | None, clock: Clock) -> Energy:
    """Return the energy of a period."""
    start, end = period.bounds(clock.zone)
    costs = _costs(engine, name, period, tariff, clock)
    if period.by is None:
        found = reports.energy_by_hour(engine, name, energy.NAMES, start=start, end=end)
        pieces = energy.hours(period, found, costs, clock)
    else:
        days = reports.energy(engine, name, first=period.first, last=period.last, by=period.by, zone=clock.zone)
        pieces = energy.pieces(period, days, costs, clock)
    total = energy.added(piece.kwh for piece in pieces)
    due = due_since(engine, INVERTERS.raw, name, start=start, end=min(end, clock.now - SETTLES))
    before = energy.UNKNOWN if due else _before(engine, name, period, clock)
    return Energy(pieces, total, before, _sum(costs), due)


def _sum(costs: Costs) -> float | None:
    return sum(price for day in costs.values() for price in day.values()) if costs else None


def _costs(engine: Engine, name: str, period: Period, tariff: Tariff | None, clock: Clock) -> Costs:
    if tariff is None:
        return {}
    start, end = period.bounds(clock.zone)
    hours = reports.energy_by_hour(engine, name, [energy.GRID_IN], start=start, end=end)
    bought = {at: kwh for at, (kwh,) in hours.items()}
    return tariff.costs(bought, period.first, period.last, clock.zone)


def _before(engine: Engine, name: str, period: Period, clock: Clock) -> Kwh:
    start, end = energy.before(period, clock.now, clock.zone)
    kwh, share = reports.energy_between(engine, name, start=start, end=end)
    return kwh if share >= ENOUGH else energy.UNKNOWN
