"""What the commands say, pure: the broker's state, the moment, the language -> a text. Unknown is said as such."""

from collections.abc import Sequence

from shared.texts.devices import device_words

from services.bot.alert import LIVE
from services.bot.alerts import expected_around
from services.bot.days import day_text, old_text, schedule_text
from services.bot.words import Html, Voice, lines, paragraphs
from shared import outages
from shared.broker_state import BrokerState
from shared.freshness import PLUG_HOLDS, fresh
from shared.live_figures import LiveFigures, is_battery_live, live_figures, packs
from shared.messages import BatteryState, Grid, OutageSchedule, PlugState

NOBODY = 0
LOW_PERCENT = 30
TIGHT = 1.25
"""Less than this times what is needed is called tight."""


def status_text(voice: Voice, snapshot: BrokerState) -> str:
    """Return everything at a glance."""
    if snapshot.grid is None and not snapshot.inverters and not snapshot.batteries:
        return lines(voice("no_data"), _today(voice, snapshot))
    return paragraphs(
        lines(
            _grid(voice, snapshot),
            _figures(voice, snapshot),
            *(_pack_line(voice, snapshot, device, state) for device, state in packs(snapshot.batteries)),
        ),
        lines(*(_plug_line(voice, device, one, "plug_short") for device, one in sorted(snapshot.plugs.items()))),
        _today(voice, snapshot),
        _updated(voice, snapshot),
    )


def _grid(voice: Voice, snapshot: BrokerState) -> str:
    grid = live_figures(snapshot, voice.now).grid
    if grid is None or grid.state is Grid.UNKNOWN:
        return voice("grid_is_unknown")
    name = "grid_is_on" if grid.state is Grid.ON else "grid_is_off"
    return voice(name, time=voice.time(grid.since), lasted=voice.lasted(voice.now - grid.since))


def _figures(voice: Voice, snapshot: BrokerState) -> str | None:
    live = live_figures(snapshot, voice.now)
    voltage = live.inverter.grid_voltage_v if live.inverter else None
    sun = live.inverter.pv_power_w if live.inverter else None
    load = live.load_w
    return (
        lines(
            voice("voltage", voltage=voice.number("volts", voltage)) if voltage is not None else None,
            voice("load", load=voice.power(load)) if load is not None else None,
            voice("sun", power=voice.power(sun)) if sun is not None else None,
            _battery_flow(voice, live),
        )
        or None
    )


def _battery_flow(voice: Voice, live: LiveFigures) -> str | None:
    soc, power = live.soc_percent, live.battery_power_w
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


def _pack_line(voice: Voice, snapshot: BrokerState, device: str, state: BatteryState) -> str:
    name = snapshot.battery_name(device)
    if not is_battery_live(snapshot, device, voice.now):
        return voice("battery_line", name=name, soc=voice("unknown"), flow=voice("silent"))
    soc = voice.number("percent", state.soc_percent)
    return voice("battery_line", name=name, soc=soc, flow=flow(voice, state.power_w))


def _today(voice: Voice, snapshot: BrokerState) -> str:
    if snapshot.schedule is None:
        return voice("no_schedule")
    today = day_text(voice, outages.days_ahead(snapshot.schedule, voice.now, 1)[0])
    return lines(today, old_text(voice, snapshot.schedule, "plan_old"))


def _updated(voice: Voice, snapshot: BrokerState) -> str:
    moments = [one.at for one in (snapshot.grid, *snapshot.inverters.values(), *snapshot.batteries.values()) if one]
    newest = max(moments)
    return voice("updated" if fresh(newest, voice.now, LIVE) else "old_data", time=voice.time(newest))


def battery_text(voice: Voice, snapshot: BrokerState) -> str:
    """Return the charge, how long it lasts and whether that is long enough, the cells, what is wrong."""
    live = live_figures(snapshot, voice.now)
    soc, load, batteries = live.soc_percent, live.load_w, packs(snapshot.batteries)
    if soc is None and not batteries:
        return voice("no_data")
    return lines(
        Html(f"<b>{_battery_flow(voice, live) or voice('charge', soc=voice('unknown'))}</b>"),
        voice("load", load=voice.power(load)) if load is not None else None,
        *_runtime(voice, snapshot.schedule, live),
        *(line for device, state in batteries for line in _pack(voice, snapshot, device, state)),
        voice("advice") if soc is not None and soc < LOW_PERCENT else None,
    )


def _runtime(voice: Voice, schedule: OutageSchedule | None, live: LiveFigures) -> Sequence[str]:
    runtime, power = live.runtime, live.battery_power_w
    if runtime is None:
        return [voice("runtime_unknown")] if power is None or power < 0 else []
    said = [voice("lasts", lasts=voice.lasted(runtime))]
    status = expected_around(schedule, voice.now)
    if status.window is None or status.stale:
        return said
    needed = status.window.end - voice.now
    name = "not_enough" if runtime < needed else "tight" if runtime < needed * TIGHT else "until_end"
    return [*said, voice(name, time=voice.time(status.window.end))]


def _pack(voice: Voice, snapshot: BrokerState, device: str, state: BatteryState) -> list[str]:
    name = snapshot.battery_name(device)
    said: list[str] = [_pack_line(voice, snapshot, device, state)]
    if not is_battery_live(snapshot, device, voice.now):
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


def plugs_text(voice: Voice, snapshot: BrokerState) -> str:
    """Return every plug and what is known of it."""
    if not snapshot.plugs:
        return voice("no_plugs")
    return lines(
        voice("plugs_title"), *(_plug_line(voice, device, one) for device, one in sorted(snapshot.plugs.items()))
    )


def _plug_line(voice: Voice, device: str, plug: PlugState, sentence: str = "plug_line") -> str:
    is_silent = plug.reachable is False or not fresh(plug.at, voice.now, PLUG_HOLDS)
    note = voice("plug_unreachable") if is_silent else Html("")
    note = Html(note + (voice("plug_protected") if plug.protected else ""))
    return voice(sentence, name=plug.name or device, state=plug_state(voice, plug.on), note=note)


def plug_state(voice: Voice, on: bool | None) -> str:
    """Return on, off or unknown."""
    return voice("plug_unknown" if on is None else "plug_on" if on else "plug_off")


def plan_text(voice: Voice, snapshot: BrokerState) -> str:
    """Return the days ahead, and what holds right now where the plan says nothing of it."""
    return schedule_text(voice, snapshot.schedule)


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
