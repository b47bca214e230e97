"""The page *History*: power, outages and energy of a period; zooming in loads finer data.

The browser fetches all of it from one address (assets/history.js), because a callback of Dash would serialize and
compress the same answer again each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dash import ClientsideFunction, Input, Output, dcc, html
from flask import Flask, Response, request

from services.dashboard.access import is_guest
from services.dashboard.chart_theme import CONFIG, THEMES, Theme
from services.dashboard.history import csv_export
from services.dashboard.history.answers import Answer, AnswerCache, encoded
from services.dashboard.history.controls import controls, inverters
from services.dashboard.history.energy import UNKNOWN, previous, read_energy
from services.dashboard.history.energy_card import energy_cards
from services.dashboard.history.period import Period, period_of_query
from services.dashboard.history.power import PowerHistory, read_power
from services.dashboard.history.power_chart import power_chart
from services.dashboard.history.time_axis import whole, zoomed
from services.dashboard.markup import attributes, icon
from services.dashboard.pages import Page, PageContext, View, ViewOptions, nothing
from services.dashboard.tariff import Tariff
from shared.broker_state import BrokerState
from shared.errors import StorageError
from shared.freshness import READING_HOLDS
from shared.history import reports
from shared.history.house import Device
from shared.history.queries import GridSpan, Session, recorded_devices
from shared.messages import Grid
from shared.texts.localizer import Localizer

ADDRESS = "/history.json"
ZOOMED = CONFIG | {"doubleClick": "autosize", "doubleClickDelay": 500, "showTips": False}


def charts(localizer: Localizer) -> html.Div:
    """Return the place of what is recorded."""
    place = html.Div(
        html.P(localizer("page.loading"), className="loading"), id="history-recorded", className="recorded"
    )
    return html.Div([dcc.Store(id="history-range"), place])


def view(_snapshot: BrokerState, _localizer: Localizer, _fresh_for: timedelta = READING_HOLDS) -> View:
    """Return an empty view: there is nothing live on this page."""
    return View()


def routes(server: Flask, context: PageContext) -> None:
    """Serve what is recorded of a period, as components or as a file."""
    cache = AnswerCache()

    @server.get(ADDRESS)
    def history_json() -> Response:
        localizer = context.calendar()
        options = ViewOptions.of(request.query_string.decode(errors="replace"), request.args.get("look"))
        period = period_of_query(options.search, localizer.today)
        try:
            with Session(context.engine) as session:
                return encoded(_answer(session, context, cache, period, _Reader(localizer, options.scheme)))
        except StorageError as error:
            top = controls(period, None, localizer)
            return encoded(Answer([top, _message(localizer.reason(error.reason))]))

    csv_export.routes(server, context)


@dataclass(frozen=True)
class _Reader:
    """Who reads the page: the language, the colours, and whether with a finger."""

    localizer: Localizer
    scheme: str

    @property
    def theme(self) -> Theme:
        """The colours of the charts."""
        return THEMES[self.scheme]

    @property
    def touch(self) -> bool:
        """Whether the visitor uses a touch screen, from the cookie that assets/history.js sets."""
        return request.cookies.get("pointer") == "coarse"

    @property
    def guest(self) -> bool:
        """Whether the visitor is a guest, who downloads nothing."""
        return is_guest()

    @property
    def key(self) -> tuple[Any, ...]:
        """What an answer depends on besides the data."""
        return self.localizer.language, self.localizer.today, self.scheme, self.touch, self.guest


def _answer(session: Session, context: PageContext, cache: AnswerCache, period: Period, reader: _Reader) -> Answer:
    """Return the requested period, or the chart between two of its hours, or a message if there is nothing."""
    devices = {device.name: device for device in recorded_devices(session)}
    if not devices:
        nothing = reader.localizer("history.nothing_yet")
        return Answer([controls(period, None, reader.localizer), _message(nothing)])
    device = devices.get(period.inverter) or next(iter(devices.values()))
    hours = request.args.getlist("hour")
    if hours:
        return Answer(_zoomed(session, device, period, hours, reader))
    key = (period, *devices, device.name, device.first, *reader.key)
    version = _version(session, device, period, reader.localizer)

    def top() -> list[Any]:
        return _top(device, list(devices), period, reader.localizer)

    def make() -> list[Any]:
        content = _content(session, device, period, context.settings.tariff, reader, is_settled=version is not None)
        return content and [*top(), *content]

    known = cache.answer(key, version, make)
    if known.content:
        return known
    nothing = reader.localizer("history.nothing_here", last=reader.localizer.since(device.last))
    return Answer([*top(), _message(nothing)])


def _version(session: Session, device: Device, period: Period, localizer: Localizer) -> tuple[int, ...] | None:
    """Return the version of what is shown of a period that is over, with the one before; None of one that is not."""
    end = period.bounds(localizer.zone)[1]
    if end > localizer.now:
        return None
    start = previous(period, localizer.now, localizer.zone)[0]
    return reports.version(session, device.name, start=start, end=end)


def _top(device: Device, names: Sequence[str], period: Period, localizer: Localizer) -> list[Any]:
    top: list[Any] = [controls(period, device.first.astimezone(localizer.zone).date(), localizer)]
    return [*top, inverters(period, names, device.name, localizer)] if len(names) > 1 else top


def _content(
    session: Session, device: Device, period: Period, tariff: Tariff | None, reader: _Reader, *, is_settled: bool
) -> list[Any]:
    """Return the cards of a period, none if nothing was recorded; of a settled one everything is summed up."""
    localizer = reader.localizer
    power = read_power(session, device.name, whole(period, localizer.zone))
    energy = read_energy(session, device.name, period, tariff, localizer, is_settled=is_settled)
    if power.flows.empty and energy.total == UNKNOWN:
        return []
    return [
        _chart(power, period, reader),
        _outage_summary(power.spans, localizer),
        *energy_cards(energy, period, tariff, localizer, reader.theme),
        *([] if reader.guest else [_download(period, device, localizer)]),
    ]


def _download(period: Period, device: Device, localizer: Localizer) -> html.Div:
    return html.Div(csv_export.download_link(period, device.name, localizer), className="tail")


def _zoomed(session: Session, device: Device, period: Period, hours: Sequence[str], reader: _Reader) -> dict[str, Any]:
    """Return the chart of a window, of the whole period where its hours make no sense."""
    zone = reader.localizer.zone
    power = read_power(session, device.name, zoomed(hours, period, zone) or whole(period, zone))
    return _figure(power, period, reader)


def _figure(power: PowerHistory, period: Period, reader: _Reader) -> dict[str, Any]:
    title = period.title(reader.localizer)
    return power_chart(power, title, reader.localizer, theme=reader.theme, touch=reader.touch)


def _chart(power: PowerHistory, period: Period, reader: _Reader) -> html.Section:
    localizer = reader.localizer
    graph = dcc.Graph(
        id="chart", figure=_figure(power, period, reader), config=ZOOMED, responsive=True, className="chart"
    )
    label = localizer("history.chart", period=period.title(localizer))
    hint = html.P(localizer("history.zoom"), className="hint for-mouse")
    return html.Section(
        [
            html.H2(localizer("history.power")),
            html.Div(graph, className="plot", role="img", **attributes(aria_label=label)),
            hint,
        ],
        className="card drawn",
    )


def _message(sentence: str) -> html.Section:
    """Return a message if there is nothing to draw."""
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
    return html.Section([first, *map(html.P, lines[1:])], id="history-outages", className="card summary")


def _length(spans: Sequence[GridSpan], state: Grid) -> timedelta:
    return sum((span.end - span.start for span in spans if span.state is state), timedelta())


def callbacks(app: Any, _context: PageContext) -> None:
    """Load the period of the address, finer data when zooming in; a click on a bar opens its period."""

    def clientside(name: str, *places: Any, **more: Any) -> None:
        app.clientside_callback(ClientsideFunction("history", name), *places, **more)

    clientside("load", Output("history-recorded", "children"), Input("asked", "data"))
    clientside("range", Output("history-range", "data"), Input("chart", "relayoutData"), prevent_initial_call=True)
    clientside("zoom", Output("chart", "figure"), Input("history-range", "data"), prevent_initial_call=True)
    clientside("tapped", Input("energy", "clickData"), prevent_initial_call=True)


PAGE = Page("history", "chart", nothing, view, charts=charts, routes=routes, callbacks=callbacks)
