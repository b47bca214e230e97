"""The chart of power and charge as a plain dictionary, pure: `go.Figure` is six times as slow."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from services.dashboard.chart_theme import FONT, Theme
from services.dashboard.history.power import CHARGE, LOAD, SINKS, SOURCES, PowerHistory, Values
from services.dashboard.history.time_axis import Window, offsets, ticks
from shared.history.queries import GridSpan, Series
from shared.history.reports import Outage
from shared.history.tables import MILLISECOND, to_ms
from shared.messages import Grid
from shared.texts.language import Language
from shared.texts.localizer import Localizer

WIDE_ENOUGH = 0.16
"""The part of the chart that an outage must cover to have room for a label."""
TOO_NARROW = 0.0015
"""Less than a pixel on a phone."""
PERCENT: dict[str, Any] = {"yaxis": "y2", "showlegend": False, "unit": 1}
"""A trace of the strip."""
SOLID, SOFT, SHEER = "d9", "80", "33"
"""Opacities, as the last two digits of a colour."""


def power_chart(
    power: PowerHistory, title: str, localizer: Localizer, *, theme: Theme, touch: bool = False
) -> dict[str, Any]:
    """Return the chart: sources above zero, battery charging and export below, the state of charge in a strip.

    Its lines, areas and hover boxes are drawn by assets/history_chart.js, from a column each: this is a third of the
    answer that their outlines are.

    The axis counts the hours that really passed since the period began and only its labels are local time, so that an
    hour which the clocks repeat or leave out is neither drawn twice nor stretched.
    """
    window = power.window
    columns = _columns(power.flows)
    shades = _shades(power.spans, window, theme, localizer)
    plans = _plans(power.outages, window, theme)
    return {
        "data": [*_traces(columns, theme, localizer), *_legend(shades, plans, theme, localizer)],
        "layout": _layout(window, title, theme, localizer, touch=touch) | {"shapes": [*shades, *plans]},
        "points": _points(power) | {"columns": columns},
        "hover": _hover(power, localizer),
    }


def _columns(flows: Series) -> dict[str, Values]:
    """Return powers in whole watts and the charge to a tenth: more digits would be invisible."""
    digits = {CHARGE: 1}
    return {
        name: [None if one is None else round(one, digits.get(name)) for one in values]
        for name, values in flows.values.items()
    }


def _traces(columns: Mapping[str, Values], theme: Theme, localizer: Localizer) -> list[dict[str, Any]]:
    line = {"color": theme.ink, "width": 2}
    strip = {"color": theme.battery, "width": 1.8}
    charge = [_filled(CHARGE, (), f"{theme.battery}{SHEER}") | PERCENT] if any(columns[CHARGE]) else []
    return [
        *_surfaces(SOURCES, columns, theme, localizer),
        *_surfaces(SINKS, columns, theme, localizer),
        *charge,
        _line(LOAD) | {"name": localizer("history.load"), "line": line},
        _line(CHARGE) | PERCENT | {"line": strip},
        _hover_trace(theme, localizer),
    ]


def _surfaces(
    names: Sequence[str], columns: Mapping[str, Values], theme: Theme, localizer: Localizer
) -> Iterator[dict[str, Any]]:
    """Yield an area for each power that is not always zero, on those before it of which anything is known."""
    under: list[str] = []
    for name in names:
        if any(columns[name]):
            colour = {"pv": theme.sun, "grid": theme.grid, "battery": theme.battery}[name.partition("_")[0]]
            area = _filled(name, under, f"{colour}{SOFT if name in SINKS else SOLID}")
            yield area | {"name": localizer(f"history.{name}"), "unit": -1000 if name in SINKS else 1000}
        if any(value is not None for value in columns[name]):
            under.append(name)


def _filled(column: str, on: Sequence[str], colour: str) -> dict[str, Any]:
    """Return an area that assets/history_chart.js draws from its column, on top of others."""
    return {
        "type": "scatter",
        "mode": "lines",
        "column": column,
        "on": list(on),
        "fill": "toself",
        "fillcolor": colour,
        "line": {"width": 0, "color": colour},
        "hoverinfo": "skip",
    }


def _line(column: str) -> dict[str, Any]:
    look = {"type": "scatter", "mode": "lines", "connectgaps": False, "hoverinfo": "skip"}
    return look | {"column": column, "unit": 1000}


def _hover_trace(theme: Theme, localizer: Localizer) -> dict[str, Any]:
    marks = [
        (theme.sun, localizer("node.sun")),
        (theme.grid, localizer("node.grid")),
        (theme.battery, localizer("node.battery")),
        (theme.ink, localizer("history.load")),
        (theme.battery, localizer("history.charge")),
    ]
    return hover_boxes([], [], marks)


def _points(power: PowerHistory) -> dict[str, int]:
    """Return in ms where the axis and the first point begin, and how wide a point is."""
    flows = power.flows
    return {
        "origin": to_ms(power.window.origin),
        "start": to_ms(flows.start),
        "step": flows.step // MILLISECOND,
    }


def _hover(power: PowerHistory, localizer: Localizer) -> dict[str, Any]:
    """Return what assets/history_chart.js writes the hover boxes with: the reader's words, and the wall clock."""
    flows, window = power.flows, power.window
    short = window.end - window.start <= timedelta(hours=25)
    return {
        "offsets": [[to_ms(at), minutes] for at, minutes in offsets(window.start, window.end, localizer.zone)],
        "label": "day" if flows.step >= timedelta(days=1) else "time" if short else "both",
        "ways": {
            "grid": [localizer("flow.importing"), localizer("flow.exporting")],
            "battery": [localizer("flow.charging"), localizer("flow.discharging")],
        },
        "weekdays": localizer("weekdays").split(),
        "months": localizer.months,
        "seasons": [localizer("time.summer"), localizer("time.winter")],
        "decimal": localizer.decimal(0.1, 1)[1],
        "unknown": localizer("unknown"),
        **{unit: localizer.number(unit, 0) for unit in ("watts", "kilowatts", "percent")},
    }


