"""The last twelve hours of the timeline, read from the history."""

from collections.abc import Sequence
from typing import Any

from dash import html

from services.dashboard.now.timeline import BUCKETS, STEP, Axis, axis, recorded_layer
from services.dashboard.pages import PageContext, ViewOptions
from shared.errors import StorageError
from shared.history.derived import BATTERIES, INVERTERS
from shared.history.queries import Session, devices, grid_spans, series
from shared.live_figures import ALL
from shared.texts.localizer import Localizer


def recorded(context: PageContext, localizer: Localizer, _options: ViewOptions) -> list[Any]:
    """Return the recorded layer of the timeline, with a note where the history cannot be read."""
    span, grid = axis(localizer.now), context.snapshot().grid
    try:
        with Session(context.engine) as session:
            spans = grid_spans(session, start=span.start, end=localizer.now)
            return recorded_layer(spans, grid, _charge(session, span), localizer)
    except StorageError as error:
        return [
            *recorded_layer([], grid, [], localizer),
            html.P(localizer.reason(error.reason), className="strip-note"),
        ]


def _charge(session: Session, span: Axis) -> Sequence[float | None]:
    """Return the state of charge every five minutes: from the BMS, which is more exact, or else the inverter."""
    end = span.start + BUCKETS * STEP
    inverters = [(INVERTERS, name, "battery_soc_percent") for name in devices(session)[:1]]
    columns = [
        series(session, device, [field], start=span.start, end=end, buckets=BUCKETS, source=source).values[field]
        for source, device, field in [(BATTERIES, ALL, "soc_percent"), *inverters]
    ]
    return [next((value for value in values if value is not None), None) for values in zip(*columns, strict=True)]
