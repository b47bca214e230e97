"""The view of *Now*, pure: messages in, texts and states out. The browser only draws it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from dash import html

from services.dashboard.markup import tree
from services.dashboard.now.banner import banner, banner_state
from services.dashboard.now.battery_answer import answer, until
from services.dashboard.now.battery_rows import pack_rows
from services.dashboard.now.data_sources import source_rows
from services.dashboard.now.first_run import checklist
from services.dashboard.now.plug_plan import plug_plan
from services.dashboard.now.plugs import plug_rows, why_disabled
from services.dashboard.now.power_flow import figures, flow, load_percent, nodes, panel_strings
from services.dashboard.now.timeline import live_layer
from services.dashboard.pages import View
from services.dashboard.reasons import reasons_in_line, worst_severity
from services.dashboard.service_status import service_rows, state_of
from shared.broker_state import BrokerState
from shared.charge import RESERVE_PERCENT
from shared.freshness import READING_HOLDS, fresh
from shared.live_figures import ALL, is_inverter_live, is_unused, live_figures, live_inverter, load_w, units
from shared.messages import Contact, Grid, InverterState, ServiceHealth
from shared.texts.localizer import Localizer
from shared.texts.what_next import what_next


def view(snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta = READING_HOLDS) -> View:
    """Return the view."""
    name = chosen(snapshot, localizer.now, fresh_for)
    inverter = _with_grid(name, snapshot)
    reading = inverter or InverterState(at=localizer.now)
    live = snapshot.connected and fresh(reading.at, localizer.now, fresh_for)
    fresh_ones = live_figures(snapshot, localizer.now, fresh_for)
    grid = fresh_ones.grid.state if fresh_ones.grid else Grid.UNKNOWN
    soc = replace(fresh_ones, inverter=reading).soc_percent  # an old one is shown too, dimmed
    soc_now = fresh_ones.soc_percent if snapshot.connected else None
    lasts, verdict = until(snapshot, fresh_ones, localizer), answer(snapshot, localizer)
    known = any((inverter, snapshot.grid, snapshot.schedule, snapshot.batteries))
    reporting = _reporting(name, reading, snapshot, localizer.now, fresh_for)
    return View(
        missing=inverter is None,
        stale=not live,
        text={
            "empty-title": localizer("now.empty_inverter" if known else "now.empty_title"),
            "empty": localizer("now.empty" if snapshot.connected else "now.empty_offline"),
            **banner(snapshot, localizer, fresh_for),
            "next": what_next(snapshot, localizer, fresh_for),
            "why": "" if live else _why_silent(snapshot, name, localizer),
            "soc": localizer.number("percent", soc),
            "until-label": lasts.label,
            "until": lasts.value,
            **figures(reading, grid, localizer),
            **_details(name, reading, reporting, localizer),
            "plugs-closed": why_disabled(snapshot, localizer) if snapshot.plugs else "",
            "as-of": _as_of(inverter, localizer, live=live),
            "name": _title(name, snapshot, localizer),
        },
        state={
            "house": "known" if known else "bare",
            "banner": banner_state(snapshot, localizer.now, fresh_for),
            "battery-card": "bare" if soc is None and not verdict else "known",
            **nodes(reading, grid),
            **_marks(reporting),
        },
        parts={
            "forecast": tree(verdict),
            "others": tree(_others(snapshot, name, localizer, fresh_for)),
            "packs": tree(pack_rows(snapshot, localizer)),
            "strip": tree(live_layer(snapshot, soc_now, localizer, fresh_for)),
            "plugs": tree(plug_rows(snapshot, localizer)),
            "plug-plan": tree(plug_plan(snapshot, localizer)),
            "checklist": tree([] if inverter else checklist(snapshot, localizer)),
            "sources": tree(source_rows(snapshot, localizer, fresh_for)),
            "services": tree(_troubled(snapshot, localizer)),
        },
        extra={
            "flow": flow(reading, grid) if live and inverter else dict.fromkeys(("sun", "grid", "battery", "home"), 0),
            "soc": soc,
            "reserve": snapshot.outlook.reserve_percent if snapshot.outlook else RESERVE_PERCENT,
            "load": load_percent(reading),
        },
    )


def chosen(snapshot: BrokerState, now: datetime, fresh_for: timedelta) -> str:
    """Return the sum of all or the first live inverter, else the one with the newest reading, or an empty string."""
    inverters = snapshot.inverters
    newest = max(sorted(inverters), key=lambda name: inverters[name].at, default="")
    return live_inverter(snapshot, now, fresh_for) or (ALL if ALL in inverters else newest)


def _with_grid(name: str, snapshot: BrokerState) -> InverterState | None:
    """Return a reading; the sum of all with the voltage and frequency that the grid's state shows."""
    inverter, grid = snapshot.inverters.get(name), snapshot.grid
    if inverter is None or name != ALL or grid is None:
        return inverter
    return inverter.model_copy(update={"grid_voltage_v": grid.voltage_v, "grid_frequency_hz": grid.frequency_hz})


def _title(name: str, snapshot: BrokerState, localizer: Localizer) -> str:
    """Return which inverter is shown where there are several; of the sum, how many answer."""
    total = snapshot.inverters.get(name)
    if name != ALL or total is None:
        return name if len(snapshot.inverters) > 1 else ""
    listed, silent = len(total.inverters or ()), len(total.silent or ())
    if silent:
        return localizer("now.some_inverters", answering=listed - silent, count=listed)
    return localizer("now.all_inverters", count=listed)