def hover_boxes(
    x: Sequence[float], columns: Sequence[Sequence[str]], marks: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Return an invisible line whose hover boxes list a title and the columns by colour and name."""
    lines = [
        f'<span style="color:{colour}">■</span> {name} <b>%{{customdata[{index}]}}</b>'
        for index, (colour, name) in enumerate(marks, 1)
    ]
    return {
        "type": "scatter",
        "mode": "lines",
        "opacity": 0,
        "showlegend": False,
        "x": x,
        "y": [0] * len(x),
        "customdata": list(zip(*columns, strict=True)),
        "hovertemplate": "<br>".join(["<b>%{customdata[0]}</b>", *lines]) + "<extra></extra>",
    }


def _shades(spans: Sequence[GridSpan], window: Window, theme: Theme, localizer: Localizer) -> list[dict[str, Any]]:
    length = window.end - window.start
    return [_shade(span, window, theme, localizer) for span in spans if (span.end - span.start) / length >= TOO_NARROW]


def _shade(span: GridSpan, window: Window, theme: Theme, localizer: Localizer) -> dict[str, Any]:
    off = span.state is Grid.OFF
    wide = (span.end - span.start) / (window.end - window.start) >= WIDE_ENOUGH
    text = (localizer("history.outage") if off else localizer("history.unknown_grid")) if wide else ""
    return _box(window.hours(span.start), window.hours(span.end)) | {
        "line": {"width": 0},
        "fillcolor": theme.outage if off else theme.unknown,
        "label": {"text": text, "textposition": "top center", "font": {"size": 11, "color": theme.muted}},
    }


def _plans(outages: Sequence[Outage], window: Window, theme: Theme) -> list[dict[str, Any]]:
    length = window.end - window.start
    known = {(one.plan_start, one.plan_end) for one in outages}
    return [
        _box(window.hours(start), window.hours(end))
        | {"fillcolor": "rgba(0,0,0,0)", "line": {"width": 1.5, "dash": "dot", "color": theme.muted}}
        for start, end in sorted((start, end) for start, end in known if start and end)
        if (end - start) / length >= TOO_NARROW * 10
    ]


def _box(x0: float, x1: float) -> dict[str, Any]:
    return {"type": "rect", "layer": "below", "yref": "paper", "y0": 0, "y1": 1, "x0": x0, "x1": x1}


def _legend(
    shades: list[dict[str, Any]], plans: list[dict[str, Any]], theme: Theme, localizer: Localizer
) -> list[dict[str, Any]]:
    """Traces without points, so that the legend explains the shaded boxes."""
    there = {shade["fillcolor"] for shade in shades}
    looks = [
        (localizer("history.outage"), theme.outage, "square", theme.outage in there),
        (localizer("history.unknown_grid"), theme.unknown, "square", theme.unknown in there),
        (localizer("history.planned"), theme.muted, "square-open-dot", bool(plans)),
    ]
    return [
        {
            "type": "scatter",
            "x": [None],
            "y": [None],
            "mode": "markers",
            "marker": {"symbol": symbol, "size": 12, "color": colour},
            "name": name,
        }
        for name, colour, symbol, needed in looks
        if needed
    ]


def _caption(text: str, theme: Theme) -> dict[str, Any]:
    """The title of the strip, in the gap above it."""
    place = {"xref": "paper", "x": 0, "xanchor": "left", "yref": "paper", "y": 0.205, "yanchor": "bottom"}
    return place | {"text": text, "showarrow": False, "font": {"size": 12, "color": theme.muted}}


def base_layout(theme: Theme, localizer: Localizer) -> dict[str, Any]:
    """Return the layout shared by all charts."""
    return {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": theme.ink},
        "separators": ",\u202f" if localizer.language is Language.UK else ".\u202f",
        "margin": {"l": 50, "r": 10, "t": 44, "b": 30},
        "dragmode": False,
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": theme.paper, "bordercolor": theme.line, "font": {"color": theme.ink}},
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "itemclick": False,
            "itemdoubleclick": False,
            "traceorder": "normal",
        },
    }


def base_axis(theme: Theme) -> dict[str, Any]:
    """Return the properties shared by all axes."""
    return {
        "gridcolor": theme.line,
        "zerolinecolor": theme.muted,
        "fixedrange": True,
        "tickfont": {"color": theme.muted, "size": 11},
    }


def _layout(window: Window, title: str, theme: Theme, localizer: Localizer, *, touch: bool) -> dict[str, Any]:
    """A finger scrolls the page, a mouse selects the range to zoom into."""
    marks = ticks(window, localizer, touch=touch)
    lines = base_axis(theme)
    return base_layout(theme, localizer) | {
        "dragmode": False if touch else "zoom",
        "uirevision": f"{window.start} {window.end}",
        "xaxis": lines
        | {
            "fixedrange": touch,
            "range": window.range,
            "tickvals": [hour for hour, _ in marks],
            "ticktext": [text for _, text in marks],
            "anchor": "y2",
            "zeroline": False,
            "ticks": "outside",
            "ticklen": 7,
            "tickcolor": "rgba(0,0,0,0)",
            "unifiedhovertitle": {"text": title},
            "showspikes": True,
            "spikemode": "across",
            "spikethickness": 1,
            "spikecolor": theme.muted,
        },
        "yaxis": lines
        | {"domain": [0.3, 1], "ticksuffix": localizer("kilowatts", value=""), "zeroline": True, "rangemode": "tozero"},
        "annotations": [_caption(localizer("history.charge"), theme)],
        "yaxis2": lines
        | {"domain": [0, 0.2], "range": [0, 102], "tickvals": [0, 50, 100], "ticktext": ["0 %", "50 %", "100 %"]},
    }
