"""What the commands say, pure: the house, the moment, the language -> a text. Unknown is said as such."""

from collections.abc import Sequence

from shared.texts.devices import device_words

from services.bot.alert import LIVE
from services.bot.alerts import expected_around
from services.bot.days import day_text, old_text, schedule_text
from services.bot.house import House
from services.bot.words import Html, Voice, lines, paragraphs
from shared import outages
from shared.freshness import PLUG_HOLDS, fresh
from shared.messages import BatteryState, Contact, Grid, PlugState

NOBODY = 0
LOW_PERCENT = 30
TIGHT = 1.25
"""Less than this times what is needed is called tight."""


def status_text(voice: Voice, house: House) -> str:
    """Return everything at a glance."""
    if house.grid is None and not house.inverters and not house.batteries:
        return lines(voice("no_data"), _today(voice, house))
    return paragraphs(
        lines(
            _grid(voice, house),
            _figures(voice, house),
            *(_pack_line(voice, house, device, state) for device, state in house.packs()),
        ),
        lines(*(_plug_line(voice, device, one, "plug_short") for device, one in sorted(house.plugs.items()))),
        _today(voice, house),
        _updated(voice, house),
    )


def _grid(voice: Voice, house: House) -> str:
    grid = house.live_grid(voice.now)
    if grid is None or grid.state is Grid.UNKNOWN:
        return voice("grid_is_unknown")
    name = "grid_is_on" if grid.state is Grid.ON else "grid_is_off"
    return voice(name, time=voice.time(grid.since), lasted=voice.lasted(voice.now - grid.since))


def _figures(voice: Voice, house: House) -> str | None:
    inverter = house.inverter(voice.now)
    voltage = inverter.grid_voltage_v if inverter else None
    sun = inverter.pv_power_w if inverter else None
    load = house.load_w(voice.now)
    return (
        lines(
            voice("voltage", voltage=voice.number("volts", voltage)) if voltage is not None else None,
            voice("load", load=voice.power(load)) if load is not None else None,
            voice("sun", power=voice.power(sun)) if sun is not None else None,
            _battery_flow(voice, house),
        )
        or None
    )


def _battery_flow(voice: Voice, house: House) -> str | None:
    soc, power = house.soc_percent(voice.now), house.battery_power_w(voice.now)
    if soc is None and power is None:
        return None
    return voice("battery_flow", soc=voice.number("percent", soc), flow=flow(voice, power))


def flow(voice: Voice, power_w: float | None) -> str:
    """Return which way a battery's power goes."""
    if power_w is None:
        return voice("flow_unknown")
    if round(power_w) == 0:
        return voice("resting")
    return voice("charging" if power_w > 0 else "discharging", power=voice.power(power_w))


def _pack_line(voice: Voice, house: House, device: str, state: BatteryState) -> str:
    name = house.battery_name(device)
    if not is_live(voice, house, device, state):
        return voice("battery_line", name=name, soc=voice("unknown"), flow=voice("silent"))
    soc = voice.number("percent", state.soc_percent)
    return voice("battery_line", name=name, soc=soc, flow=flow(voice, state.power_w))


def is_live(voice: Voice, house: House, device: str, state: BatteryState) -> bool:
    """Whether a battery answers and has said something lately."""
    contact = house.battery_contact.get(device)
    return fresh(state.at, voice.now, LIVE) and not (contact and contact.state is Contact.OFFLINE)


def _today(voice: Voice, house: House) -> str:
    if house.plan is None:
        return voice("no_schedule")
    today = day_text(voice, outages.days_ahead(house.plan, voice.now, 1)[0])
    return lines(today, old_text(voice, house.plan, "plan_old"))


def _updated(voice: Voice, house: House) -> str:
    moments = [one.at for one in (house.grid, *house.inverters.values(), *house.batteries.values()) if one]
    newest = max(moments)
    return voice("updated" if fresh(newest, voice.now, LIVE) else "old_data", time=voice.time(newest))


