"""The view of *Now*, pure: messages in, texts and states out. The browser only draws it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from dash import html

from services.dashboard.markup import tree
from services.dashboard.now.banner import banner, banner_state
from services.dashboard.now.battery_rows import pack_rows
from services.dashboard.now.data_sources import source_rows
from services.dashboard.now.outlook import outlook
from services.dashboard.now.plugs import plug_rows, why_disabled
from services.dashboard.now.power_flow import flow, load_percent, nodes, tiles
from services.dashboard.now.summary import verdict
from services.dashboard.now.timeline import live_layer
from services.dashboard.pages import View
from services.dashboard.reasons import reasons_in_line
from services.dashboard.service_status import service_rows
from shared.broker_state import BrokerState
from shared.freshness import READING_HOLDS, fresh
from shared.live_figures import live_figures, live_inverter, load_w
from shared.messages import Contact, Grid, InverterState
from shared.texts.localizer import Localizer


def view(snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta = READING_HOLDS) -> View:
    """Return the view."""
    name = chosen(snapshot, localizer.now, fresh_for)
    inverter = snapshot.inverters.get(name)
    reading = inverter or InverterState(at=localizer.now)
    live = snapshot.connected and fresh(reading.at, localizer.now, fresh_for)
    figures = live_figures(snapshot, localizer.now, fresh_for)
    grid = figures.grid.state if figures.grid else Grid.UNKNOWN
    soc = replace(figures, inverter=reading).soc_percent  # an old one is shown too, dimmed
    soc_now = figures.soc_percent if snapshot.connected else None
    known = any((inverter, snapshot.grid, snapshot.schedule, snapshot.batteries))
    return View(
        missing=inverter is None,
        stale=not live,
        text={
            "empty-title": localizer("now.empty_inverter" if known else "now.empty_title"),
            "empty": localizer("now.empty" if snapshot.connected else "now.empty_offline"),
            **banner(snapshot, localizer, fresh_for),
            **tiles(reading, grid, soc, localizer),
            **_details(reading, localizer),
            "verdict": verdict(reading, grid, soc, localizer) if live else _why_silent(snapshot, name, localizer),
            "outlook": outlook(snapshot, localizer, fresh_for),
            "plugs-closed": why_disabled(snapshot, localizer) if snapshot.plugs else "",
            "as-of": _as_of(inverter, localizer, live=live),
            "name": name if len(snapshot.inverters) > 1 else "",
        },
        state={
            "house": "known" if known else "bare",
            "banner": banner_state(snapshot, localizer.now, fresh_for),
            **nodes(reading, grid),
            **_marks(reading),
        },
        parts={
            "others": tree(_others(snapshot, name, localizer, fresh_for)),
            "packs": tree(pack_rows(snapshot, localizer)),
            "strip": tree(live_layer(snapshot, soc_now, localizer, fresh_for)),
            "plugs": tree(plug_rows(snapshot, localizer)),
            "sources": tree(source_rows(snapshot, localizer, fresh_for)),
            "services": tree(_troubled(snapshot, localizer)),
        },
        extra={
            "flow": flow(reading, grid) if live and inverter else dict.fromkeys(("sun", "grid", "battery", "home"), 0),
            "soc": soc,
            "load": load_percent(reading),
        },
    )


def chosen(snapshot: BrokerState, now: datetime, fresh_for: timedelta) -> str:
    """Return the name of the first live inverter, or the one with the newest reading, or an empty string."""
    inverters = snapshot.inverters
    newest = max(sorted(inverters), key=lambda name: inverters[name].at, default="")
    return live_inverter(snapshot, now, fresh_for) or newest


def _troubled(snapshot: BrokerState, localizer: Localizer) -> list[Any]:
    """The services with a problem; all of them while there is no inverter."""
    rows = service_rows(snapshot, localizer)
    return [row for row in rows if vars(row)["data-state"] != "online"] if snapshot.inverters else rows


def _why_silent(snapshot: BrokerState, name: str, localizer: Localizer) -> str:
    """Why the inverter does not answer, as the poller reports it."""
    contact = snapshot.inverter_availability.get(name)
    if not snapshot.connected or contact is None or contact.state is Contact.ONLINE or not contact.reason:
        return ""
    return localizer("now.inverter_why", why=localizer.reason(contact.reason))


def _as_of(inverter: InverterState | None, localizer: Localizer, *, live: bool) -> str:
    if inverter is None:
        return ""
    return localizer("page.live" if live else "page.as_of", at=localizer.second(inverter.at))


def _marks(inverter: InverterState) -> dict[str, str]:
    return {
        "warnings": "alarm" if inverter.warnings else "calm",
        "faults": "alarm" if inverter.faults else "calm",
    }


def _details(inverter: InverterState, localizer: Localizer) -> dict[str, str]:
    return {
        "output-voltage": localizer.number("volts", inverter.output_voltage_v, 1),
        "output-frequency": localizer.number("hertz", inverter.output_frequency_hz, 2),
        "battery-current": localizer.number("amperes", inverter.battery_current_a, 1),
        "temperature": localizer.number("celsius", inverter.inverter_temperature_c),
        "mode": localizer(f"mode.{inverter.mode.value}"),
        "warnings": reasons_in_line(inverter.warnings, localizer),
        "faults": reasons_in_line(inverter.faults, localizer),
    }


def _others(snapshot: BrokerState, shown: str, localizer: Localizer, fresh_for: timedelta) -> list[Any]:
    return [
        _other(name, inverter, localizer, live=snapshot.connected and fresh(inverter.at, localizer.now, fresh_for))
        for name, inverter in sorted(snapshot.inverters.items())
        if name != shown
    ]


def _other(name: str, inverter: InverterState, localizer: Localizer, *, live: bool) -> html.Li:
    return html.Li(
        [
            html.Span(name, className="name"),
            html.Span(localizer.power(load_w(inverter)), className="word"),
            html.Span(_as_of(inverter, localizer, live=live), className="as-of"),
        ]
    )
