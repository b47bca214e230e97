"""The page *History*: power, outages and energy of a period; zooming in loads finer data."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from dash import Input, Output, State, dcc, html, no_update
from flask import request

from services.dashboard.chart_theme import CONFIG, THEMES, Theme
from services.dashboard.history import csv_export
from services.dashboard.history.controls import controls, inverters
from services.dashboard.history.energy import UNKNOWN, read_energy
from services.dashboard.history.energy_card import energy_cards
from services.dashboard.history.period import Period, period_of_query
from services.dashboard.history.power import PowerHistory, read_power
from services.dashboard.history.power_chart import power_chart
from services.dashboard.history.time_axis import whole, zoomed
from services.dashboard.markup import attributes, icon
from services.dashboard.pages import Page, PageContext, View, ViewOptions
from shared.broker_state import BrokerState
from shared.errors import StorageError
from shared.freshness import READING_HOLDS
from shared.history.queries import GridSpan, latest
from shared.history.reports import first_day
from shared.messages import Grid
from shared.texts.localizer import Localizer

ZOOMED = CONFIG | {"doubleClick": "autosize", "doubleClickDelay": 500, "showTips": False}

RANGE = """relayout => {
  if (relayout?.['xaxis.autorange']) return [];
  const range = [relayout?.['xaxis.range[0]'], relayout?.['xaxis.range[1]']];
  return range.includes(undefined) ? window.dash_clientside.no_update : range;
}"""
"""From plotly's layout events, the range that was zoomed into; an empty range means zoomed out."""

TAPPED = """tapped => {
  const address = tapped?.points.map(one => one.customdata).find(one => one?.startsWith?.('?'));
  return address ?? window.dash_clientside.no_update;
}"""
"""The period that the clicked bar stands for."""


def layout(localizer: Localizer) -> html.Div:
    """Return the placeholder for the recorded content."""
    place = html.Div(
        html.P(localizer("page.loading"), className="loading"), id="history-recorded", className="recorded"
    )
    return html.Div([dcc.Store(id="history-range"), place])


def view(_snapshot: BrokerState, _localizer: Localizer, _fresh_for: timedelta = READING_HOLDS) -> View:
    """Return an empty view: there is nothing live on this page."""
    return View()


def recorded(context: PageContext, localizer: Localizer, options: ViewOptions) -> list[Any]:
    """Return the requested period, or a message where there is nothing to draw."""
    period = period_of_query(options.search, localizer.today)
    try:
        return _content(context, period, localizer, THEMES[options.scheme])
    except StorageError as error:
        return [controls(period, None, localizer), _message(localizer.reason(error.reason))]


def _content(context: PageContext, period: Period, localizer: Localizer, theme: Theme) -> list[Any]:
    seen = latest(context.engine)
    if not seen:
        return [controls(period, None, localizer), _message(localizer("history.nothing_yet"))]
    name = period.inverter if period.inverter in seen else next(iter(seen))
    top: list[Any] = [controls(period, first_day(context.engine, name, localizer.zone), localizer)]
    if len(seen) > 1:
        top.append(inverters(period, list(seen), name, localizer))
    power = read_power(context.engine, name, whole(period, localizer.zone), localizer.now)
    energy = read_energy(context.engine, name, period, context.settings.tariff, localizer)
    if power.flows.empty and energy.total == UNKNOWN:
        return [*top, _message(localizer("history.nothing_here", last=localizer.since(seen[name])))]
    return [
        *top,
        _chart(power, period, localizer, theme),
        _outage_summary(power.spans, localizer),
        *energy_cards(energy, period, context.settings.tariff, localizer, theme),
        html.Div(csv_export.download_link(period, name, localizer), className="tail"),
    ]


def _chart(power: PowerHistory, period: Period, localizer: Localizer, theme: Theme) -> html.Section:
    figure = power_chart(power, period.title(localizer), localizer, theme=theme, touch=_touch())
    graph = dcc.Graph(id="chart", figure=figure, config=ZOOMED, responsive=True, className="chart")
    label = localizer("history.chart", period=period.title(localizer))
    hint = html.P(localizer("history.zoom"), className="hint for-mouse")
    return html.Section(
        [html.H2(localizer("history.power")), html.Div(graph, role="img", **attributes(aria_label=label)), hint],
        className="card drawn",
    )


def _touch() -> bool:
    """Return whether the visitor uses a touch screen, from the cookie that assets/history.js sets."""
    return request.cookies.get("pointer") == "coarse"


def _message(sentence: str) -> html.Section:
    """Return a message where there is nothing to draw."""
    return html.Section([icon("chart"), html.P(sentence)], className="card empty")


def _outage_summary(spans: Sequence[GridSpan], localizer: Localizer) -> html.Section:
    """Return how long the power was out, and for how long that is unknown."""
    off, unknown = (_length(spans, state) for state in (Grid.OFF, Grid.UNKNOWN))
    count = sum(span.state is Grid.OFF for span in spans)
    lost = localizer.count("history.outages", count, duration=localizer.lasted(off))
    lines = [lost if count else localizer("history.no_outage")]
    if unknown:
        lines.append(localizer("history.nobody_knew", duration=localizer.lasted(unknown)))
    first = html.P([icon("grid-off" if count else "grid"), html.Span(lines[0])])
    return html.Section([first, *map(html.P, lines[1:])], className="card summary")


def _length(spans: Sequence[GridSpan], state: Grid) -> timedelta:
    return sum((span.end - span.start for span in spans if span.state is state), timedelta())


def callbacks(app: Any, context: PageContext) -> None:
    """Load finer data when zooming in; a click on a bar opens its period."""

    def zoom(hours: Any, search: Any, scheme: Any) -> Any:
        localizer, options = context.calendar(), ViewOptions.of(search, scheme)
        period = period_of_query(options.search, localizer.today)
        window = zoomed(hours, period, localizer.zone)
        if window is None:
            return no_update
        try:
            seen = latest(context.engine)
            name = period.inverter if period.inverter in seen else next(iter(seen), "")
            power = read_power(context.engine, name, window, localizer.now)
        except StorageError:
            return no_update
        return power_chart(power, period.title(localizer), localizer, theme=THEMES[options.scheme], touch=_touch())

    app.clientside_callback(
        RANGE, Output("history-range", "data"), Input("chart", "relayoutData"), prevent_initial_call=True
    )
    app.callback(
        Output("chart", "figure"),
        Input("history-range", "data"),
        State("url", "search"),
        State("look", "data"),
        prevent_initial_call=True,
    )(zoom)
    app.clientside_callback(TAPPED, Output("url", "search"), Input("energy", "clickData"), prevent_initial_call=True)


PAGE = Page("history", "chart", layout, view, recorded=recorded, routes=csv_export.routes, callbacks=callbacks)
