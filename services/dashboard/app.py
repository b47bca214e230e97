"""The Dash application: its pages, callbacks and routes."""

import json
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, dcc, html
from flask import Flask, Response, abort, jsonify, request

from services.dashboard import battery, events, history, inverter, kiosk, now, outages, system
from services.dashboard.access import is_authorized, is_guest, protect, read_key
from services.dashboard.app_shell import charts
from services.dashboard.asset_bundles import ASSETS, scripts, styles
from services.dashboard.healthz import details, health
from services.dashboard.html_document import document, payload_of, trees_by_id, visible
from services.dashboard.language import request_language, wanted
from services.dashboard.markup import component
from services.dashboard.metrics import CONTENT_TYPE, exposition
from services.dashboard.pages import Page, PageContext, Send, ViewOptions, discard_command
from services.dashboard.paths import GUEST_PAGES, HEALTH, METRICS
from services.dashboard.request_guard import refuse_malformed
from services.dashboard.response_headers import content_security_policy, headers
from services.dashboard.settings import DashboardSettings
from services.dashboard.web_manifest import MANIFEST, manifest
from shared.broker_state import BrokerState
from shared.clock import utc_now
from shared.history.engine import Engine
from shared.texts.localizer import Localizer

PAGES: Sequence[Page] = (now.PAGE, outages.PAGE, battery.PAGE, history.PAGE, inverter.PAGE, system.PAGE, events.PAGE)

PLOTLY = ASSETS / "plotly-basic-4.1.1.min.js"
PLOTLY_ADDRESS = "/_dash-component-suites/plotly/package_data/plotly.min.js"
"""The address of plotly.js for the first chart: we serve a small bundle there instead of the one of 4.7 MB."""


class Application(Dash):
    """Dash, which draws the charts, inside our own document."""

    document: Callable[[str], str]

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override]
        """Return the HTML document."""
        return self.document(parts["config"] + parts["scripts"] + parts["renderer"])


def application(
    snapshot: Callable[[], BrokerState],
    engine: Engine,
    settings: DashboardSettings,
    send: Send = discard_command,
    *,
    key: bytes = b"",
    ended: Path | None = None,
    guests: Path | None = None,
) -> Flask:
    """Return the web application.

    `send` publishes commands; `key` signs sessions, which end with the process if there is none; `ended` is the file of
    sessions that were ended by logging out, `guests` that of the guests' links.
    """
    app: Any = Application(  # Any, as Dash's own methods are untyped
        __name__,
        compress=True,
        assets_ignore=".*",  # they are in our own bundles
        suppress_callback_exceptions=True,  # charts are not in the first layout
        add_log_handler=False,
    )
    context = PageContext(snapshot, engine, lambda: _localizer(settings), settings, send)
    app.document = lambda dash: document(_shown_pages(), context, dash)
    app.layout = lambda: html.Div([dcc.Store(id="asked"), *charts(PAGES, context.localizer())])
    server: Flask = app.server
    server.config["COMPRESS_LEVEL"] = 9
    protect(server, settings, key or secrets.token_bytes(32), ended=ended, guests=guests)
    refuse_malformed(server)
    _callbacks(app, context)
    _page_routes(server, context)
    _common_routes(server, context)
    _headers(server, app)
    return server


def _shown_pages() -> Sequence[Page]:
    return [page for page in PAGES if page.name in GUEST_PAGES] if is_guest() else PAGES


def _localizer(settings: DashboardSettings) -> Localizer:
    return Localizer(request_language(), utc_now(), settings.zone)


def _callbacks(app: Any, context: PageContext) -> None:
    """All callbacks run in the browser; `asked` changes whenever a page with charts has something to fetch."""
    for page in PAGES:
        if page.charts and page.recorded:
            app.clientside_callback(
                ClientsideFunction("recorded", page.name),
                Output(f"{page.name}-recorded", "children"),
                Input("asked", "data"),
            )
        if page.callbacks:
            page.callbacks(app, context)


def _page_routes(server: Flask, context: PageContext) -> None:
    pages = {page.name: page for page in PAGES}

    @server.get("/live/<name>")
    def live(name: str) -> Response:
        if name not in pages:
            abort(404)
        return jsonify(payload_of(pages[name], context) | {"version": scripts().version})

    @server.get("/recorded/<name>")
    def recorded(name: str) -> Response:
        page = pages.get(name)
        if page is None or page.recorded is None:
            abort(404)
        options = ViewOptions.of(request.query_string.decode(errors="replace"), request.args.get("look"))
        nodes = page.recorded(context, context.calendar(), options)
        shown = nodes if page.charts else visible(trees_by_id(page, nodes))
        text = json.dumps(shown, default=component, ensure_ascii=False)
        return Response(text, mimetype="application/json")

    for page in PAGES:
        if page.routes:
            page.routes(server, context)


def _common_routes(server: Flask, context: PageContext) -> None:
    styles().serve(server)
    kiosk.routes(server, context)
    scripts().serve(server)

    @server.get(HEALTH)
    def healthz() -> tuple[Response, int]:
        known, now = context.snapshot(), utc_now()
        answer = health(known, now) | (details(known, context.engine) if is_authorized() else {})
        return jsonify(answer), 200 if known.connected else 503

    @server.get(MANIFEST)
    def installable() -> Response:
        language = wanted(request.args.get("lang"), request.headers.get("Accept-Language"))
        answer = jsonify(manifest(language, [page.name for page in PAGES[1:] if not page.parent]))
        answer.mimetype = "application/manifest+json"
        return answer

    @server.get(PLOTLY_ADDRESS)
    def plotly() -> Response:
        response = Response(PLOTLY.read_bytes(), mimetype="text/javascript")
        response.cache_control.max_age = int(timedelta(days=7).total_seconds())
        response.add_etag()
        response.make_conditional(request)
        return response

    server.get(METRICS)(lambda: _metrics(context))


def _metrics(context: PageContext) -> Response:
    """Return the figures for Prometheus, or, to a logged-in user, also the key."""
    key = f"# for Prometheus: {METRICS}?key={read_key(METRICS)}\n" if is_authorized() and read_key(METRICS) else ""
    figures = exposition(context.snapshot(), utc_now(), context.settings.fresh_for)
    return Response(key.encode() + figures, content_type=CONTENT_TYPE)


def _headers(server: Flask, app: Any) -> None:
    policy = content_security_policy(app.csp_hashes())

    @server.after_request
    def add(response: Response) -> Response:
        response.headers.update(
            headers(policy, request.path, fingerprinted="m" in request.args, https=request.is_secure)
        )
        return response
