"""The page of planned and actual outages: its layout, and the calendar that phones subscribe to."""

from typing import Any

from dash import html
from flask import Flask, Response, has_request_context

from services.dashboard.access.guard import CALENDAR, calendar_key
from services.dashboard.markup import attributes, icon, part, text
from services.dashboard.outages.recorded_cards import recorded
from services.dashboard.outages.view import view
from services.dashboard.pages import Page, PageContext
from shared.outage_calendar import calendar_text
from shared.texts.localizer import Localizer


def layout(localizer: Localizer) -> list[Any]:
    """Return the page; the plan comes from /live, what was recorded each minute."""
    return [
        _banner(),
        html.Section(
            [html.H2([localizer("outages.days"), " ", text("outages-queue", className="queue")]), part("outages-days")],
            className="card days dims",
        ),
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
            html.P(localizer("outages.calendar_help"), className="hint"),
        ],
        className="card about",
    )


def _address() -> str:
    """Return where the calendar is, with its key where the page has a password: a phone's calendar cannot log in."""
    key = calendar_key() if has_request_context() else None
    return f"{CALENDAR}?key={key}" if key else CALENDAR


def routes(server: Flask, context: PageContext) -> None:
    """Serve the plan as a calendar. While none is known the answer is 503, upon which calendars keep what they have."""

    @server.get(CALENDAR)
    def outages_calendar() -> Response:
        plan, localizer = context.snapshot().schedule, context.localizer()
        if plan is None:
            return Response(localizer("outages.no_calendar"), 503, mimetype="text/plain")
        titles = {name: localizer(f"outages.event_{name}") for name in ("outage", "possible", "emergency")}
        return Response(calendar_text(plan, **titles), mimetype="text/calendar")


PAGE = Page("outages", "calendar", layout, view, recorded=recorded, renews=True, routes=routes)
