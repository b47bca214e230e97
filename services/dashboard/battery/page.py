"""The page of the battery packs and their cells: its layout and what is read of the history."""

from typing import Any

from dash import dcc, html

from services.dashboard.battery.cell_spread_chart import figure, spreads
from services.dashboard.battery.view import view
from services.dashboard.chart_theme import CONFIG, THEMES
from services.dashboard.markup import attributes, icon, part, text
from services.dashboard.pages import Page, PageContext, ViewOptions
from services.dashboard.shown_devices import shown_devices
from shared.errors import StorageError
from shared.texts.localizer import Localizer


def layout(localizer: Localizer) -> list[Any]:
    """Return the page; its cards come from /live."""
    return [
        html.H1(localizer("page.battery"), className="title"),
        html.Section(
            [icon("battery"), html.H2(localizer("battery.empty_title")), text("battery-empty", html.P)],
            className="card empty if-empty",
        ),
        html.Div([part("battery-all"), part("battery-packs", className="packs")], className="if-readings"),
    ]


def charts(_localizer: Localizer) -> html.Div:
    """Return the place of the trend."""
    return html.Div(id="battery-recorded", className="recorded")


def recorded(context: PageContext, localizer: Localizer, options: ViewOptions) -> list[Any]:
    """Return how the spread of the cells went; nothing if there is no battery at all."""
    try:
        found = spreads(context.engine, localizer.now, shown_devices(context))
    except StorageError as error:
        return [_card(localizer, html.P(localizer.reason(error.reason), className="hint"))]
    infos = context.snapshot().battery_infos
    if not found:
        return [_card(localizer, html.P(localizer("battery.trend_none"), className="hint"))] if infos else []
    names = {device: info.name or device for device, info in infos.items()}
    theme = THEMES[options.scheme]
    chart = dcc.Graph(
        id="battery-trend",
        figure=figure(found, names, localizer, theme),
        config=CONFIG,
        responsive=True,
    )
    return [
        _card(
            localizer,
            html.Div(chart, className="trend", role="img", **attributes(aria_label=localizer("battery.trend"))),
        )
    ]


def _card(localizer: Localizer, inside: Any) -> html.Section:
    return html.Section([html.H2(localizer("battery.trend")), inside], className="card")


PAGE = Page("battery", "battery", layout, view, recorded=recorded, charts=charts)
