"""The Dash application: what is served at which address."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dash import Dash, Input, Output, no_update
from flask import Flask, Response, jsonify, request
from sqlalchemy import Engine

from services.dashboard import history, periods
from services.dashboard.headers import LOOK_EARLY, content_security_policy, headers
from services.dashboard.layout import shell
from services.dashboard.live import Snapshot
from services.dashboard.settings import DashboardSettings
from services.dashboard.texts import ENGLISH, Words
from services.dashboard.view import now_page
from services.dashboard.wording import Clock
from shared.messages import iso
from shared.version import program_version

PLOTLY = Path(__file__).parent / "assets" / "plotly-basic-4.1.1.min.js"
PLOTLY_ADDRESS = "/_dash-component-suites/plotly/package_data/plotly.min.js"
"""Where Dash looks for plotly.js once the first chart is shown: it finds the small bundle there, not the 4.7 MB one."""

INDEX = """<!DOCTYPE html>
<html lang="en">
  <head>
    {%metas%}
    <title>{%title%}</title>
    <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
    <script>LOOK_EARLY</script>
    {%css%}
  </head>
  <body>
    {%app_entry%}
    {%config%}
    {%scripts%}
    {%renderer%}
  </body>
</html>""".replace("LOOK_EARLY", LOOK_EARLY)


def application(
    snapshot: Callable[[], Snapshot], engine: Engine, settings: DashboardSettings, words: Words = ENGLISH
) -> Flask:
    """Return the web application over what is known now and what was recorded."""
    app: Any = Dash(  # Any, for Dash's own methods are untyped
        __name__,
        title=words.brand,
        update_title="",
        compress=True,
        assets_ignore="plotly",
        use_pages=False,
        index_string=INDEX,
        add_log_handler=False,
        meta_tags=[
            {"name": "viewport", "content": "width=device-width, initial-scale=1, viewport-fit=cover"},
            {"name": "color-scheme", "content": "light dark"},
        ],
    )
    app.layout = shell(words)
    server: Flask = app.server
    server.config["COMPRESS_LEVEL"] = 9

    def clock() -> Clock:
        return Clock(datetime.now(UTC), settings.zone, settings.fresh_for, words)

    _callbacks(app, engine, clock)
    _routes(server, snapshot, clock)
    _headers(server, app)
    return server


def _callbacks(app: Any, engine: Engine, clock: Callable[[], Clock]) -> None:
    app.clientside_callback(
        f"(path) => path === '{periods.PATH}' ? 'history' : 'now'",
        Output("page", "data-route"),
        Input("url", "pathname"),
    )

    app.clientside_callback(
        "() => document.documentElement.dataset.mantineColorScheme",
        Output("look", "data"),
        Input("url", "pathname"),
        Input("minute", "n_intervals"),
    )

    def show_history(path: str, search: str | None, scheme: str | None) -> Any:
        if path != periods.PATH:
            return no_update
        now = clock()
        period = periods.asked_for(search, now.now.astimezone(now.zone).date())
        return history.page(engine, period, now, scheme or "light")

    app.callback(
        Output("history", "children"), Input("url", "pathname"), Input("url", "search"), Input("look", "data")
    )(show_history)


def _routes(server: Flask, snapshot: Callable[[], Snapshot], clock: Callable[[], Clock]) -> None:
    @server.get("/live")
    def live() -> Response:
        return jsonify(now_page(snapshot(), clock()))

    @server.get("/healthz")
    def healthz() -> tuple[Response, int]:
        known = snapshot()
        return jsonify(health(known, clock().now)), 200 if known.connected else 503

    @server.get(PLOTLY_ADDRESS)
    def plotly() -> Response:
        response = Response(PLOTLY.read_bytes(), mimetype="text/javascript")
        response.cache_control.max_age = int(timedelta(days=7).total_seconds())
        response.add_etag()
        response.make_conditional(request)
        return response


def health(snapshot: Snapshot, now: datetime) -> dict[str, Any]:
    """Return what the dashboard knows about itself and the age of what it shows."""
    return {
        "broker": "connected" if snapshot.connected else "not connected",
        "version": program_version(),
        "at": iso(now),
        "inverters": {name: iso(state.at) for name, state in snapshot.inverters.items()},
        "grid": iso(snapshot.grid.at) if snapshot.grid else None,
    }


def _headers(server: Flask, app: Any) -> None:
    policy = content_security_policy(app.csp_hashes())

    @server.after_request
    def add(response: Response) -> Response:
        response.headers.update(headers(policy, request.path, fingerprinted="m" in request.args))
        return response
