"""The cells of a battery as bars on an axis zoomed in to their differences, pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

from dash import html

from services.dashboard.markup import attributes
from shared.messages import Balancing, BatteryState
from shared.texts.localizer import Localizer

STEPS_PER_VOLT = 100
"""The axis ends at whole hundredths of a volt, or it would move with every reading."""
MARGIN_V = 0.005
"""The minimum height of the lowest bar."""
MOST_V = 1000.0
"""No cell has more; beyond some 10^15 V hundredths of a volt are too small for a float."""
SIGNS = {"lowest": "▼", "highest": "▲", "balanced": "⇄"}


@dataclass(frozen=True)
class Axis:
    """The voltage range of the bars."""

    low_v: float
    high_v: float

    def height_percent(self, voltage_v: float) -> float:
        """Return how high the bar of a cell is."""
        part = (voltage_v - self.low_v) / (self.high_v - self.low_v)
        return round(100 * min(1.0, max(0.0, part)), 1)


def axis(voltages_v: Sequence[float]) -> Axis:
    """Return an axis on which these voltages can be distinguished."""
    possible = [min(MOST_V, max(-MOST_V, voltage)) for voltage in voltages_v]
    low = floor((min(possible) - MARGIN_V) * STEPS_PER_VOLT) / STEPS_PER_VOLT
    high = ceil((max(possible) + MARGIN_V / 2) * STEPS_PER_VOLT) / STEPS_PER_VOLT
    return Axis(low, high)


def marks(state: BatteryState) -> dict[int, list[str]]:
    """Return the marks of each marked cell, by its number."""
    balanced = {Balancing.CHARGING: state.cell_min_number, Balancing.DISCHARGING: state.cell_max_number}
    at = balanced.get(state.balancing) if state.balancing else None
    found: dict[int, list[str]] = {}
    for number, mark in ((state.cell_min_number, "lowest"), (state.cell_max_number, "highest"), (at, "balanced")):
        if number is not None:
            found.setdefault(number, []).append(mark)
    return found


def cells(state: BatteryState, localizer: Localizer) -> list[Any]:
    """Return the bars, their range, and the exact values below."""
    voltages = state.cell_voltages_v or ()
    known = [voltage for voltage in voltages if voltage is not None]
    if not known:
        return [html.P(localizer("battery.no_cells"), className="hint")]
    scale, marked = axis(known), marks(state)
    return [
        _extremes(state, localizer),
        _chart(voltages, scale, marked, _label(state, len(voltages), localizer), localizer),
        html.P(
            localizer("battery.zoomed", low=_volts(scale.low_v, localizer, 2), high=_volts(scale.high_v, localizer, 2)),
            className="hint",
        ),
        html.Ol(
            [_value(number, state, marked, localizer) for number in range(1, len(voltages) + 1)], className="cells"
        ),
    ]


def _label(state: BatteryState, number: int, localizer: Localizer) -> str:
    lowest, highest = _volts(state.cell_min_v, localizer), _volts(state.cell_max_v, localizer)
    values = f"{lowest} – {highest}, {localizer('battery.apart', delta=spread(state, localizer))}"
    return localizer.count("battery.cells_label", number, values=values)


def spread(state: BatteryState, localizer: Localizer) -> str:
    """Return the cell spread."""
    return localizer.number("millivolts", None if state.cell_delta_v is None else 1000 * state.cell_delta_v)


def _extremes(state: BatteryState, localizer: Localizer) -> html.P:
    ends = (("lowest", state.cell_min_number, state.cell_min_v), ("highest", state.cell_max_number, state.cell_max_v))
    words = [
        html.Span(f"{SIGNS[mark]} {_extreme(mark, number, voltage, localizer)}", className=f"extreme extreme-{mark}")
        for mark, number, voltage in ends
    ]
    return html.P(
        [*words, html.Strong(localizer("battery.apart", delta=spread(state, localizer)))], className="extremes"
    )


def _extreme(mark: str, number: int | None, voltage: float | None, localizer: Localizer) -> str:
    values = f"{localizer(f'battery.{mark}')} {_volts(voltage, localizer)}"
    return values if number is None else localizer("battery.of_cell", values=values, number=number)


def _chart(
    voltages: Sequence[float | None], scale: Axis, marked: dict[int, list[str]], values: str, localizer: Localizer
) -> html.Div:
    ends = [html.Span(_volts(end, localizer, 2)) for end in (scale.high_v, scale.low_v)]
    bars = [_bar(number, voltage, scale, marked.get(number, [])) for number, voltage in enumerate(voltages, 1)]
    return html.Div(
        [html.Div(ends, className="scale"), html.Div(bars, className="bars")],
        className="cell-chart",
        role="img",
        **attributes(aria_label=values),
    )


def _bar(number: int, voltage: float | None, scale: Axis, special: list[str]) -> html.Div:
    height = 100 if voltage is None else scale.height_percent(voltage)
    look = "unknown" if voltage is None else " ".join(special) or "usual"
    sign = html.Span("".join(SIGNS[mark] for mark in special), className="sign")
    fill = html.Div(sign, className="fill", style={"height": f"{height}%"})
    return html.Div(
        [html.Div(fill, className="rail"), html.Span(str(number))], className="cell-bar", **attributes(data_state=look)
    )


def _value(number: int, state: BatteryState, marked: dict[int, list[str]], localizer: Localizer) -> html.Li:
    special = marked.get(number, [])
    resistances = state.cell_resistances_ohm or ()
    ohm = resistances[number - 1] if number <= len(resistances) else None
    inside: list[Any] = [
        html.Span([f"{number} ", *(_sign(mark, localizer) for mark in special)], className="number"),
        html.Span(_volts((state.cell_voltages_v or ())[number - 1], localizer), className="volts"),
    ]
    if ohm is not None:
        inside.append(html.Span(localizer.number("milliohms", 1000 * ohm, 0 if ohm >= 1 else 1), className="ohms"))
    return html.Li(
        inside, title=localizer("battery.cell", number=number), **attributes(data_state=" ".join(special) or "usual")
    )


def _sign(mark: str, localizer: Localizer) -> html.Span:
    return html.Span(
        [
            html.Span(SIGNS[mark], **attributes(aria_hidden="true")),
            html.Span(localizer(f"battery.{mark}"), className="unseen"),
        ]
    )


def _volts(value: float | None, localizer: Localizer, digits: int = 3) -> str:
    return localizer.number("volts", value, digits)
