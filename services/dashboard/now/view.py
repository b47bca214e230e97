"""What the page *Now* says, pure: messages in, texts and states out. The browser only draws it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from dash import html

from services.dashboard.markup import tree
from services.dashboard.now.banner import banner, banner_state
from services.dashboard.now.nodes import flow, load_percent, nodes, tiles
from services.dashboard.now.outlook import outlook
from services.dashboard.now.packs import pack_rows
from services.dashboard.now.plugs import closed_why, plug_rows
from services.dashboard.now.sources import source_rows
from services.dashboard.now.strip import live_layer
from services.dashboard.now.verdict import verdict
from services.dashboard.pages import View
from services.dashboard.services import service_rows
from services.dashboard.wording import Clock
from shared.broker_state import BrokerState
from shared.live_figures import live_figures, live_inverter, load_w
from shared.messages import Contact, Grid, InverterState


def view(snapshot: BrokerState, clock: Clock) -> View:
    """Return everything that the page shows."""
    name = chosen(snapshot, clock)
    inverter = snapshot.inverters.get(name)
    reading = inverter or InverterState(at=clock.now)
    live = snapshot.connected and clock.fresh(reading.at)
    figures = live_figures(snapshot, clock.now, clock.fresh_for)
    grid = figures.grid.state if figures.grid else Grid.UNKNOWN
    soc = replace(figures, inverter=reading).soc_percent  # an old one is shown too, dimmed
    soc_now = figures.soc_percent if snapshot.connected else None
    known = any((inverter, snapshot.grid, snapshot.schedule, snapshot.batteries))
    return View(
        missing=inverter is None,
        stale=not live,
        text={
            "empty-title": clock("now.empty_inverter" if known else "now.empty_title"),
            "empty": clock("now.empty" if snapshot.connected else "now.empty_offline"),
            **banner(snapshot, clock),
            **tiles(reading, grid, soc, clock),
            **_details(reading, clock),
            "verdict": verdict(reading, grid, soc, clock) if live else _why(snapshot, name, clock),
            "outlook": outlook(snapshot, clock),
            "plugs-closed": closed_why(snapshot, clock) if snapshot.plugs else "",
            "as-of": _as_of(inverter, clock, connected=snapshot.connected),
            "name": name if len(snapshot.inverters) > 1 else "",
        },
        state={
            "house": "known" if known else "bare",
            "banner": banner_state(snapshot, clock),
            **nodes(reading, grid),
            **_alarms(reading),
        },
        parts={
            "others": tree(_others(snapshot, name, clock)),
            "packs": tree(pack_rows(snapshot, clock)),
            "strip": tree(live_layer(snapshot, soc_now, clock)),
            "plugs": tree(plug_rows(snapshot, clock)),
            "sources": tree(source_rows(snapshot, clock)),
            "services": tree(_troubled(snapshot, clock)),
        },
        extra={
            "flow": flow(reading, grid) if live and inverter else dict.fromkeys(("sun", "grid", "battery", "home"), 0),
            "soc": soc,
            "load": load_percent(reading),
        },
    )


def chosen(snapshot: BrokerState, clock: Clock) -> str:
    """Return the first inverter that is live, or else the one with the newest reading, or else an empty name."""
    inverters = snapshot.inverters
    newest = max(sorted(inverters), key=lambda name: inverters[name].at, default="")
    return live_inverter(snapshot, clock.now, clock.fresh_for) or newest


def _troubled(snapshot: BrokerState, clock: Clock) -> list[Any]:
    """The services that need somebody; all of them while there is nothing else to see."""
    rows = service_rows(snapshot, clock)
    return [row for row in rows if vars(row)["data-state"] != "online"] if snapshot.inverters else rows


def _why(snapshot: BrokerState, name: str, clock: Clock) -> str:
    """What the poller says about a device that does not answer."""
    contact = snapshot.inverter_availability.get(name)
    if not snapshot.connected or contact is None or contact.state is Contact.ONLINE or not contact.why:
        return ""
    return clock("now.inverter_why", why=contact.why)


def _as_of(inverter: InverterState | None, clock: Clock, *, connected: bool) -> str:
    if inverter is None:
        return ""
    return clock("page.live" if connected and clock.fresh(inverter.at) else "page.as_of", at=clock.second(inverter.at))


def _alarms(inverter: InverterState) -> dict[str, str]:
    return {
        "warnings": "alarm" if inverter.warnings else "calm",
        "faults": "alarm" if inverter.faults else "calm",
    }


def _details(inverter: InverterState, clock: Clock) -> dict[str, str]:
    return {
        "output-voltage": clock.number("volts", inverter.output_voltage_v, 1),
        "output-frequency": clock.number("hertz", inverter.output_frequency_hz, 2),
        "battery-current": clock.number("amperes", inverter.battery_current_a, 1),
        "temperature": clock.number("celsius", inverter.inverter_temperature_c),
        "mode": clock(f"mode.{inverter.mode.value}"),
        "warnings": _listed(inverter.warnings, clock),
        "faults": _listed(inverter.faults, clock),
    }


def _listed(names: Iterable[str] | None, clock: Clock) -> str:
    if names is None:
        return clock("unknown")
    return ", ".join(names) or clock("page.none")


def _others(snapshot: BrokerState, shown: str, clock: Clock) -> list[Any]:
    return [
        html.Li(
            [
                html.Span(name, className="name"),
                html.Span(clock.power(load_w(snapshot.inverters[name])), className="word"),
                html.Span(_as_of(snapshot.inverters[name], clock, connected=snapshot.connected), className="as-of"),
            ]
        )
        for name in sorted(snapshot.inverters)
        if name != shown
    ]
