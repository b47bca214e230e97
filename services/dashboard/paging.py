"""Shows a limited number of devices of a kind at a time, so that no number of them slows down the page. Pure.

A page is cut out of the broker's state before anything is drawn, so every page of the dashboard is limited.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dash import html

from services.dashboard.markup import attributes
from shared.broker_state import BrokerState
from shared.live_figures import ALL
from shared.texts.localizer import Localizer

PARAMETER = "devices"
"""The query parameter that says which page of the devices is shown."""


@dataclass(frozen=True)
class Kind:
    """A kind of device: which fields of the state are keyed by it, and how many are shown at a time."""

    name: str
    fields: tuple[str, ...]
    most: int


KINDS = (
    Kind("inverters", ("inverters", "inverter_infos", "inverter_availability", "inverter_settings"), 24),
    Kind("batteries", ("batteries", "battery_infos", "battery_availability"), 24),
    Kind("plugs", ("plugs", "plug_infos"), 60),
    Kind("services", ("services",), 60),
)


@dataclass(frozen=True)
class Shown:
    """Which devices of a kind are shown, counted from one, and how many there are."""

    kind: str
    first: int
    last: int
    count: int


@dataclass(frozen=True)
class Paged:
    """A part of the state; `shown` are the kinds of which there are more, `number` is this page of `pages`."""

    snapshot: BrokerState
    number: int = 1
    pages: int = 1
    shown: tuple[Shown, ...] = ()

    def of(self, kind: str, names: Sequence[str]) -> list[str]:
        """Return the recorded devices of a kind to show: never more than a page holds."""
        this = next(one for one in KINDS if one.name == kind)
        known = _names(self.snapshot, this)
        is_cut = any(one.kind == kind for one in self.shown)
        return [name for name in names if not is_cut or name in known][: this.most]


def paged(snapshot: BrokerState, number: int) -> Paged:
    """Return a page of the devices, the nearest existing one; everything if no kind has too many."""
    known = {kind: _names(snapshot, kind) for kind in KINDS}
    many = {kind: names for kind, names in known.items() if len(names) > kind.most}
    if not many:
        return Paged(snapshot)
    pages = max(_pages(kind, names) for kind, names in many.items())
    number = min(max(1, number), pages)
    cut: dict[str, Any] = {}
    shown = []
    for kind, names in many.items():
        first = (min(number, _pages(kind, names)) - 1) * kind.most
        kept = sorted(names, key=lambda name: _order(snapshot, kind, name))[first : first + kind.most]
        shown.append(Shown(kind.name, first + 1, first + len(kept), len(names)))
        cut |= {field: _only(getattr(snapshot, field), {*kept, ALL}) for field in kind.fields}
    return Paged(replace(snapshot, **cut), number, pages, tuple(shown))


def _names(snapshot: BrokerState, kind: Kind) -> set[str]:
    return {name for field in kind.fields for name in getattr(snapshot, field)} - {ALL}


def _pages(kind: Kind, names: Iterable[str]) -> int:
    return -(-len(list(names)) // kind.most)


def _order(snapshot: BrokerState, kind: Kind, name: str) -> tuple[str, str]:
    names = {"batteries": snapshot.battery_name, "plugs": snapshot.plug_name}
    return names.get(kind.name, str)(name).casefold(), name


def _only(devices: Any, kept: set[str]) -> dict[str, Any]:
    return {name: value for name, value in devices.items() if name in kept}


def pager(page: Paged, localizer: Localizer) -> list[Any]:
    """Return what is shown, and links to the previous and next page; nothing if everything is shown."""
    if not page.shown:
        return []
    words = [localizer(f"page.some_{one.kind}", first=one.first, last=one.last, count=one.count) for one in page.shown]
    links = [("before", page.number - 1), ("after", page.number + 1)]
    return [
        html.P(" · ".join(words)),
        *(
            html.A(localizer(f"page.devices_{name}"), href=f"?{PARAMETER}={number}", **attributes(rel="nofollow"))
            for name, number in links
            if 1 <= number <= page.pages
        ),
    ]
