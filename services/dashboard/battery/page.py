"""The page of the battery packs and their cells: its layout and what is read of the history."""

from typing import Any

from dash import dcc, html

from services.dashboard.battery.trend import figure, spreads
from services.dashboard.battery.view import view
from services.dashboard.look import CONFIG, THEMES
from services.dashboard.markup import attributes, icon, part, text
from services.dashboard.pages import Look, Page, Site
from services.dashboard.wording import Clock
from shared.errors import StorageError


def layout(clock: Clock) -> list[Any]:
    """Return the page; its cards come from /live."""
    return [
        html.H1(clock("page.battery"), className="title"),
        html.Section(
            [icon("battery"), html.H2(clock("battery.empty_title")), text("battery-empty", html.P)],
            className="card empty if-empty",
        ),
        html.Div([part("battery-all"), part("battery-packs", className="packs")], className="if-readings"),
        html.Div(id="battery-recorded", className="recorded"),
    ]


def recorded(site: Site, clock: Clock, look: Look) -> list[Any]:
    """Return how the spread of the cells went; nothing where there is no battery at all."""
    try:
        found = spreads(site.engine, clock.now)
    except StorageError as error:
        return [_card(clock, html.P(str(error), className="hint"))]
    infos = site.snapshot().battery_infos
    if not found:
        return [_card(clock, html.P(clock("battery.trend_none"), className="hint"))] if infos else []
    names = {device: info.name or device for device, info in infos.items()}
    theme = THEMES[look.scheme]
    chart = dcc.Graph(
        id="battery-trend",
        figure=figure(found, names, clock, theme),
        config=CONFIG,
        responsive=True,
    )
    return [
        _card(clock, html.Div(chart, className="trend", role="img", **attributes(aria_label=clock("battery.trend"))))
    ]


def _card(clock: Clock, inside: Any) -> html.Section:
    return html.Section([html.H2(clock("battery.trend")), inside], className="card")


PAGE = Page("battery", "battery", layout, view, recorded=recorded, renews=True)
