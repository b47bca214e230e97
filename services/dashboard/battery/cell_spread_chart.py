"""The cell spread of each battery over the last week: read from the history, and its chart."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from services.dashboard.chart_theme import FONT, Theme
from services.dashboard.paging import Paged
from shared.history.derived import BATTERIES
from shared.history.engine import Engine
from shared.history.queries import Series, devices, series
from shared.live_figures import ALL
from shared.texts.localizer import Localizer

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
BUCKETS = 7 * 24
FIELD = "cell_delta_v"
DASHES = ("solid", "dash", "dot", "dashdot")


def spreads(engine: Engine, now: datetime, shown: Paged) -> dict[str, Series]:
    """Return the hourly spread of each battery that has one; where there are very many, of those that are shown."""
    until = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    found = {
        name: series(
            engine, name, [FIELD], start=until - WEEK, end=until, buckets=BUCKETS, source=BATTERIES, highs=True
        )
        for name in shown.of("batteries", [name for name in devices(engine, BATTERIES) if name != ALL])
    }
    return {name: one for name, one in found.items() if not one.empty}


def figure(found: Mapping[str, Series], names: Mapping[str, str], localizer: Localizer, theme: Theme) -> dict[str, Any]:
    """Return a line for each battery, distinguished by colour and dashes."""
    colours = (theme.battery, theme.grid, theme.sun, theme.ink)
    traces = [
        _line(one, names.get(device, device), localizer)
        | {"line": {"color": colours[index % 4], "dash": DASHES[index % 4], "width": 1.8}}
        for index, (device, one) in enumerate(found.items())
    ]
    axis = {"gridcolor": theme.line, "fixedrange": True, "tickfont": {"color": theme.muted}, "zeroline": False}
    ticks = _midnights(next(iter(found.values())), localizer)
    return {
        "data": traces,
        "layout": {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, "size": 12, "color": theme.ink},
            "margin": {"l": 54, "r": 10, "t": 10, "b": 30},
            "dragmode": False,
            "hovermode": "closest",
            "showlegend": len(found) > 1,
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemclick": False},
            "xaxis": axis | {"range": [0, BUCKETS], "tickvals": list(ticks), "ticktext": list(ticks.values())},
            "yaxis": axis | {"rangemode": "tozero", "ticksuffix": localizer("millivolts", value="")},
        },
    }


def _line(one: Series, name: str, localizer: Localizer) -> dict[str, Any]:
    means, highs = (_millivolts(column[FIELD]) for column in (one.values, one.high))
    hover_texts = [
        f"{localizer.since(at)}<br>{_hover_text(name, mean, most, localizer)}"
        for at, mean, most in zip(one.moments, means, highs, strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "marker": {"size": 3},
        "connectgaps": False,
        "name": _short(name),
        "x": [round((at - one.start) / HOUR, 2) for at in one.moments],
        "y": means,
        "customdata": hover_texts,
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _hover_text(name: str, mean: float | None, most: float | None, localizer: Localizer) -> str:
    return localizer(
        "battery.trend_label",
        name=_short(name),
        mean=localizer.number("millivolts", mean),
        most=localizer.number("millivolts", most),
    )


def _short(name: str) -> str:
    """A name that plotly can show: short, and without tags."""
    plain = name.replace("<", "‹").replace(">", "›")
    return plain if len(plain) <= 24 else f"{plain[:23]}…"


def _millivolts(values: Any) -> list[float | None]:
    return [None if value is None else round(1000 * value, 1) for value in values]


def _midnights(one: Series, localizer: Localizer) -> dict[float, str]:
    """The start of each day in hours since the first one, with its name."""
    days = sorted({at.astimezone(localizer.zone).date() for at in one.moments})[1:]
    begins = {day: datetime.combine(day, time(), localizer.zone).astimezone(UTC) for day in days}
    return {(at - one.start) / HOUR: localizer.weekday(day) for day, at in begins.items()}
