"""The forecast of the charge in the timeline: its band and median, the reserve, the ends of outages; pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.now.svg_mask import Points, line, mask, polygon
from services.dashboard.now.time_axis import AXIS_STEPS, STEP, Axis
from shared.messages import ChargeStrip, OutageOutlook, Outlook
from shared.texts.localizer import Localizer

EVERY = timedelta(minutes=15)
"""The strip is some hundred pixels wide: finer points would only make it heavier."""
RIGHT_PERCENT = 88
"""Further to the right a label stands to the left of its point."""


def charge_ahead(outlook: Outlook | None, span: Axis, localizer: Localizer) -> list[Any]:
    """Return the forecast, or that there is none."""
    if outlook is None or outlook.strip is None:
        return [html.P(localizer("strip.no_forecast"), className="strip-note strip-note-ahead")]
    low, middle, high = (_points(outlook.strip, values, span) for values in _columns(outlook.strip))
    if len(middle) < 2:
        return [html.P(localizer("strip.no_forecast"), className="strip-note strip-note-ahead")]
    shapes = {
        "band": mask(polygon([*high, *reversed(low)]), AXIS_STEPS),
        "median": mask(line(middle), AXIS_STEPS, dashed=True),
    }
    left = span.percent(span.now)
    reserve = {"bottom": f"{outlook.reserve_percent:g}%", "left": f"{left}%"}
    return [
        *(html.Span(className=f"shape-{name}", style={"--shape": shape}) for name, shape in shapes.items()),
        html.Span(className="reserve-line", style=reserve),
        *(_end(one, span, localizer) for one in _ended(outlook, span)),
    ]


def charge_label(outlook: Outlook | None, span: Axis, localizer: Localizer) -> str:
    """Return the forecast in words, for screen readers."""
    if outlook is None or outlook.strip is None:
        return localizer("strip.no_forecast")
    return "; ".join(_end_label(one, localizer) for one in _ended(outlook, span))


def _columns(strip: ChargeStrip) -> Iterable[Sequence[float]]:
    return strip.p10, strip.p50, strip.p90


def _points(strip: ChargeStrip, values: Sequence[float], span: Axis) -> Points:
    """Return what of a column is ahead, in steps of the axis and percent from above."""
    step = timedelta(minutes=strip.step_min)
    found = [(strip.start + index * step, value) for index, value in enumerate(values)]
    ahead = [(at, value) for at, value in found if span.now - step < at <= span.end]
    return [_place(at, value, span) for at, value in ahead[:: max(1, EVERY // step)]]


def _place(at: datetime, percent: float, span: Axis) -> tuple[float, float]:
    return round((max(at, span.now) - span.start) / STEP, 1), round(100 - min(100.0, max(0.0, percent)), 1)


def _ended(outlook: Outlook, span: Axis) -> list[OutageOutlook]:
    """Return the outages of which the end is in sight, with the charge there."""
    return [one for one in outlook.outages if one.end and one.charge_at_end and span.now < one.end <= span.end]


def _end(outage: OutageOutlook, span: Axis, localizer: Localizer) -> html.Span | None:
    if outage.end is None or outage.charge_at_end is None:
        return None
    left, percent = span.percent(outage.end), min(100.0, max(0.0, outage.charge_at_end.p50))
    side = "left" if left > RIGHT_PERCENT else "right"
    return html.Span(
        html.Span(localizer.number("percent", percent)),
        className=f"end-dot end-{side}",
        title=_end_label(outage, localizer),
        style={"left": f"{left}%", "bottom": f"{percent:.1f}%"},
        **attributes(aria_hidden="true"),
    )


def _end_label(outage: OutageOutlook, localizer: Localizer) -> str:
    band = outage.charge_at_end
    if outage.end is None or band is None:
        return ""
    low, middle, high = (localizer.number("percent", one) for one in (band.p10, band.p50, band.p90))
    return localizer("strip.at_end", at=localizer.since(outage.end), percent=middle, low=low, high=high)
