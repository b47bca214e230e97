"""What of *Now* is read from the history: the last twelve hours of the timeline, and the energy of today."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from dash import html

from services.dashboard.now.energy_today import energy_today
from services.dashboard.now.time_axis import BUCKETS, STEP, Axis, axis
from services.dashboard.now.timeline import recorded_layer
from services.dashboard.pages import PageContext, ViewOptions
from shared.errors import StorageError
from shared.history.derived import BATTERIES, INVERTERS
from shared.history.queries import SETTLES, Session, devices, due_since, grid_spans, series
from shared.history.reports import energy_between
from shared.live_figures import ALL
from shared.texts.localizer import Localizer

PAST, TODAY = "now-recorded", "now-today"
"""The ids of the elements that are filled."""


def recorded(context: PageContext, localizer: Localizer, _options: ViewOptions) -> dict[str, list[Any]]:
    """Return the recorded layer of the timeline and the energy of today; a note if the history cannot be read."""
    span, grid = axis(localizer.now), context.snapshot().grid
    try:
        with Session(context.engine) as session:
            spans = grid_spans(session, start=span.start, end=localizer.now)
            past = recorded_layer(spans, grid, _charge(session, span), localizer)
            return {PAST: past, TODAY: energy_today(*_energy(session, localizer), localizer)}
    except StorageError as error:
        note = html.P(localizer.reason(error.reason), className="strip-note")
        return {PAST: [*recorded_layer([], grid, [], localizer), note], TODAY: []}


def _energy(session: Session, localizer: Localizer) -> tuple[dict[str, float | None], float]:
    """Return the kWh of today, of all inverters or the first one, and for which share of the day anything is known.

    Nothing is known while something that was recorded of it is not summed up yet.
    """
    inverter = next(iter(devices(session)), None)
    start = datetime.combine(localizer.today, time(), localizer.zone)
    if inverter is None:
        return {}, 0.0
    if due_since(session, INVERTERS.raw, inverter, start=start, end=localizer.now - SETTLES):
        return {}, 0.0
    return energy_between(session, inverter, start=start, end=localizer.now)


def _charge(session: Session, span: Axis) -> Sequence[float | None]:
    """Return the state of charge every five minutes: from the BMS, which is more exact, or else the inverter."""
    end = span.start + BUCKETS * STEP
    inverters = [(INVERTERS, name, "battery_soc_percent") for name in devices(session)[:1]]
    columns = [
        series(session, device, [field], start=span.start, end=end, buckets=BUCKETS, source=source).values[field]
        for source, device, field in [(BATTERIES, ALL, "soc_percent"), *inverters]
    ]
    return [next((value for value in values if value is not None), None) for values in zip(*columns, strict=True)]
