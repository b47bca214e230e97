"""The page *Events*, and the card of the latest ones on *System*."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from dash import html

from services.dashboard.events.feed import feed
from services.dashboard.events.query import EventQuery, query_of
from services.dashboard.events.sentences import device_name
from services.dashboard.markup import icon
from services.dashboard.pages import Page, PageContext, View, ViewOptions
from services.dashboard.paths import EVENTS
from shared.broker_state import BrokerState
from shared.errors import StorageError
from shared.freshness import READING_HOLDS
from shared.history.events import EventKind, EventPage, event_devices, events
from shared.history.queries import Session
from shared.texts.localizer import Localizer

LATEST = 5
TRIES = 5
"""Pages that are looked through for one, where what is wanted is rare."""


def layout(localizer: Localizer) -> list[Any]:
    """Return the page; everything on it is recorded."""
    return [
        html.Div([html.H1(localizer("page.events")), html.P(localizer("event.about"), className="hint")]),
        html.Div(html.P(localizer("page.loading"), className="loading"), id="events-recorded", className="recorded"),
    ]


def view(_snapshot: BrokerState, _localizer: Localizer, _fresh_for: timedelta = READING_HOLDS) -> View:
    """Return an empty view: there is nothing live on this page."""
    return View()


def recorded(context: PageContext, localizer: Localizer, options: ViewOptions) -> list[Any]:
    """Return the choice of events and a page of them, or why they cannot be read."""
    query = query_of(options.search)
    try:
        with Session(context.engine) as session:
            found, devices = _found(session, query, localizer), event_devices(session)
    except StorageError as error:
        return [_message(localizer.reason(error.reason))]
    snapshot = context.snapshot()
    return [
        _form(query, devices, snapshot, localizer),
        _card(found, query, snapshot, localizer),
    ]


def latest(context: PageContext, localizer: Localizer) -> list[html.Section]:
    """Return the card of the latest events, which leads to all of them; none if the history cannot be read."""
    try:
        with Session(context.engine) as session:
            found = events(session, EventQuery().wanted(localizer.zone), LATEST)
        content = feed(found.events, context.snapshot(), localizer) or [
            html.P(localizer("event.none"), className="hint")
        ]
    except StorageError:
        return []
    more = html.A([icon("chart"), localizer("event.all")], href=EVENTS, className="button")
    inside = [html.H2(localizer("event.latest")), *content, html.Div(more, className="buttons")]
    return [html.Section(inside, className="card feed latest")]


def _found(session: Session, query: EventQuery, localizer: Localizer) -> EventPage:
    """Return the first page with anything on it."""
    found = events(session, query.wanted(localizer.zone))
    for _ in range(TRIES):
        if found.events or found.older is None:
            break
        found = events(session, query.older(found.older).wanted(localizer.zone))
    return found


def _card(found: EventPage, query: EventQuery, snapshot: BrokerState, localizer: Localizer) -> html.Section:
    if not found.events and found.older is None:
        return _message(localizer("event.none_here" if query.is_filtered else "event.none"))
    lines = feed(found.events, snapshot, localizer) or [html.P(localizer("event.none_this_far"), className="hint")]
    links = [
        *([_link(localizer("event.newest"), EventQuery(query.kind, query.device))] if query.start else []),
        *([_link(localizer("event.older"), query.older(found.older))] if found.older else []),
    ]
    return html.Section([*lines, html.Div(links, className="buttons")], className="card feed")


def _link(text: str, target: EventQuery) -> html.A:
    return html.A(text, href=target.address, className="button")


def _message(sentence: str) -> html.Section:
    return html.Section([icon("waiting"), html.P(sentence)], className="card empty")


def _form(query: EventQuery, devices: Sequence[str], snapshot: BrokerState, localizer: Localizer) -> html.Form:
    kinds = [("", localizer("event.any")), *((one.value, localizer(f"event.kind_{one.value}")) for one in EventKind)]
    known = dict.fromkeys(filter(None, (*devices, query.device)))
    named = sorted((device_name(one, snapshot, localizer), one) for one in known)
    choices = [("", localizer("event.any_device")), *((one, name) for name, one in named)]
    chosen = query.kind.value if query.kind else ""
    return html.Form(
        [
            _field(localizer("event.kind"), _select("kind", kinds, chosen)),
            _field(localizer("event.device"), _select("device", choices, query.device)),
            _field(localizer("event.from"), _day("from", query.first)),
            _field(localizer("event.to"), _day("to", query.last)),
            html.Button(localizer("event.show"), type="submit", className="button"),
        ],
        action=EVENTS,
        method="get",
        className="filters",
    )


def _field(label: str, control: Any) -> html.Label:
    return html.Label([html.Span(label), control])


def _select(name: str, options: Sequence[tuple[str, str]], chosen: str) -> list[Any]:
    listed = [["option", {"value": value, "selected": value == chosen}, [text]] for value, text in options]
    return ["select", {"name": name}, listed]


def _day(name: str, day: Any) -> list[Any]:
    return ["input", {"type": "date", "name": name, "value": day.isoformat() if day else ""}, []]


PAGE = Page("events", "calendar", layout, view, recorded, parent="system")
