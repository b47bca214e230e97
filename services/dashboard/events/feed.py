"""A list of events: a day's heading, then a line each, pure."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from dash import html

from services.dashboard.events.sentences import EventText, event_text
from services.dashboard.markup import attributes, icon
from shared.broker_state import BrokerState
from shared.history.events import Event, EventKind
from shared.texts.localizer import Localizer

ICONS = {
    EventKind.GRID: "grid",
    EventKind.PLAN: "calendar",
    EventKind.PLUG: "plug",
    EventKind.SETTING: "gear",
    EventKind.DEVICE: "waiting",
    EventKind.SERVICE: "gear",
    EventKind.ALERT: "alert",
}


def feed(found: Sequence[Event], snapshot: BrokerState, localizer: Localizer) -> list[Any]:
    """Return the events by day, newest first."""
    days = groupby(found, key=lambda event: event.at.astimezone(localizer.zone).date())
    return [
        html.Section(
            [
                html.H2(f"{localizer.weekday(day)}, {localizer.day(day)}"),
                html.Ul([_line(one, event_text(one, snapshot, localizer), localizer) for one in list(events)]),
            ],
            className="day",
        )
        for day, events in days
    ]


def _line(event: Event, said: EventText, localizer: Localizer) -> html.Li:
    words = [html.Span(said.sentence, className="said")]
    remarks = [one for one in said.remarks if one]
    if remarks:
        words.append(html.Span(" · ".join(remarks), className="hint"))
    return html.Li(
        [
            html.Time(localizer.clock(event.at), dateTime=event.at.isoformat()),
            icon("grid-off" if event.kind is EventKind.GRID and said.look == "bad" else ICONS[event.kind]),
            html.Div(words, className="words"),
        ],
        **attributes(data_tone=said.look, data_kind=event.kind.value),
    )
