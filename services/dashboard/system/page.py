"""The page of services, devices and settings: its layout, and what is read when it is opened."""

from datetime import UTC, datetime
from typing import Any

from dash import html
from flask import Flask, Response

from services.dashboard.markup import attributes, icon, part
from services.dashboard.pages import Look, Page, Site
from services.dashboard.system.database import Facts, facts
from services.dashboard.system.diagnostics import bundle
from services.dashboard.system.entries import Fact, pairs_of
from services.dashboard.system.places import places
from services.dashboard.system.versions import versions
from services.dashboard.system.view import view
from services.dashboard.wording import Clock
from shared.texts.language import Language

BUNDLE = "/diagnostics.zip"
LOOKS = ("auto", "light", "dark")
NAMES = {Language.UK: "Українська", Language.EN: "English"}
MEGABYTE = 1_000_000


def layout(clock: Clock) -> list[Any]:
    """Return the page; its lists come from /live."""
    return [
        html.H1(clock("page.system")),
        html.Div(
            [
                html.Div(
                    [
                        _card(clock("service.title"), part("services", html.Ul, className="entries dims")),
                        _card(clock("system.plugs"), part("plugs", html.Ul, className="entries dims")),
                    ],
                    className="lists",
                ),
                _card(clock("system.devices"), part("devices", html.Ul, className="entries dims")),
            ],
            className="if-answered columns even",
        ),
        _preferences(clock),
        html.Div(html.P(clock("page.loading"), className="loading"), id="system-recorded", className="recorded"),
    ]


def recorded(site: Site, clock: Clock, _look: Look) -> list[Any]:
    """Return versions, database and where settings lie, with the bundle and the way out."""
    protected = bool(site.settings.dashboard_password.get_secret_value())
    about = facts(site.settings.database, site.engine)
    return [
        *([] if protected else [_no_password(clock)]),
        _card(clock("system.versions"), *pairs_of([*versions().items(), *_database(about, clock)])),
        _card(
            clock("system.places"),
            html.P(clock("system.places_note"), className="remark"),
            *pairs_of(places(site.settings, clock), "wide"),
        ),
        _card(clock("system.help"), *_help(clock, protected=protected)),
    ]


def routes(server: Flask, site: Site) -> None:
    """Serve the diagnostics bundle."""

    @server.get(BUNDLE)
    def diagnostics() -> Response:
        now = datetime.now(UTC)
        name = f"easun-diagnostics-{now:%Y%m%dT%H%M%SZ}.zip"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(bundle(site, now), mimetype="application/zip", headers=disposition)


def _card(title: str, *inside: Any) -> html.Section:
    return html.Section([html.H2(title), *inside], className="card")


def _preferences(clock: Clock) -> html.Section:
    languages = [
        html.Button(
            NAMES[one],
            lang=one.value,
            **attributes(data_language=one.value, aria_pressed=str(one is clock.language).lower()),
        )
        for one in Language
    ]
    looks = [html.Button(clock(f"system.look_{one}"), **attributes(data_look=one)) for one in LOOKS]
    return _card(
        clock("system.preferences"),
        _choice(clock("page.language"), languages),
        _choice(clock("system.look"), looks),
    )


def _choice(label: str, buttons: list[html.Button]) -> html.Div:
    group = html.Div(buttons, className="options", role="group", **attributes(aria_label=label))
    return html.Div([html.Span(label, className="label"), group], className="preference")


def _no_password(clock: Clock) -> html.P:
    return html.P([icon("alert"), html.Span(clock("system.no_password"))], className="remark open-door")


def _database(about: Facts, clock: Clock) -> list[Fact]:
    if about.problem:
        return [(clock("system.database"), clock("system.database_fails", why=about.problem))]
    if about.schema is None or about.size_bytes is None:
        return [(clock("system.database"), clock("system.database_none"))]
    size = clock.number("system.megabytes", about.size_bytes / MEGABYTE, 1)
    return [(clock("system.database"), clock("system.database_is", schema=about.schema, size=size))]


def _help(clock: Clock, *, protected: bool) -> list[Any]:
    download = html.A([icon("download"), clock("system.download")], href=BUNDLE, download="", className="button")
    leave = html.Button(clock("system.log_out"), className="button", **attributes(data_log_out="now"))
    return [
        html.P(clock("system.bundle_note"), className="remark"),
        html.Div([download, *([leave] if protected else [])], className="buttons"),
    ]


PAGE = Page("system", "gear", layout, view, recorded, renews=True, routes=routes)
