"""The Dash application: its pages, callbacks and routes."""

import json
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from dash import Dash, Input, Output, callback_context, no_update
from flask import Flask, Response, abort, has_request_context, jsonify, request

from services.dashboard import battery, history, now, outages, system
from services.dashboard.access import csrf_token, is_authorized, protect, read_key
from services.dashboard.access.guard import METRICS
from services.dashboard.app_shell import shell
from services.dashboard.healthz import details, health
from services.dashboard.language import request_language, wanted
from services.dashboard.markup import for_callback
from services.dashboard.metrics import CONTENT_TYPE, exposition
from services.dashboard.pages import Page, PageContext, Send, View, ViewOptions, discard_command
from services.dashboard.request_guard import refuse_malformed
from services.dashboard.response_headers import COLOR_SCHEME_SCRIPT, content_security_policy, headers
from services.dashboard.settings import DashboardSettings
from services.dashboard.web_manifest import HEAD, MANIFEST, manifest
from shared.broker_state import BrokerState
from shared.clock import utc_now
from shared.conditions import clock
from shared.history.engine import Engine
from shared.texts.catalogue import say
from shared.texts.language import Language
from shared.texts.localizer import Localizer

PAGES: Sequence[Page] = (now.PAGE, outages.PAGE, battery.PAGE, history.PAGE, system.PAGE)

PLOTLY = Path(__file__).parent / "assets" / "plotly-basic-4.1.1.min.js"
PLOTLY_ADDRESS = "/_dash-component-suites/plotly/package_data/plotly.min.js"
"""Where Dash loads plotly.js from for the first chart: we serve the small bundle there instead of the 4.7 MB one."""

INDEX = """<!DOCTYPE html>
<html lang="LANGUAGE">
  <head>
    {%metas%}
    <meta name="csrf" content="CSRF_TOKEN">
    <title>{%title%}</title>
    HEAD
    <script>COLOR_SCHEME_SCRIPT</script>
    {%css%}
  </head>
  <body>
    {%app_entry%}
    {%config%}
    {%scripts%}
    {%renderer%}
  </body>
</html>""".replace("COLOR_SCHEME_SCRIPT", COLOR_SCHEME_SCRIPT).replace("HEAD", HEAD)


class Application(Dash):
    """Dash, with the page's language in the html element and the CSRF token in the head."""

    def interpolate_index(self, **parts: Any) -> Any:  # type: ignore[override]
        """Return the HTML document."""
        page: Any = super()
        token = csrf_token() if has_request_context() else ""
        return page.interpolate_index(**parts).replace("LANGUAGE", request_language()).replace("CSRF_TOKEN", token)


def application(
    snapshot: Callable[[], BrokerState],
    engine: Engine,
    settings: DashboardSettings,
    send: Send = discard_command,
    key: bytes = b"",
) -> Flask:
    """Return the web application.

    `send` publishes commands to plugs; `key` signs sessions, which end with the process where there is none.
    """
    app: Any = Application(  # Any, for Dash's own methods are untyped
        __name__,
        title=say(Language.EN, "page.brand"),
        update_title="",
        compress=True,
        assets_ignore="plotly",
        use_pages=False,
        suppress_callback_exceptions=True,  # charts are not in the first layout
        index_string=INDEX,
        add_log_handler=False,
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1, viewport-fit=cover"},
            {"name": "color-scheme", "content": "light dark"},
        ],
    )
    context = PageContext(snapshot, engine, lambda: _localizer(settings), settings, send)
    app.layout = lambda: shell(PAGES, context.localizer())
    server: Flask = app.server
    server.config["COMPRESS_LEVEL"] = 9
    protect(server, settings, key or secrets.token_bytes(32))
    refuse_malformed(server, app.callback_map)
    _callbacks(app, context)
    _routes(server, context)
    _headers(server, app)
    return server


def _localizer(settings: DashboardSettings) -> Localizer:
    return Localizer(request_language(), utc_now(), settings.zone)


def _callbacks(app: Any, context: PageContext) -> None:
    names = {page.path: page.name for page in PAGES}
    app.clientside_callback(
        f"(path) => ({json.dumps(names)})[path] ?? 'now'",
        Output("page", "data-route"),
        Input("url", "pathname"),
    )
    app.clientside_callback(
        "() => document.documentElement.dataset.mantineColorScheme",
        Output("look", "data"),
        Input("url", "pathname"),
        Input("minute", "n_intervals"),
    )
    reading = [page for page in PAGES if page.recorded]

    def read(path: Any, search: Any, scheme: Any, _minutes: Any) -> list[Any]:
        options = ViewOptions.of(search, scheme)
        return [_recorded(page, context, options) if page.path == path else no_update for page in reading]

    app.callback(
        [Output(f"{page.name}-recorded", "children") for page in reading],
        Input("url", "pathname"),
        Input("url", "search"),
        Input("look", "data"),
        Input("minute", "n_intervals"),
    )(read)
    for page in PAGES:
        if page.callbacks:
            page.callbacks(app, context)


def _recorded(page: Page, context: PageContext, options: ViewOptions) -> Any:
    only_the_minute = [one["prop_id"] for one in callback_context.triggered] == ["minute.n_intervals"]
    if page.recorded is None or (only_the_minute and not page.renews):
        return no_update
    return for_callback(page.recorded(context, context.calendar(), options))


def _routes(server: Flask, context: PageContext) -> None:
    views = {page.name: page.view for page in PAGES}

    @server.get("/live/<name>")
    def live(name: str) -> Response:
        if name not in views:
            abort(404)
        known, localizer = context.snapshot(), context.localizer()
        return jsonify(view_payload(views[name](known, localizer, context.settings.fresh_for), known, localizer))

    @server.get("/healthz")
    def healthz() -> tuple[Response, int]:
        known, now = context.snapshot(), utc_now()
        answer = health(known, now) | (details(known, context.engine) if is_authorized() else {})
        return jsonify(answer), 200 if known.connected else 503

    @server.get(MANIFEST)
    def installable() -> Response:
        language = wanted(request.args.get("lang"), request.headers.get("Accept-Language"))
        answer = jsonify(manifest(language, [page.name for page in PAGES[1:]]))
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
    for page in PAGES:
        if page.routes:
            page.routes(server, context)


def _metrics(context: PageContext) -> Response:
    """Return the figures for Prometheus; whoever is logged in is told the key as well."""
    key = f"# for Prometheus: {METRICS}?key={read_key(METRICS)}\n" if is_authorized() and read_key(METRICS) else ""
    figures = exposition(context.snapshot(), utc_now(), context.settings.fresh_for)
    return Response(key.encode() + figures, content_type=CONTENT_TYPE)


def view_payload(view: View, snapshot: BrokerState, localizer: Localizer) -> dict[str, Any]:
    """Return a view as JSON for the browser, with a notice where the broker is gone or the clock is not set."""
    lost = not snapshot.connected and not view.missing
    page = "empty" if view.missing else "stale" if view.stale or lost else "live"
    kind = "broker" if lost else "clock" if snapshot.is_clock_unset(localizer.now) else ""
    notices = {"broker": localizer("page.broker_gone"), "clock": localizer.reason(clock.NOT_SET()), "": ""}
    return vars(view) | {"page": page, "notice": kind, "text": {**view.text, "notice": notices[kind]}}


def _headers(server: Flask, app: Any) -> None:
    policy = content_security_policy(app.csp_hashes())

    @server.after_request
    def add(response: Response) -> Response:
        response.headers.update(
            headers(policy, request.path, fingerprinted="m" in request.args, https=request.is_secure)
        )
        return response
