"""Where the energy of a period came from and went to, so that both add up, pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.dashboard.history.energy import BATTERY_IN, BATTERY_OUT, GRID_IN, GRID_OUT, LOAD, SUN, Kwh
from shared.texts.localizer import Localizer

SOURCES = {SUN: "sun", GRID_IN: "grid", BATTERY_OUT: "battery"}
SINKS = {LOAD: "home", BATTERY_IN: "battery", GRID_OUT: "grid"}
LOST, MISSING = "lost", "missing"
NOTHING_KWH = 0.005
"""Less reads as 0.00 kWh."""


@dataclass(frozen=True)
class Balance:
    """Energy in kWh by where it came from and went to; both sums are equal.

    What the inverter used itself and lost is among the sinks as `lost`. Where less came than went, which meters and
    gaps in the readings can do, the difference is among the sources as `missing`.
    """

    sources: Mapping[str, float]
    sinks: Mapping[str, float]

    @property
    def total(self) -> float:
        """The energy that came, which is the energy that went."""
        return sum(self.sources.values())


def balance(kwh: Kwh) -> Balance | None:
    """Return the balance of a period; None if a part of it is unknown."""
    sources, sinks = ({name: value for name in side if (value := kwh[name]) is not None} for side in (SOURCES, SINKS))
    if len(sources) < len(SOURCES) or len(sinks) < len(SINKS):
        return None
    rest = sum(sources.values()) - sum(sinks.values())
    if rest >= 0:
        return Balance(sources, sinks | {LOST: rest})
    return Balance(sources | {MISSING: -rest}, sinks)


def balance_trees(found: Balance, localizer: Localizer) -> list[Any]:
    """Return two bars of the same length with their parts in words below, as trees for assets/live.js."""
    sides = [("came", found.sources, SOURCES), ("went", found.sinks, SINKS)]
    return [tree for side, parts, looks in sides for tree in _side(side, parts, looks, found.total, localizer)]


def _side(
    side: str, parts: Mapping[str, float], looks: Mapping[str, str], total: float, localizer: Localizer
) -> list[Any]:
    shown = {name: value for name, value in parts.items() if value >= NOTHING_KWH}
    bar = [
        ["span", {"className": f"part part-{looks.get(name, name)}", "style": {"width": f"{value / total:.2%}"}}, []]
        for name, value in shown.items()
    ]
    lines = [
        [
            "li",
            {},
            [
                ["span", {"className": f"key part-{looks.get(name, name)}"}, []],
                ["span", {}, [_name(name, localizer)]],
                ["strong", {}, [localizer.number("kilowatt_hours", value, 2)]],
                ["span", {"className": "share"}, [localizer.number("percent", value / total * 100)]],
            ],
        ]
        for name, value in shown.items()
    ]
    return [
        ["h3", {}, [localizer(f"history.{side}", energy=localizer.number("kilowatt_hours", total, 2))]],
        ["div", {"className": "balance", "aria-hidden": "true"}, bar],
        ["ul", {"className": "balance-parts"}, lines],
    ]


def _name(name: str, localizer: Localizer) -> str:
    own = name in (LOST, MISSING)
    return localizer(f"history.{name}") if own else localizer(f"history.{name.removesuffix('_kwh')}_w")
