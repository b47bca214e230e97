"""The chart of energy as a plain dictionary, pure."""

from collections.abc import Sequence
from typing import Any

from services.dashboard.chart_theme import Theme
from services.dashboard.history.energy import BATTERY_IN, BATTERY_OUT, GRID_IN, GRID_OUT, LOAD, SUN, Piece
from services.dashboard.history.power_chart import SOFT, SOLID, base_axis, base_layout, hover_boxes
from shared.texts.localizer import Localizer

LABELS = 7
"""Labels that fit below the bars on a phone."""
CROWD = 14
WIDTH_PX = (14, 7)
"""The width of the consumption mark: for few bars, and for more than CROWD."""


def energy_chart(pieces: Sequence[Piece], localizer: Localizer, *, theme: Theme) -> dict[str, Any]:
    """Return a bar for each piece: sources above zero, battery charging and export below."""
    looks = [
        (SUN, 1, f"{theme.sun}{SOLID}"),
        (GRID_IN, 1, f"{theme.grid}{SOLID}"),
        (BATTERY_OUT, 1, f"{theme.battery}{SOLID}"),
        (BATTERY_IN, -1, f"{theme.battery}{SOFT}"),
        (GRID_OUT, -1, f"{theme.grid}{SOFT}"),
    ]
    links = [f"?{piece.period.query}" if piece.period else "" for piece in pieces]
    shown = [
        _bars(name, sign, colour, pieces, localizer) | {"customdata": links}
        for name, sign, colour in looks
        if _any(name, pieces)
    ]
    return {
        "data": [*shown, _load(pieces, theme, localizer), _hover(pieces, theme, localizer)],
        "layout": _layout(pieces, theme, localizer),
    }


def _any(name: str, pieces: Sequence[Piece]) -> bool:
    return any(piece.kwh[name] for piece in pieces)


def _bars(name: str, sign: int, colour: str, pieces: Sequence[Piece], localizer: Localizer) -> dict[str, Any]:
    return {
        "type": "bar",
        "name": localizer(f"history.{name.removesuffix('_kwh')}_w"),
        "x": list(range(len(pieces))),
        "y": [_signed(piece.kwh[name], sign) for piece in pieces],
        "marker": {"color": colour, "line": {"width": 0}},
        "hoverinfo": "none",
    }


def _signed(value: float | None, sign: int = 1) -> float | None:
    return None if value is None else round(sign * value, 3)


def _load(pieces: Sequence[Piece], theme: Theme, localizer: Localizer) -> dict[str, Any]:
    """Consumption as a short mark across each bar."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": localizer("history.load"),
        "x": list(range(len(pieces))),
        "y": [_signed(piece.kwh[LOAD]) for piece in pieces],
        "marker": {
            "symbol": "line-ew",
            "size": WIDTH_PX[len(pieces) > CROWD],
            "line": {"width": 2.5, "color": theme.ink},
        },
        "hoverinfo": "skip",
    }


def _hover(pieces: Sequence[Piece], theme: Theme, localizer: Localizer) -> dict[str, Any]:
    marks = {
        SUN: (theme.sun, localizer("history.pv_w")),
        GRID_IN: (theme.grid, localizer("history.grid_in_w")),
        GRID_OUT: (theme.grid, localizer("history.grid_out_w")),
        BATTERY_OUT: (theme.battery, localizer("history.battery_out_w")),
        BATTERY_IN: (theme.battery, localizer("history.battery_in_w")),
        LOAD: (theme.ink, localizer("history.load")),
    }
    shown = [name for name in marks if _any(name, pieces)]
    columns = [[localizer.number("kilowatt_hours", piece.kwh[name], 2) for piece in pieces] for name in shown]
    labels = [piece.label for piece in pieces]
    return hover_boxes(list(range(len(pieces))), [labels, *columns], [marks[name] for name in shown])


def _layout(pieces: Sequence[Piece], theme: Theme, localizer: Localizer) -> dict[str, Any]:
    every = -(-len(pieces) // LABELS)
    marks = range(0, len(pieces), every)
    lines = base_axis(theme)
    return base_layout(theme, localizer) | {
        "barmode": "relative",
        "bargap": 0.25,
        "xaxis": lines
        | {
            "range": [-0.6, len(pieces) - 0.4],
            "tickvals": list(marks),
            "ticktext": [pieces[index].short for index in marks],
            "showgrid": False,
            "zeroline": False,
            "unifiedhovertitle": {"text": localizer("history.energy")},
        },
        "yaxis": lines | {"zeroline": True, "rangemode": "tozero"},
    }
