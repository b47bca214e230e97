"""The page of the battery packs and their cells: its layout."""

from typing import Any

from dash import html

from services.dashboard.live import Snapshot
from services.dashboard.pages import Page, View
from services.dashboard.wording import Clock


def layout(clock: Clock) -> list[Any]:
    """Return the page."""
    return [html.H1(clock("page.battery"))]


def view(snapshot: Snapshot, _clock: Clock) -> View:
    """Return what the page shows now."""
    return View(missing=not snapshot.connected)


PAGE = Page("battery", "battery", layout, view)
