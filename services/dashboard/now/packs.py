"""A short row for each of several batteries, pure."""

from typing import Any

from dash import html

from services.dashboard.live import Snapshot
from services.dashboard.markup import attributes
from services.dashboard.now.nodes import sign
from services.dashboard.now.sources import pack_name
from services.dashboard.wording import Clock
from shared import charge
from shared.freshness import fresh
from shared.messages import BatteryState, Contact


def pack_rows(snapshot: Snapshot, clock: Clock) -> list[Any]:
    """Return the batteries where there are several, for one alone is the tile, unless there is no tile."""
    packs = charge.packs(snapshot.batteries)
    return (
        [_row(snapshot, name, state, clock) for name, state in packs]
        if len(packs) > 1 or not snapshot.inverters
        else []
    )


def _row(snapshot: Snapshot, name: str, state: BatteryState, clock: Clock) -> html.Span:
    contact = snapshot.battery_availability.get(name)
    offline = contact is not None and contact.state is Contact.OFFLINE
    live = snapshot.connected and not offline and fresh(state.at, clock.now, charge.BATTERY_HOLDS)
    note = _flow(state, clock) if live else clock("page.as_of", at=clock.since(state.at))
    soc = clock.number("percent", state.soc_percent)
    level = html.Span(html.Span(className="level"), className="bar", style={"--soc": str(state.soc_percent or 0)})
    return html.Span(
        [
            html.Span(pack_name(snapshot, name), className="name"),
            level,
            html.Span(soc, className="value"),
            html.Span(note, className="word"),
        ],
        className="pack",
        **attributes(data_state="live" if live else "stale"),
    )


def _flow(state: BatteryState, clock: Clock) -> str:
    if state.power_w is None:
        return clock("unknown")
    direction = {1: "charging", -1: "discharging", 0: "resting"}[sign(state.power_w)]
    return (
        f"{clock(f'flow.{direction}')} {clock.power(state.power_w)}" if sign(state.power_w) else clock("flow.resting")
    )
