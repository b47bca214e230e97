"""How fresh each data source is, pure: live, stale or lost."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.service_status import state_of, state_word
from shared.broker_state import BrokerState
from shared.freshness import PLUG_HOLDS, fresh
from shared.live_figures import is_battery_fresh, is_unused, packs, units
from shared.messages import Availability, Contact, Message, ServiceHealth
from shared.outages import is_stale
from shared.texts.localizer import Localizer

LIVE, STALE, LOST = "live", "stale", "lost"
Row = tuple[str, str, str]
"""A name, a state and a word."""


def source_rows(snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta) -> list[Any]:
    """Return a list item for each source."""
    rows = [
        *_inverters(snapshot, localizer, fresh_for),
        *_batteries(snapshot, localizer),
        *_schedule(snapshot, localizer),
        *_plugs(snapshot, localizer),
        _recorder(snapshot, localizer),
    ]
    return [_item(*row) for row in rows]


def _inverters(snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta) -> Iterator[Row]:
    inverters = units(snapshot.inverters)
    for name, state in inverters:
        title = localizer("now.inverter_named", name=name) if len(inverters) > 1 else localizer("now.inverter")
        live = snapshot.connected and fresh(state.at, localizer.now, fresh_for)
        yield title, *_reading(state, snapshot.inverter_availability.get(name), localizer, live=live)


def _batteries(snapshot: BrokerState, localizer: Localizer) -> Iterator[Row]:
    for name, state in packs(snapshot.batteries):
        live = snapshot.connected and is_battery_fresh(snapshot, name, localizer.now)
        yield (
            snapshot.battery_name(name),
            *_reading(state, snapshot.battery_availability.get(name), localizer, live=live),
        )


def _reading(message: Message, contact: Availability | None, localizer: Localizer, *, live: bool) -> tuple[str, str]:
    if contact and contact.state is Contact.OFFLINE:
        return LOST, localizer("now.source_offline", since=localizer.since(contact.since))
    return (
        (LIVE, localizer("now.source_live"))
        if live
        else (STALE, localizer("page.as_of", at=localizer.since(message.at)))
    )


def _schedule(snapshot: BrokerState, localizer: Localizer) -> Iterator[Row]:
    plan = snapshot.schedule
    if plan and plan.fetched_at:
        state = STALE if is_stale(plan, localizer.now) else LIVE
        yield localizer("now.schedule"), state, localizer("now.source_checked", at=localizer.since(plan.fetched_at))
    elif not is_unused(snapshot, "schedule"):
        yield localizer("now.schedule"), LOST, localizer("now.source_never")


def _plugs(snapshot: BrokerState, localizer: Localizer) -> Iterator[Row]:
    if snapshot.plugs:
        newest = max(snapshot.plugs.values(), key=lambda plug: plug.at)
        live = snapshot.connected and fresh(newest.at, localizer.now, PLUG_HOLDS)
        yield localizer("plug.title"), *_reading(newest, None, localizer, live=live)


def _recorder(snapshot: BrokerState, localizer: Localizer) -> Row:
    status = snapshot.services.get("recorder")
    if status is None:
        return localizer("now.recorder"), LOST, localizer("now.source_never")
    state = state_of(status, localizer)
    kind = {ServiceHealth.ONLINE.value: LIVE, ServiceHealth.DEGRADED.value: STALE}.get(state, LOST)
    return localizer("now.recorder"), kind, state_word(status, localizer)


def _item(title: str, state: str, word: str) -> html.Li:
    return html.Li(
        [html.Span(className="dot"), html.Span(title, className="name"), html.Span(word, className="word")],
        **attributes(data_state=state),
    )
