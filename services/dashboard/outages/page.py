"""The layout of *Outages*, and the calendar that phones subscribe to."""

from typing import Any

from dash import html
from flask import Flask, Response, has_request_context

from services.dashboard.access import read_key
from services.dashboard.markup import attributes, icon, part, text
from services.dashboard.outages.recorded_cards import recorded
from services.dashboard.outages.view import view
from services.dashboard.pages import Page, PageContext
from services.dashboard.paths import CALENDAR
from shared.outage_calendar import calendar_text
from shared.texts.localizer import Localizer


def layout(localizer: Localizer) -> list[Any]:
    """Return the page; the schedule comes from /live, the recorded cards once a minute."""
    return [
        _banner(),
        html.Section(
            [html.H2([localizer("outages.days"), " ", text("outages-queue", className="queue")]), part("outages-days")],
            className="card days dims",
        ),
        part("outages-forecast", html.Section, className="card forecast"),
        html.Div(id="outages-recorded", className="recorded"),
        _about(localizer),
    ]


def _banner() -> html.Section:
    return html.Section(
        [
            icon("calendar"),
            html.Div(
                [
                    html.H1(text("outages-headline", **attributes(aria_live="polite"))),
                    text("outages-reality", html.P, className="verdict"),
                    text("outages-help", html.P, className="verdict"),
                    part("outages-coming", className="coming"),
                ]
            ),
        ],
        className="promise",
        **attributes(data_state_of="outages-banner"),
    )


def _about(localizer: Localizer) -> html.Section:
    return html.Section(
        [
            html.H2(localizer("outages.about")),
            part("outages-about", html.Dl, className="pairs"),
            html.A([icon("calendar"), localizer("outages.calendar")], href=_address(), className="subscribe"),
            html.P(localizer("outages.calendar_help"), className="hint", **attributes(data_owner="")),
        ],
        className="card about",
    )


def _address() -> str:
    """Return the calendar's address, with a key if there is a password, as a phone's calendar cannot log in."""
    key = read_key(CALENDAR) if has_request_context() else None
    return f"{CALENDAR}?key={key}" if key else CALENDAR


def routes(server: Flask, context: PageContext) -> None:
    """Serve the schedule as a calendar. Without a schedule the status is 503, so calendars keep their copy."""

    @server.get(CALENDAR)
    def outages_calendar() -> Response:
        plan, localizer = context.snapshot().schedule, context.localizer()
        if plan is None:
            return Response(localizer("outages.no_calendar"), 503, mimetype="text/plain")
        titles = {name: localizer(f"outages.event_{name}") for name in ("outage", "possible", "emergency")}
        return Response(calendar_text(plan, **titles), mimetype="text/calendar")


PAGE = Page("outages", "calendar", layout, view, recorded=recorded, routes=routes)
