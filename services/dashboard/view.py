"""What the page *Now* says, pure: messages in, texts and states out. The browser only draws it."""

from collections.abc import Iterable, Mapping
from typing import Any

from services.dashboard.live import Snapshot
from services.dashboard.wording import JOINED, Clock, number, power
from shared.freshness import CLOCK_SLACK, STATUS_HOLDS, fresh
from shared.messages import Contact, Grid, GridState, InverterState, ServiceStatus

STILL_W = 10
"""Below this a flow is noise of the sensor, and nothing moves."""
FULL_W = 5000
"""From here on a flow is drawn as thick and fast as it gets."""

View = dict[str, Any]


def now_page(snapshot: Snapshot, clock: Clock) -> View:
    """Return everything that the page shows: `text` and `state` by the key of an element, and three lists."""
    name = chosen(snapshot.inverters, clock)
    inverter = snapshot.inverters.get(name)
    page = _page(snapshot, inverter, clock)
    grid = snapshot.grid.state if snapshot.grid and clock.fresh(snapshot.grid.at) else Grid.UNKNOWN
    reading = inverter or InverterState(at=clock.now)
    banner = _banner(snapshot, clock)
    return {
        "page": page,
        "text": {
            **_notice(snapshot, name, clock),
            **_empty(snapshot, clock),
            **banner,
            **_tiles(reading, grid, clock),
            **_details(reading, clock),
            "verdict": verdict(reading, grid, clock) if page == "live" else _why(snapshot, name, clock),
            "as-of": _as_of(inverter, clock),
            "name": name if len(snapshot.inverters) > 1 else "",
        },
        "state": {"banner": _banner_state(snapshot, clock), **_nodes(reading, grid), **_alarms(reading)},
        "flow": _flow(reading, grid) if page == "live" else dict.fromkeys(("sun", "grid", "battery", "home"), 0),
        "soc": reading.battery_soc_percent,
        "others": [
            _other(other, snapshot.inverters[other], clock) for other in sorted(snapshot.inverters) if other != name
        ],
        "services": [service_row(one, snapshot.services[one], clock) for one in sorted(snapshot.services)],
    }


def chosen(inverters: Mapping[str, InverterState], clock: Clock) -> str:
    """Return the first inverter that is live, or else the one heard last, or else an empty name."""
    live = (name for name in sorted(inverters) if clock.fresh(inverters[name].at))
    heard_last = max(sorted(inverters), key=lambda name: inverters[name].at, default="")
    return next(live, heard_last)


def _page(snapshot: Snapshot, inverter: InverterState | None, clock: Clock) -> str:
    if inverter is None:
        return "empty"
    return "live" if snapshot.connected and clock.fresh(inverter.at) else "stale"


def _notice(snapshot: Snapshot, name: str, clock: Clock) -> dict[str, str]:
    """The line above everything, where something in between is broken."""
    return {"notice": "" if snapshot.connected or not name else clock.words.broker_gone}


def _empty(snapshot: Snapshot, clock: Clock) -> dict[str, str]:
    words = clock.words
    return {"empty": words.empty_text if snapshot.connected else words.empty_offline_text}


# the sentence at the top


def _banner(snapshot: Snapshot, clock: Clock) -> dict[str, str]:
    grid, words = snapshot.grid, clock.words
    if grid is None:
        return {"banner": words.grid_unheard, "lasting": ""}
    if grid.at > clock.now + CLOCK_SLACK:
        return {"banner": words.clock_ahead.format(at=clock.time(grid.at)), "lasting": ""}
    if not snapshot.connected:
        return {"banner": words.last_known.format(grid=_last_known(grid, clock)), "lasting": ""}
    if grid.state is Grid.UNKNOWN or not clock.fresh(grid.at):
        since = grid.since if grid.state is Grid.UNKNOWN else grid.at
        known = words.last_known.format(grid=_last_known(grid, clock)).lower()
        was_known = grid.state is not Grid.UNKNOWN or grid.last_known is not None
        return {
            "banner": words.no_contact.format(since=clock.since(since)),
            "lasting": f"{JOINED}– {known}" if was_known else "",
        }
    sentence = words.grid_on if grid.state is Grid.ON else words.grid_off
    lasting = words.lasting.format(duration=clock.lasted(grid.since))
    return {"banner": sentence.format(since=clock.since(grid.since)), "lasting": lasting}


