"""A short row for each of several batteries, pure."""

from typing import Any

from dash import html

from services.dashboard.markup import attributes
from services.dashboard.now.power_flow import battery_flow
from shared.broker_state import BrokerState
from shared.live_figures import is_battery_live, packs
from shared.messages import BatteryState
from shared.texts.localizer import Localizer


def pack_rows(snapshot: BrokerState, localizer: Localizer) -> list[Any]:
    """Return a row for each of several batteries."""
    batteries = packs(snapshot.batteries)
    return [_row(snapshot, name, state, localizer) for name, state in batteries] if len(batteries) > 1 else []


def _row(snapshot: BrokerState, name: str, state: BatteryState, localizer: Localizer) -> html.Span:
    live = snapshot.connected and is_battery_live(snapshot, name, localizer.now)
    note = battery_flow(state.power_w, localizer) if live else localizer("page.as_of", at=localizer.since(state.at))
    soc = localizer.number("percent", state.soc_percent)
    level = html.Span(html.Span(className="level"), className="bar", style={"--soc": str(state.soc_percent or 0)})
    return html.Span(
        [
            html.Span(snapshot.battery_name(name), className="name"),
            level,
            html.Span(soc, className="value"),
            html.Span(note, className="word"),
        ],
        className="pack",
        **attributes(data_state="live" if live else "stale"),
    )
