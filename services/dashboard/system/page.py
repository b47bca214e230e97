"""The layout of *System*, what is read when it is opened, and the diagnostics bundle."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dash import html
from flask import Flask, Response

from services.dashboard.events.page import latest
from services.dashboard.markup import attributes, icon, part
from services.dashboard.pages import Page, PageContext, ViewOptions
from services.dashboard.paths import BUNDLE, EVENTS
from services.dashboard.system import alerts, guests, plugs
from services.dashboard.system.config_places import places
from services.dashboard.system.database import Facts, facts
from services.dashboard.system.diagnostics import bundle
from services.dashboard.system.entries import Fact, fact_list
from services.dashboard.system.versions import versions
from services.dashboard.system.view import view
from shared.history.engine import Place
from shared.texts.language import Language
from shared.texts.localizer import Localizer

LOOKS = ("auto", "light", "dark")
NAMES = {Language.UK: "Українська", Language.EN: "English"}
MEGABYTE = 1_000_000


def layout(localizer: Localizer) -> list[Any]:
    """Return the page; its lists come from /live."""
    return [
        html.Div(
            [
                html.H1(localizer("page.system")),
                html.A([icon("chart"), localizer("event.all")], href=EVENTS, className="button"),
            ],
            className="top-line",
        ),
        html.Div(
            [
                html.Div(
                    [
                        _card(localizer("service.title"), part("services", html.Ul, className="entries dims")),
                        _card(localizer("system.plugs"), part("plugs", html.Ul, className="entries dims")),
                    ],
                    className="lists",
                ),
                _card(localizer("system.devices"), part("devices", html.Ul, className="entries dims")),
            ],
            className="if-answered columns even",
        ),
        html.Section(
            [
                html.H2(localizer("alerts.title")),
                html.P(localizer("alerts.about"), className="remark"),
                part("alerts", className="alerts"),
            ],
            className="card if-answered",
        ),
        guests.card(localizer),
        _preferences(localizer),
        html.Div(html.P(localizer("page.loading"), className="loading"), id="system-recorded", className="recorded"),
    ]


def recorded(context: PageContext, localizer: Localizer, _options: ViewOptions) -> list[Any]:
    """Return versions, database, places of settings, diagnostics and logout."""
    protected = bool(context.settings.dashboard_password.get_secret_value())
    place = context.settings.database
    about = facts(place, context.engine)
    return [
        *([] if protected else [_no_password(localizer)]),
        *latest(context, localizer),
        _card(
            localizer("system.versions"),
            *fact_list([*versions().items(), *_database(about, place, localizer)]),
        ),
        _card(
            localizer("system.places"),
            html.P(localizer("system.places_note"), className="remark"),
            *fact_list(places(context.settings, about.backup, localizer), "wide"),
        ),
        _card(localizer("system.help"), *_help(localizer, protected=protected)),
    ]


def routes(server: Flask, context: PageContext) -> None:
    """Serve the diagnostics bundle, and accept changes of the list of plugs."""
    plugs.routes(server, context)
    guests.routes(server, context)
    alerts.routes(server, context)

    @server.get(BUNDLE)
    def diagnostics() -> Response:
        now = datetime.now(UTC)
        name = f"easun-diagnostics-{now:%Y%m%dT%H%M%SZ}.zip"
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(bundle(context, now), mimetype="application/zip", headers=disposition)


def _card(title: str, *inside: Any) -> html.Section:
    return html.Section([html.H2(title), *inside], className="card")


def _preferences(localizer: Localizer) -> html.Section:
    languages = [
        html.Button(
            NAMES[one],
            lang=one.value,
            **attributes(data_language=one.value, aria_pressed=str(one is localizer.language).lower()),
        )
        for one in Language
    ]
    looks = [html.Button(localizer(f"system.look_{one}"), **attributes(data_look=one)) for one in LOOKS]
    return _card(
        localizer("system.preferences"),
        _choice(localizer("page.language"), languages),
        _choice(localizer("system.look"), looks),
    )


def _choice(label: str, buttons: list[html.Button]) -> html.Div:
    group = html.Div(buttons, className="options", role="group", **attributes(aria_label=label))
    return html.Div([html.Span(label, className="label"), group], className="preference")


def _no_password(localizer: Localizer) -> html.P:
    return html.P([icon("alert"), html.Span(localizer("system.no_password"))], className="remark open-door")


def _database(about: Facts, place: Place, localizer: Localizer) -> list[Fact]:
    if about.problem:
        return [(localizer("system.database"), localizer("system.database_fails", why=localizer.reason(about.problem)))]
    if about.schema is None or about.size_bytes is None:
        return [(localizer("system.database"), localizer("system.database_none"))]
    size = localizer.number("system.megabytes", about.size_bytes / MEGABYTE, 1)
    found: list[Fact] = [
        (localizer("system.database"), localizer("system.database_is", schema=about.schema, size=size))
    ]
    if isinstance(place, Path):
        found.append((localizer("system.backup"), _backup(about, localizer)))
    return found


def _backup(about: Facts, localizer: Localizer) -> str:
    if about.backup is None:
        return localizer("system.backup_none")
    return localizer("system.backup_is", at=localizer.since(about.backup.at), file=about.backup.file.name)


def _help(localizer: Localizer, *, protected: bool) -> list[Any]:
    download = html.A([icon("download"), localizer("system.download")], href=BUNDLE, download="", className="button")
    leave = html.Button(localizer("system.log_out"), className="button", **attributes(data_log_out="now"))
    return [
        html.P(localizer("system.bundle_note"), className="remark"),
        html.Div([download, *([leave] if protected else [])], className="buttons"),
    ]


PAGE = Page("system", "gear", layout, view, recorded, routes=routes)
