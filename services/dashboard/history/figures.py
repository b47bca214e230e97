"""The chart of *History* as a plain dictionary, pure. `go.Figure` costs six times as much and brings its own look."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from services.dashboard.history.periods import Period, Span
from services.dashboard.look import FONT, Theme
from services.dashboard.wording import Clock
from shared.history.queries import GridSpan, Series
from shared.messages import Grid

POWERS = ("pv_power_w", "load_power_w", "grid_power_w", "battery_power_w")
CHARGE = "battery_soc_percent"
FIELDS = (*POWERS, CHARGE)

HOUR = timedelta(hours=1)
SHEER = "2e"
"""The opacity of a surface, as the last two digits of its colour."""
TOLD = "%{customdata}<extra></extra>"
WIDE_ENOUGH = 0.16
"""The part of the chart that a shaded time must cover before there is room for words in it."""


def history(
    series: Series, outages: Sequence[GridSpan], period: Period, clock: Clock, *, theme: Theme
) -> dict[str, Any]:
    """Return the chart of a period: the four powers above, the state of charge below, the time without grid shaded.

    The axis counts the hours that really passed since the beginning and only its labels are local time, so that an hour
    which the clocks repeat or leave out is neither drawn twice nor stretched.
    """
    start, end = period.bounds(clock.zone)
    hours = [round((at - start) / HOUR, 3) for at in series.moments]
    labels = [f"<b>{_label(at.astimezone(clock.zone), period, clock)}</b>" for at in series.moments]
    traces = [
        _header(hours, labels),
        _area(hours, _kilo(series.values["pv_power_w"]), theme.sun),
        _area(hours, series.values[CHARGE], theme.battery, yaxis="y2"),
        *_powers(hours, series, theme, clock),
        _charge(hours, series, theme, clock),
    ]
    return {
        "data": traces + _legend(outages, theme, clock),
        "layout": _layout(period, theme, clock) | {"shapes": _shades(outages, start, end, theme, clock)},
    }


def _label(at: datetime, period: Period, clock: Clock) -> str:
    if period.span is Span.DAY:
        return f"{at:%H:%M}"
    return f"{clock.weekday(at.date())} {at.day} {clock.months[at.month - 1]}, {at:%H:%M}"


def _header(hours: list[float], labels: list[str]) -> dict[str, Any]:
    """An invisible line that carries the local time into the box under the finger."""
    return {
        "x": hours,
        "y": [0] * len(hours),
        "customdata": labels,
        "hovertemplate": TOLD,
        "mode": "lines",
        "opacity": 0,
        "showlegend": False,
    }


def _powers(hours: list[float], series: Series, theme: Theme, clock: Clock) -> list[dict[str, Any]]:
    looks: dict[str, dict[str, Any]] = {
        "pv_power_w": {"line": {"color": theme.sun, "width": 1.8}, "name": clock("node.sun")},
        "grid_power_w": {"line": {"color": theme.grid, "width": 1.8, "dash": "dot"}, "name": clock("node.grid")},
        "battery_power_w": {"line": {"color": theme.battery, "width": 1.8}, "name": clock("history.battery_line")},
        "load_power_w": {"line": {"color": theme.ink, "width": 2.2}, "name": clock("node.home")},
    }
    directions = {
        "grid_power_w": (clock("node.grid"), clock("flow.importing"), clock("flow.exporting")),
        "battery_power_w": (clock("node.battery"), clock("flow.charging"), clock("flow.discharging")),
        "pv_power_w": (clock("node.sun"), "", ""),
        "load_power_w": (clock("node.home"), "", ""),
    }
    return [
        _line(hours, _kilo(series.values[field]))
        | {
            "customdata": [_told(value, *directions[field], clock) for value in series.values[field]],
            "hovertemplate": TOLD,
        }
        | look
        for field, look in looks.items()
    ]


def _kilo(values: Iterable[float | None]) -> list[float | None]:
    return [None if value is None else value / 1000 for value in values]


def _area(hours: Sequence[float], values: Sequence[float | None], colour: str, **more: Any) -> dict[str, Any]:
    """The surface under a line. It falls to zero at the edges of a gap, where plotly by itself would bridge it."""
    points: list[tuple[float, float]] = []
    for known, group in groupby(zip(hours, values, strict=True), key=lambda point: point[1] is not None):
        stretch = [(hour, value or 0) for hour, value in group] if known else []
        points += [(stretch[0][0], 0), *stretch, (stretch[-1][0], 0)] if stretch else []
    return {
        "x": [hour for hour, _ in points],
        "y": [round(value, 3) for _, value in points],
        "mode": "lines",
        "line": {"width": 0},
        "fill": "tozeroy",
        "fillcolor": f"{colour}{SHEER}",
        "hoverinfo": "skip",
        "showlegend": False,
        **more,
    }


def _told(watts: float | None, name: str, positive: str, negative: str, clock: Clock) -> str:
    direction = (positive if watts > 0 else negative) if watts else ""
    return f"{name} <b>{clock.power(watts)}</b> {direction}".rstrip()


def _charge(hours: list[float], series: Series, theme: Theme, clock: Clock) -> dict[str, Any]:
    return _line(hours, series.values[CHARGE]) | {
        "yaxis": "y2",
        "name": clock("history.charge"),
        "showlegend": False,
        "customdata": [
            f"{clock('history.charge')} <b>{clock.number('percent', value)}</b>" for value in series.values[CHARGE]
        ],
        "hovertemplate": TOLD,
        "line": {"color": theme.battery, "width": 1.8},
    }


def _line(hours: list[float], values: Iterable[float | None]) -> dict[str, Any]:
    rounded = [None if value is None else round(value, 3) for value in values]
    return {"type": "scatter", "mode": "lines", "x": hours, "y": rounded, "connectgaps": False}


def _shades(
    spans: Sequence[GridSpan], start: datetime, end: datetime, theme: Theme, clock: Clock
) -> list[dict[str, Any]]:
    return [_shade(span, start, end, theme, clock) for span in spans]


def _shade(span: GridSpan, start: datetime, end: datetime, theme: Theme, clock: Clock) -> dict[str, Any]:
    off = span.state is Grid.OFF
    wide = (span.end - span.start) / (end - start) >= WIDE_ENOUGH
    text = (clock("history.outage") if off else clock("history.unknown_grid")) if wide else ""
    return {
        "type": "rect",
        "layer": "below",
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "x0": (span.start - start) / HOUR,
        "x1": (span.end - start) / HOUR,
        "line": {"width": 0},
        "fillcolor": theme.outage if off else theme.unknown,
        "label": {"text": text, "textposition": "top center", "font": {"size": 11, "color": theme.muted}},
    }


def _legend(spans: Sequence[GridSpan], theme: Theme, clock: Clock) -> list[dict[str, Any]]:
    """Traces without points, so that the legend explains the shades that are there."""
    there = {span.state for span in spans}
    looks = {
        Grid.OFF: (clock("history.outage"), theme.outage),
        Grid.UNKNOWN: (clock("history.unknown_grid"), theme.unknown),
    }
    return [
        {
            "x": [None],
            "y": [None],
            "mode": "markers",
            "marker": {"symbol": "square", "size": 12, "color": colour},
            "name": name,
        }
        for state, (name, colour) in looks.items()
        if state in there
    ]


def _caption(text: str, theme: Theme) -> dict[str, Any]:
    """The name of the strip below, in the gap above it."""
    place = {"xref": "paper", "x": 0, "xanchor": "left", "yref": "paper", "y": 0.225, "yanchor": "bottom"}
    return place | {"text": text, "showarrow": False, "font": {"size": 12, "color": theme.muted}}


def _layout(period: Period, theme: Theme, clock: Clock) -> dict[str, Any]:
    start, end = period.bounds(clock.zone)
    ticks = [((at - start) / HOUR, text) for at, text in period.ticks(clock)]
    axis = {
        "gridcolor": theme.line,
        "zerolinecolor": theme.line,
        "fixedrange": True,
        "tickfont": {"color": theme.muted},
    }
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": theme.ink},
        "margin": {"l": 46, "r": 10, "t": 44, "b": 30},
        "dragmode": False,
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "hoverlabel": {"bgcolor": theme.paper, "bordercolor": theme.line, "font": {"color": theme.ink}},
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "itemclick": False,
            "traceorder": "normal",
        },
        "xaxis": axis
        | {
            "range": [0, (end - start) / HOUR],
            "tickvals": [hour for hour, _ in ticks],
            "ticktext": [text for _, text in ticks],
            "anchor": "y2",
            "ticks": "outside",
            "ticklen": 7,
            "tickcolor": "rgba(0,0,0,0)",
            "unifiedhovertitle": {"text": period.title(clock)},
        },
        "yaxis": axis | {"domain": [0.32, 1], "ticksuffix": " kW", "zeroline": True, "rangemode": "tozero"},
        "annotations": [_caption(clock("history.charge"), theme)],
        "yaxis2": axis
        | {"domain": [0, 0.22], "range": [0, 102], "tickvals": [0, 50, 100], "ticktext": ["0 %", "50 %", "100 %"]},
    }
