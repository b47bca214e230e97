"""How fresh every source of the page is, pure: live, how old, or silent."""

from collections.abc import Iterator
from typing import Any

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.services import state_of, state_word
from services.dashboard.wording import Clock
from shared.broker_state import BrokerState
from shared.freshness import PLUG_HOLDS, fresh
from shared.live_figures import BATTERY_HOLDS, packs
from shared.messages import Availability, Contact, Message, ServiceHealth
from shared.outages import is_stale

LIVE, STALE, LOST = "live", "stale", "lost"
Row = tuple[str, str, str]
"""A name, a state and a word."""


def source_rows(snapshot: BrokerState, clock: Clock) -> list[Any]:
    """Return a list item for each source."""
    rows = [
        *_inverters(snapshot, clock),
        *_batteries(snapshot, clock),
        _schedule(snapshot, clock),
        *_plugs(snapshot, clock),
        _recorder(snapshot, clock),
    ]
    return [_item(*row) for row in rows]


def _inverters(snapshot: BrokerState, clock: Clock) -> Iterator[Row]:
    for name, state in sorted(snapshot.inverters.items()):
        title = clock("now.inverter_named", name=name) if len(snapshot.inverters) > 1 else clock("now.inverter")
        live = snapshot.connected and clock.fresh(state.at)
        yield title, *_reading(state, snapshot.inverter_availability.get(name), clock, live=live)


def _batteries(snapshot: BrokerState, clock: Clock) -> Iterator[Row]:
    for name, state in packs(snapshot.batteries):
        live = snapshot.connected and fresh(state.at, clock.now, BATTERY_HOLDS)
        yield snapshot.battery_name(name), *_reading(state, snapshot.battery_availability.get(name), clock, live=live)


def _reading(message: Message, contact: Availability | None, clock: Clock, *, live: bool) -> tuple[str, str]:
    if contact and contact.state is Contact.OFFLINE:
        return LOST, clock("now.source_offline", since=clock.since(contact.since))
    return (LIVE, clock("now.source_live")) if live else (STALE, clock("page.as_of", at=clock.since(message.at)))


def _schedule(snapshot: BrokerState, clock: Clock) -> Row:
    plan = snapshot.schedule
    if plan is None or plan.fetched_at is None:
        return clock("now.schedule"), LOST, clock("now.source_never")
    state = STALE if is_stale(plan, clock.now) else LIVE
    return clock("now.schedule"), state, clock("now.source_checked", at=clock.since(plan.fetched_at))


def _plugs(snapshot: BrokerState, clock: Clock) -> Iterator[Row]:
    if snapshot.plugs:
        newest = max(snapshot.plugs.values(), key=lambda plug: plug.at)
        live = snapshot.connected and fresh(newest.at, clock.now, PLUG_HOLDS)
        yield clock("plug.title"), *_reading(newest, None, clock, live=live)


def _recorder(snapshot: BrokerState, clock: Clock) -> Row:
    status = snapshot.services.get("recorder")
    if status is None:
        return clock("now.recorder"), LOST, clock("now.source_never")
    state = state_of(status, clock)
    kind = {ServiceHealth.ONLINE.value: LIVE, ServiceHealth.DEGRADED.value: STALE}.get(state, LOST)
    return clock("now.recorder"), kind, state_word(status, clock)


def _item(title: str, state: str, word: str) -> html.Li:
    return html.Li(
        [html.Span(className="dot"), html.Span(title, className="name"), html.Span(word, className="word")],
        **attributes(data_state=state),
    )