def _last_known(grid: GridState, clock: Clock) -> str:
    state = grid.state if grid.state is not Grid.UNKNOWN else grid.last_known
    return clock.words.grid_words[state or Grid.UNKNOWN]


def _banner_state(snapshot: Snapshot, clock: Clock) -> str:
    grid = snapshot.grid
    return grid.state.value if grid and snapshot.connected and clock.fresh(grid.at) else Grid.UNKNOWN.value


def verdict(inverter: InverterState, grid: Grid, clock: Clock) -> str:
    """Return the second sentence: what the home uses, from where, and how the battery stands."""
    words = clock.words
    if inverter.load_power_w is None:
        uses = ""
    else:
        uses = words.home_uses.format(power=power(inverter.load_power_w, words)) + _sources(inverter, grid, clock)
    return f"{JOINED}· ".join(part for part in (uses, _battery_words(inverter, clock)) if part)


def _sources(inverter: InverterState, grid: Grid, clock: Clock) -> str:
    words = clock.words
    feeding = {
        words.the_sun: inverter.pv_power_w,
        words.the_grid: inverter.grid_power_w if grid is Grid.ON else None,
        words.the_battery: -inverter.battery_power_w if inverter.battery_power_w is not None else None,
    }
    names = [name for name, watts in feeding.items() if watts is not None and watts >= STILL_W]
    if not names:
        return ""
    joined = words.both.format(first=", ".join(names[:-1]), second=names[-1]) if names[1:] else names[0]
    return words.from_sources.format(sources=joined)


def _battery_words(inverter: InverterState, clock: Clock) -> str:
    if inverter.battery_soc_percent is None:
        return ""
    words = clock.words
    sentence = words.battery_charging if _sign(inverter.battery_power_w) > 0 else words.battery_at
    return sentence.format(soc=number(inverter.battery_soc_percent, "%"))


def _why(snapshot: Snapshot, name: str, clock: Clock) -> str:
    """What the poller says about a device that does not answer."""
    contact = snapshot.availability.get(name)
    if not snapshot.connected or contact is None or contact.state is Contact.ONLINE or not contact.why:
        return ""
    return clock.words.inverter_why.format(why=contact.why)


def _as_of(inverter: InverterState | None, clock: Clock) -> str:
    if inverter is None:
        return ""
    form = clock.words.live if clock.fresh(inverter.at) else clock.words.as_of
    return form.format(at=clock.time(inverter.at))


# the four nodes and their tiles


def _tiles(inverter: InverterState, grid: Grid, clock: Clock) -> dict[str, str]:
    words = clock.words
    missing = grid is Grid.OFF
    return {
        "sun": power(inverter.pv_power_w, words),
        "sun-note": _sun_note(inverter, clock),
        "grid": words.no_grid if missing else power(inverter.grid_power_w, words),
        "grid-note": "" if missing else _direction(inverter.grid_power_w, words.importing, words.exporting, words.idle),
        "home": power(inverter.load_power_w, words),
        "home-note": _home_note(inverter, clock),
        "battery": power(inverter.battery_power_w, words),
        "battery-fact": "" if inverter.battery_power_w is None else power(inverter.battery_power_w),
        "battery-voltage": _fact(inverter.battery_voltage_v, "V", 1),
        "grid-voltage": _fact(inverter.grid_voltage_v, "V", 1),
        "grid-frequency": _fact(inverter.grid_frequency_hz, "Hz", 2),
        "battery-note": _direction(inverter.battery_power_w, words.charging, words.discharging, words.resting),
        "soc": number(inverter.battery_soc_percent, "%", words=words),
    }


