"""What the page *Now* says, pure: messages in, texts and states out. The browser only draws it."""

from collections.abc import Iterable, Mapping
from typing import Any

from dash import html

from services.dashboard.live import Snapshot
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
from shared import charge
from shared.messages import Contact, Grid, InverterState


def view(snapshot: Snapshot, clock: Clock) -> View:
    """Return everything that the page shows."""
    name = chosen(snapshot.inverters, clock)
    inverter = snapshot.inverters.get(name)
    reading = inverter or InverterState(at=clock.now)
    live = snapshot.connected and clock.fresh(reading.at)
    grid = snapshot.grid.state if snapshot.grid and clock.fresh(snapshot.grid.at) else Grid.UNKNOWN
    total = charge.live_sum(snapshot.batteries, clock.now)
    soc = charge.soc_percent(total, reading)
    soc_now = charge.soc_percent(total, reading if live else None) if snapshot.connected else None
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
            "outlook": outlook(snapshot, inverter if live else None, clock),
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


def chosen(inverters: Mapping[str, InverterState], clock: Clock) -> str:
    """Return the first inverter that is live, or else the one heard last, or else an empty name."""
    live = (name for name in sorted(inverters) if clock.fresh(inverters[name].at))
    heard_last = max(sorted(inverters), key=lambda name: inverters[name].at, default="")
    return next(live, heard_last)


def _troubled(snapshot: Snapshot, clock: Clock) -> list[Any]:
    """The services that need somebody; all of them while there is nothing else to see."""
    rows = service_rows(snapshot, clock)
    return [row for row in rows if vars(row)["data-state"] != "online"] if snapshot.inverters else rows


def _why(snapshot: Snapshot, name: str, clock: Clock) -> str:
    """What the poller says about a device that does not answer."""
    contact = snapshot.availability.get(name)
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


def _others(snapshot: Snapshot, shown: str, clock: Clock) -> list[Any]:
    return [
        html.Li(
            [
                html.Span(name, className="name"),
                html.Span(clock.power(charge.load_w(snapshot.inverters[name])), className="word"),
                html.Span(_as_of(snapshot.inverters[name], clock, connected=snapshot.connected), className="as-of"),
            ]
        )
        for name in sorted(snapshot.inverters)
        if name != shown
    ]
