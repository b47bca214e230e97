"""The energy of today in a row, pure: from the sun, from and into the grid, used."""

from collections.abc import Mapping
from typing import Any

from dash import html

from shared.texts.localizer import Localizer

NAMES = ("pv_kwh", "grid_in_kwh", "grid_out_kwh", "load_kwh")
LEAST_KWH = 0.05
"""Less reads as 0.0 kWh: a home that feeds nothing into the grid has no such figure."""
ENOUGH = 0.9
"""Where less of the day is recorded, the figures are those of a part of it, and that is said."""
OPTIONAL = ("pv_kwh", "grid_out_kwh")


def energy_today(kwh: Mapping[str, float | None], share: float, localizer: Localizer) -> list[Any]:
    """Return what is known about today; share is the part of the day so far for which anything is known."""
    known = {name: value for name in NAMES if (value := kwh.get(name)) is not None}
    shown = {name: value for name, value in known.items() if value >= LEAST_KWH or name not in OPTIONAL}
    if not shown:
        return []
    pairs = [
        html.Div(
            [
                html.Dt(localizer(f"today.{name.removesuffix('_kwh')}")),
                html.Dd(localizer.number("kilowatt_hours", value, 1)),
            ],
            className=f"today-{name.removesuffix('_kwh')}",
        )
        for name, value in shown.items()
    ]
    title = localizer("today.title" if share >= ENOUGH else "today.in_part")
    return [html.H3(title), html.Dl(pairs)]