def _troubled(snapshot: BrokerState, localizer: Localizer) -> list[Any]:
    """The services with a problem; all of them while there is no inverter. What is not set up is on *System*."""
    shown = {
        name: status
        for name, status in snapshot.services.items()
        if not (snapshot.inverters and _is_fine(name, snapshot, localizer))
    }
    return service_rows(replace(snapshot, services=shown), localizer)


def _is_fine(service: str, snapshot: BrokerState, localizer: Localizer) -> bool:
    state = state_of(snapshot.services[service], localizer)
    return state == ServiceHealth.ONLINE or (state == ServiceHealth.DISABLED and is_unused(snapshot, service))


def _why_silent(snapshot: BrokerState, name: str, localizer: Localizer) -> str:
    """Why the inverter does not answer, as the poller reports it."""
    offline = (one for _, one in sorted(snapshot.inverter_availability.items()) if one.state is Contact.OFFLINE)
    contact = next(offline, None) if name == ALL else snapshot.inverter_availability.get(name)
    if not snapshot.connected or contact is None or contact.state is Contact.ONLINE or not contact.reason:
        return ""
    return localizer("now.inverter_why", why=localizer.reason(contact.reason))


def _as_of(inverter: InverterState | None, localizer: Localizer, *, live: bool) -> str:
    if inverter is None:
        return ""
    return localizer("page.live" if live else "page.as_of", at=localizer.second(inverter.at))


Reporting = Sequence[tuple[str, InverterState]]
"""The inverters that report something now, by their names."""


def _reporting(
    name: str, reading: InverterState, snapshot: BrokerState, now: datetime, fresh_for: timedelta
) -> Reporting:
    """Return the inverter that is shown; of the sum, which knows nothing while one is silent, those that answer."""
    if name != ALL:
        return [(name, reading)]
    return [one for one in units(snapshot.inverters) if is_inverter_live(snapshot, one[0], now, fresh_for)]


def _marks(inverters: Reporting) -> dict[str, str]:
    worst = worst_severity([reason for _, one in inverters for reason in one.warnings or ()])
    return {
        "warnings": worst.value if worst else "calm",
        "faults": "alarm" if any(one.faults for _, one in inverters) else "calm",
    }


def _details(name: str, reading: InverterState, reporting: Reporting, localizer: Localizer) -> dict[str, str]:
    """Return what is only shown small; of several inverters that of each, for it cannot be summed."""
    warned = {
        "warnings": reasons_in_line(reading.warnings, localizer),
        "faults": reasons_in_line(reading.faults, localizer),
    }
    if name != ALL:
        return _figures(reading, localizer) | warned
    figures = [(one, _figures(state, localizer)) for one, state in reporting]
    known = {
        "warnings": [(one, reasons_in_line(state.warnings, localizer)) for one, state in reporting if state.warnings],
        "faults": [(one, reasons_in_line(state.faults, localizer)) for one, state in reporting if state.faults],
        **{key: [(one, shown[key]) for one, shown in figures if shown[key]] for key in _figures(reading, localizer)},
    }
    return warned | {key: _of_each(shown, localizer) for key, shown in known.items() if shown or key not in warned}


def _of_each(shown: Sequence[tuple[str, str]], localizer: Localizer) -> str:
    return " · ".join(localizer("now.of_inverter", name=name, value=value) for name, value in shown)


def _figures(inverter: InverterState, localizer: Localizer) -> dict[str, str]:
    return {
        "output-voltage": localizer.number("volts", inverter.output_voltage_v, 1),
        "output-frequency": localizer.number("hertz", inverter.output_frequency_hz, 2),
        "battery-voltage": localizer.number("volts", inverter.battery_voltage_v, 1),
        "battery-current": localizer.number("amperes", inverter.battery_current_a, 1),
        "grid-frequency": localizer.number("hertz", inverter.grid_frequency_hz, 2),
        "sun-strings": panel_strings(inverter, localizer),
        "temperature": localizer.number("celsius", inverter.inverter_temperature_c),
        "mode": localizer(f"mode.{inverter.mode.value}"),
    }


def _others(snapshot: BrokerState, shown: str, localizer: Localizer, fresh_for: timedelta) -> list[Any]:
    """Return each inverter that is not shown large; with the sum shown, each of them."""
    return [
        _other(name, inverter, snapshot, localizer, fresh_for)
        for name, inverter in units(snapshot.inverters)
        if name != shown
    ]


def _other(
    name: str, inverter: InverterState, snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta
) -> html.Li:
    live = snapshot.connected and is_inverter_live(snapshot, name, localizer.now, fresh_for)
    info = snapshot.inverter_infos.get(name)
    phase = [localizer("now.on_phase", phase=info.phase)] if info and info.phase else []
    load, sun, battery = map(localizer.power, (load_w(inverter), inverter.pv_power_w, inverter.battery_power_w))
    figures = localizer("now.one_inverter", load=load, sun=sun, battery=battery)
    return html.Li(
        [
            html.Span(name, className="name"),
            *(html.Span(one, className="word") for one in (*phase, figures)),
            html.Span(_as_of(inverter, localizer, live=live), className="as-of"),
        ]
    )