def battery_text(voice: Voice, house: House) -> str:
    """Return the charge, how long it lasts and whether that is long enough, the cells, what is wrong."""
    soc = house.soc_percent(voice.now)
    if soc is None and not house.packs():
        return voice("no_data")
    load = house.load_w(voice.now)
    return lines(
        Html(f"<b>{_battery_flow(voice, house) or voice('charge', soc=voice('unknown'))}</b>"),
        voice("load", load=voice.power(load)) if load is not None else None,
        *_runtime(voice, house),
        *(line for device, state in house.packs() for line in _pack(voice, house, device, state)),
        voice("advice") if soc is not None and soc < LOW_PERCENT else None,
    )


def _runtime(voice: Voice, house: House) -> Sequence[str]:
    runtime, power = house.runtime(voice.now), house.battery_power_w(voice.now)
    if runtime is None:
        return [voice("runtime_unknown")] if power is None or power < 0 else []
    said = [voice("lasts", lasts=voice.lasted(runtime))]
    status = expected_around(house.plan, voice.now)
    if status.window is None or status.stale:
        return said
    needed = status.window.end - voice.now
    name = "not_enough" if runtime < needed else "tight" if runtime < needed * TIGHT else "until_end"
    return [*said, voice(name, time=voice.time(status.window.end))]


def _pack(voice: Voice, house: House, device: str, state: BatteryState) -> list[str]:
    name = house.battery_name(device)
    said: list[str] = [_pack_line(voice, house, device, state)]
    if not is_live(voice, house, device, state):
        return said
    low, high, delta = state.cell_min_v, state.cell_max_v, state.cell_delta_v
    if low is not None and high is not None and delta is not None:
        figures = {"low": voice.number("volts", low, 3), "high": voice.number("volts", high, 3)}
        said.append(voice("spread", name=name, delta=voice.number("millivolts", 1000 * delta), **figures))
    warmest = max((one for one in state.temperatures_c or () if one is not None), default=None)
    if warmest is not None:
        said.append(voice("temperature", name=name, temperature=voice.number("celsius", warmest)))
    return [
        *said,
        *(voice("trouble", name=name, what=device_words(voice.language, reason)) for reason in state.health_reasons),
    ]


def plugs_text(voice: Voice, house: House) -> str:
    """Return every plug and what is known of it."""
    if not house.plugs:
        return voice("no_plugs")
    return lines(voice("plugs_title"), *(_plug_line(voice, device, one) for device, one in sorted(house.plugs.items())))


def _plug_line(voice: Voice, device: str, plug: PlugState, sentence: str = "plug_line") -> str:
    is_silent = plug.reachable is False or not fresh(plug.at, voice.now, PLUG_HOLDS)
    note = voice("plug_unreachable") if is_silent else Html("")
    note = Html(note + (voice("plug_protected") if plug.protected else ""))
    return voice(sentence, name=plug.name or device, state=plug_state(voice, plug.on), note=note)


def plug_state(voice: Voice, on: bool | None) -> str:
    """Return on, off or unknown."""
    return voice("plug_unknown" if on is None else "plug_on" if on else "plug_off")


def plan_text(voice: Voice, house: House) -> str:
    """Return the days ahead, and what holds right now where the plan says nothing of it."""
    return schedule_text(voice, house.plan)


COMMANDS = ("status", "battery", "schedule", "chart", "energy", "outages", "plugs", "settings", "id", "help")


def help_text(voice: Voice, *, is_viewer: bool) -> str:
    """Return what the bot can do."""
    return lines(
        voice("start"),
        *(Html(f"/{name} – {voice('cmd_' + name)}") for name in COMMANDS),
        voice("viewer_note") if is_viewer else None,
    )


def id_text(voice: Voice, chat: int, user: int, *, is_allowed: bool) -> str:
    """Return a chat's number, in a group also the person's own, and for a stranger how to go on."""
    own = voice("own_id", user=user) if user not in (chat, NOBODY) else None
    return lines(voice("your_id", chat=chat), own, None if is_allowed else voice("how_to_allow"))