def _fact(value: float | None, unit: str, digits: int) -> str:
    """A small fact that stands without its name, so an unknown one says nothing."""
    return "" if value is None else number(value, unit, digits)


def _sun_note(inverter: InverterState, clock: Clock) -> str:
    words = clock.words
    if inverter.pv_energy_today_kwh is not None:
        return words.produced_today.format(energy=number(inverter.pv_energy_today_kwh, "kWh", 1))
    return words.no_sun if inverter.pv_power_w == 0 else ""


def _home_note(inverter: InverterState, clock: Clock) -> str:
    if inverter.load_percent is None:
        return ""
    return clock.words.load_share.format(percent=number(inverter.load_percent, "%"))


def _direction(watts: float | None, positive: str, negative: str, still: str) -> str:
    if watts is None:
        return ""
    return {1: positive, -1: negative, 0: still}[_sign(watts)]


def _nodes(inverter: InverterState, grid: Grid) -> dict[str, str]:
    """A node is `missing` (a grid that is away), `unknown`, `idle` or `active`: looks that need no colour."""
    return {
        "sun": _node(inverter.pv_power_w),
        "grid": "missing" if grid is Grid.OFF else _node(inverter.grid_power_w),
        "battery": _node(inverter.battery_power_w),
        "home": _node(inverter.load_power_w),
    }


def _node(watts: float | None) -> str:
    if watts is None:
        return "unknown"
    return "active" if _sign(watts) else "idle"


def _alarms(inverter: InverterState) -> dict[str, str]:
    return {
        "warnings": "alarm" if inverter.warnings else "calm",
        "faults": "alarm" if inverter.faults else "calm",
    }


def _flow(inverter: InverterState, grid: Grid) -> dict[str, float]:
    """How strongly it flows on each line, 0 to 1: positive out of sun, grid and battery, and into the home."""
    return {
        "sun": strength(inverter.pv_power_w),
        "grid": 0 if grid is Grid.OFF else strength(inverter.grid_power_w),
        "battery": -strength(inverter.battery_power_w),
        "home": strength(inverter.load_power_w),
    }


def strength(watts: float | None) -> float:
    """Return the power as a part of the most that is drawn, keeping its direction."""
    if watts is None or not _sign(watts):
        return 0
    return _sign(watts) * round(min(1, abs(watts) / FULL_W), 3)


def _sign(watts: float | None) -> int:
    if watts is None or abs(watts) < STILL_W:
        return 0
    return 1 if watts > 0 else -1


# the smaller facts


def _details(inverter: InverterState, clock: Clock) -> dict[str, str]:
    words = clock.words
    return {
        "output-voltage": number(inverter.output_voltage_v, "V", 1),
        "output-frequency": number(inverter.output_frequency_hz, "Hz", 2),
        "battery-current": number(inverter.battery_current_a, "A", 1),
        "temperature": number(inverter.inverter_temperature_c, "°C"),
        "mode": words.modes[inverter.mode],
        "warnings": _listed(inverter.warnings, clock),
        "faults": _listed(inverter.faults, clock),
    }


def _listed(names: Iterable[str] | None, clock: Clock) -> str:
    if names is None:
        return clock.words.unknown
    return ", ".join(names) or clock.words.none


def _other(name: str, inverter: InverterState, clock: Clock) -> dict[str, str]:
    return {"name": name, "power": power(inverter.load_power_w), "as_of": _as_of(inverter, clock)}


def service_row(name: str, status: ServiceStatus, clock: Clock) -> dict[str, str]:
    """Return a service as one row: its state, or that it has fallen silent, and why."""
    goodbye = status.since is None or status.state.value == "offline"
    if not goodbye and not fresh(status.at, clock.now, STATUS_HOLDS):
        silent = clock.words.silent_since.format(since=clock.since(status.at))
        return {"name": name, "state": "silent", "word": silent, "reason": ""}
    return {
        "name": name,
        "state": status.state.value,
        "word": clock.words.health[status.state],
        "reason": status.reason or "",
    }
