"""The page *History*: what was recorded in a period, finer where it is zoomed into, and as a file."""

from datetime import UTC, datetime
from typing import Any

from dash import Input, Output, State, dcc, html, no_update
from flask import Flask, Response, abort, request, stream_with_context

from services.dashboard.history import bars, download, figures, parts, read
from services.dashboard.history.energy import UNKNOWN
from services.dashboard.history.figures import Drawing
from services.dashboard.history.periods import DOWNLOAD, Period, asked_for
from services.dashboard.history.read import Energy
from services.dashboard.history.table import table
from services.dashboard.history.windows import whole, zoomed
from services.dashboard.look import CONFIG, THEMES, Theme
from services.dashboard.markup import attributes
from services.dashboard.pages import Look, Page, Site, View
from services.dashboard.wording import Clock
from shared.broker_state import BrokerState
from shared.errors import StorageError
from shared.history.queries import latest
from shared.history.reports import first_day

ZOOMED = CONFIG | {"doubleClick": "autosize", "doubleClickDelay": 500, "showTips": False}

RANGE = """told => {
  if (told?.['xaxis.autorange']) return [];
  const range = [told?.['xaxis.range[0]'], told?.['xaxis.range[1]']];
  return range.includes(undefined) ? window.dash_clientside.no_update : range;
}"""
"""Of all that plotly tells about its layout, only what was zoomed into; an empty range is everything again."""

TAPPED = """tapped => {
  const address = tapped?.points.map(one => one.customdata).find(one => one?.startsWith?.('?'));
  return address ?? window.dash_clientside.no_update;
}"""
"""The time that a bar of energy stands for."""


def layout(clock: Clock) -> html.Div:
    """Return where the recorded goes."""
    place = html.Div(html.P(clock("page.loading"), className="loading"), id="history-recorded", className="recorded")
    return html.Div([dcc.Store(id="history-range"), place])


def view(_snapshot: BrokerState, _clock: Clock) -> View:
    """Return nothing: what was recorded does not change under the eye."""
    return View()


def recorded(site: Site, clock: Clock, look: Look) -> list[Any]:
    """Return the period that is asked for, with a sentence instead of a chart where there is nothing to draw."""
    period = asked_for(look.search, clock.today)
    try:
        return _content(site, period, clock, THEMES[look.scheme])
    except StorageError as error:
        return [parts.controls(period, None, clock), parts.says(str(error))]


def _content(site: Site, period: Period, clock: Clock, theme: Theme) -> list[Any]:
    seen = latest(site.engine)
    if not seen:
        return [parts.controls(period, None, clock), parts.says(clock("history.nothing_yet"))]
    name = period.inverter if period.inverter in seen else next(iter(seen))
    top: list[Any] = [parts.controls(period, first_day(site.engine, name, clock.zone), clock)]
    if len(seen) > 1:
        top.append(parts.inverters(period, list(seen), name, clock))
    drawing = read.drawing(site.engine, name, whole(period, clock.zone), clock.now)
    energy = read.energy_of(site.engine, name, period, site.settings.tariff, clock)
    if drawing.flows.empty and energy.total == UNKNOWN:
        return [*top, parts.says(clock("history.nothing_here", last=clock.since(seen[name])))]
    return [
        *top,
        _chart(drawing, period, clock, theme),
        parts.summary(drawing.spans, clock),
        *_energy(site, energy, period, clock, theme),
        html.Div(parts.download(period, name, clock), className="tail"),
    ]


def _chart(drawing: Drawing, period: Period, clock: Clock, theme: Theme) -> html.Section:
    figure = figures.history(drawing, period.title(clock), clock, theme=theme, touch=_touch())
    graph = dcc.Graph(id="chart", figure=figure, config=ZOOMED, responsive=True, className="chart")
    label = clock("history.chart", period=period.title(clock))
    hint = html.P(clock("history.zoom"), className="hint for-mouse")
    return html.Section(
        [html.H2(clock("history.power")), html.Div(graph, role="img", **attributes(aria_label=label)), hint],
        className="card drawn",
    )


def _touch() -> bool:
    """Return whether the page is under a finger, as assets/history.js noted in a cookie."""
    return request.cookies.get("pointer") == "coarse"


def _energy(site: Site, energy: Energy, period: Period, clock: Clock, theme: Theme) -> list[Any]:
    title = html.H2(clock("history.in_kwh"))
    if energy.total == UNKNOWN:
        return [html.Section([title, html.P(clock("history.no_energy_yet"))], className="card")]
    tariff = site.settings.tariff
    sums = parts.totals(energy.total, energy.before, clock) + parts.shares(energy.total, energy.cost, tariff, clock)
    notes = [clock("history.no_tariff")] if tariff is None else []
    if energy.before != UNKNOWN:
        notes.insert(0, parts.against(period, clock))
    if energy.due:
        notes.insert(0, clock("history.due", at=clock.since(energy.due)))
    figure = bars.bars(energy.pieces, clock, theme=theme)
    graph = dcc.Graph(id="energy", figure=figure, config=CONFIG, responsive=True, className="bars")
    label = clock("history.bars", period=period.title(clock))
    card = [
        title,
        html.Dl(sums, className="sums"),
        *(html.P(note, className="hint") for note in notes),
        html.Div(graph, role="img", **attributes(aria_label=label)),
    ]
    return [
        html.Section(card, className="card"),
        table(energy.pieces, energy.total, energy.cost, tariff, clock),
    ]


def callbacks(app: Any, site: Site) -> None:
    """Read finer what is zoomed into; a bar leads to the time it stands for."""

    def zoom(hours: Any, search: Any, scheme: Any) -> Any:
        clock, look = site.clock(), Look.of(search, scheme)
        period = asked_for(look.search, clock.today)
        window = zoomed(hours, period, clock.zone)
        if window is None:
            return no_update
        try:
            seen = latest(site.engine)
            name = period.inverter if period.inverter in seen else next(iter(seen), "")
            drawing = read.drawing(site.engine, name, window, clock.now)
        except StorageError:
            return no_update
        return figures.history(drawing, period.title(clock), clock, theme=THEMES[look.scheme], touch=_touch())

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


def routes(server: Flask, site: Site) -> None:
    """Serve a period as a file."""

    @server.get(DOWNLOAD)
    def history_csv() -> Response:
        clock = site.clock()
        period = asked_for(request.query_string.decode(), clock.today)
        try:
            seen = latest(site.engine)
        except StorageError as error:
            abort(Response(str(error), 503, mimetype="text/plain"))
        name = period.inverter or next(iter(seen), "")
        if name not in seen:
            abort(Response(clock("history.nothing_yet"), 404, mimetype="text/plain"))
        lines = download.lines(site.engine, name, period, zone=clock.zone, now=datetime.now(UTC))
        answer = Response(stream_with_context(lines), mimetype="text/csv")
        answer.headers["Content-Disposition"] = f'attachment; filename="{download.file_name(period)}"'
        return answer


PAGE = Page("history", "chart", layout, view, recorded=recorded, routes=routes, callbacks=callbacks)
