"""What the commands answer, pure: the broker's state -> a message in the chat's language. Unknown is shown as such."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from services.bot.texts.html import lines, paragraphs
from services.bot.texts.outlook import lasting, short_lines
from services.bot.texts.schedule import day_text, stale_note
from shared import outages
from shared.broker_state import BrokerState
from shared.conditions import battery, clock
from shared.freshness import CLOCK_SLACK, DECISION_HOLDS, fresh
from shared.live_figures import (
    LiveFigures,
    flow_sign,
    is_battery_live,
    is_clock_unset,
    is_inverter_live,
    is_plug_live,
    is_unused,
    live_figures,
    load_w,
    packs,
    units,
)
from shared.messages import BatteryState, Grid, GridState, InverterState, OutageSchedule, PlugInfo, PlugState, Window
from shared.texts.catalogue import say
from shared.texts.language import Language
from shared.texts.localizer import Localized, Localizer
from shared.texts.outlook_sentences import why_off
from shared.texts.what_next import what_next
from shared.trusted_time import is_unset

NOBODY = {0, 1087968824, 136817688, 777000}
"""Numbers of no person: unknown, an anonymous administrator of a group, a channel, Telegram itself."""
LOW_PERCENT = 30
TIGHT = 1.25
"""A runtime below this multiple of what is needed is called tight."""
COMMANDS = (
    "status",
    "battery",
    "outlook",
    "schedule",
    "chart",
    "energy",
    "outages",
    "plugs",
    "inverter",
    "settings",
    "id",
    "help",
)


def _menu(language: Language) -> list[tuple[str, str]]:
    return [(name, say(language, f"bot.cmd_{name}")) for name in COMMANDS]


MENUS = {"": _menu(Language.UK), "uk": _menu(Language.UK), "en": _menu(Language.EN)}
"""The menu of commands by the language of Telegram's app; "" is that of any other language."""


def status_text(localizer: Localizer, snapshot: BrokerState) -> str:
    """Return everything at a glance."""
    if snapshot.grid is None and not snapshot.inverters and not snapshot.batteries:
        nothing = localizer("bot.no_data") if snapshot.connected else localizer("bot.broker_gone")
        return lines(nothing, _today(localizer, snapshot))
    return paragraphs(
        None if snapshot.connected else localizer("bot.broker_gone"),
        localizer.reason(clock.NOT_SET()) if is_clock_unset(snapshot, localizer.now) else None,
        lines(
            _grid(localizer, snapshot),
            _back(localizer, snapshot),
            _figures(localizer, snapshot),
            *_answer(localizer, snapshot),
            *_inverter_lines(localizer, snapshot),
            *(_pack_line(localizer, snapshot, device, state) for device, state in packs(snapshot.batteries)),
        ),
        lines(*(_plug_line(localizer, device, one, "bot.plug_short") for device, one in snapshot.plugs_by_name())),
        _today(localizer, snapshot),
        _updated(localizer, snapshot),
    )


def _live_grid(localizer: Localizer, snapshot: BrokerState) -> GridState | None:
    """Return the present state of the grid, or None without the broker."""
    return live_figures(snapshot, localizer.now).grid if snapshot.connected else None


def _grid(localizer: Localizer, snapshot: BrokerState) -> str:
    grid = _live_grid(localizer, snapshot)
    if grid is None or grid.state is Grid.UNKNOWN:
        return lines(localizer("bot.power_is_unknown"), _last_known(localizer, snapshot))
    name = "bot.power_is_on" if grid.state is Grid.ON else "bot.power_is_off"
    lasted = localizer.lasted(localizer.now - grid.since)
    unset = is_unset(grid.since)
    state = (
        localizer(f"{name}_for", lasted=lasted)
        if unset
        else localizer(name, time=localizer.time(grid.since), lasted=lasted)
    )
    lost = ", ".join(str(phase) for phase, is_there in (grid.phases or {}).items() if is_there is False)
    is_split = lost and grid.state is Grid.ON
    return lines(state, localizer("bot.phases_off", phases=lost) if is_split else None)


def _last_known(localizer: Localizer, snapshot: BrokerState) -> str | None:
    """Return since when the inverter has been silent, and what was known last, in the page's words."""
    grid = snapshot.grid
    if grid is None or grid.at > localizer.now + CLOCK_SLACK:
        return None
    state, since = (grid.last_known, grid.since) if grid.state is Grid.UNKNOWN else (grid.state, grid.at)
    known = localizer("now.last_known", grid=localizer(f"grid.{state.value}")) if state else None
    silent = localizer("now.no_contact", since=localizer.time(since)) if snapshot.connected else None
    return lines(*(localizer("bot.unheard", said=Localized(said)) for said in (silent, known) if said))


def _back(localizer: Localizer, snapshot: BrokerState) -> str | None:
    """Return when power should be back, during an outage."""
    grid = _live_grid(localizer, snapshot)
    if grid is None or grid.state is not Grid.OFF:
        return None
    return localizer("bot.back", back=Localized(what_next(snapshot, localizer, DECISION_HOLDS)))


def _answer(localizer: Localizer, snapshot: BrokerState) -> Sequence[str]:
    """Return whether the battery lasts through this outage or the next; how long it lasts, if that is unknown."""
    if snapshot.connected and (verdict := short_lines(localizer, snapshot)[:1]):
        return verdict
    grid = _live_grid(localizer, snapshot)
    is_off = grid is not None and grid.state is Grid.OFF
    return _runtime(localizer, snapshot.schedule, live_figures(snapshot, localizer.now)) if is_off else ()


def _inverter_lines(localizer: Localizer, snapshot: BrokerState) -> list[str]:
    """Return a line for each of several inverters."""
    inverters = units(snapshot.inverters)
    if len(inverters) < 2:
        return []
    return [_inverter_line(localizer, snapshot, name, state) for name, state in inverters]


def _inverter_line(localizer: Localizer, snapshot: BrokerState, name: str, state: InverterState) -> str:
    if not is_inverter_live(snapshot, name, localizer.now):
        return localizer("bot.inverter_line_silent", name=name)
    load, sun = localizer.power(load_w(state)), localizer.power(state.pv_power_w)
    return localizer("bot.inverter_line", name=name, load=load, sun=sun)


def _figures(localizer: Localizer, snapshot: BrokerState) -> str | None:
    live = live_figures(snapshot, localizer.now)
    voltage = live.inverter.grid_voltage_v if live.inverter else None
    if voltage is None and live.grid:
        voltage = live.grid.voltage_v  # of one inverter, if there are several
    sun = live.inverter.pv_power_w if live.inverter else None
    load = live.load_w
    return (
        lines(
            localizer("bot.voltage", voltage=localizer.number("volts", voltage)) if voltage is not None else None,
            localizer("bot.load", load=localizer.power(load)) if load is not None else None,
            localizer("bot.sun", power=localizer.power(sun)) if sun is not None else None,
            _battery_flow(localizer, live),
        )
        or None
    )


def _battery_flow(localizer: Localizer, live: LiveFigures) -> str | None:
    soc, power = live.soc_percent, live.battery_power_w
    if soc is None and power is None:
        return None
    return localizer("bot.battery_flow", soc=localizer.number("percent", soc), flow=_flow(localizer, power))


def _flow(localizer: Localizer, power_w: float | None) -> str:
    """Return whether a battery charges or discharges, and with what power."""
    if power_w is None:
        return localizer("bot.flow_unknown")
    name = {1: "charging", -1: "discharging", 0: "resting"}[flow_sign(power_w)]
    return localizer(f"bot.{name}", power=localizer.power(power_w))


def _pack_line(localizer: Localizer, snapshot: BrokerState, device: str, state: BatteryState) -> str:
    name = snapshot.battery_name(device)
    if not is_battery_live(snapshot, device, localizer.now):
        return localizer("bot.battery_line", name=name, soc=localizer("unknown"), flow=localizer("bot.silent"))
    soc = localizer.number("percent", state.soc_percent)
    return localizer("bot.battery_line", name=name, soc=soc, flow=_flow(localizer, state.power_w))


def _today(localizer: Localizer, snapshot: BrokerState) -> str | None:
    """Return what is planned today; nothing in a home that follows no schedule."""
    if snapshot.schedule is None:
        return None if is_unused(snapshot, "schedule") else localizer("bot.no_schedule")
    today = day_text(localizer, outages.days_ahead(snapshot.schedule, localizer.now, 1)[0])
    return lines(today, stale_note(localizer, snapshot.schedule, "bot.plan_old"))


def _updated(localizer: Localizer, snapshot: BrokerState) -> str:
    readings = (snapshot.grid, *snapshot.inverters.values(), *snapshot.batteries.values())
    newest = max(one.at for one in readings if one)
    name = "bot.updated" if fresh(newest, localizer.now, DECISION_HOLDS) else "bot.old_data"
    return localizer(name, time=localizer.time(newest))


def battery_text(localizer: Localizer, snapshot: BrokerState) -> str:
    """Return the charge, how long it lasts and whether that is long enough, the cells, and what is wrong."""
    live = live_figures(snapshot, localizer.now)
    soc, load, batteries = live.soc_percent, live.load_w, packs(snapshot.batteries)
    if soc is None and not batteries:
        return localizer("bot.no_data")
    flow = _battery_flow(localizer, live) or localizer("bot.charge", soc=localizer("unknown"))
    return lines(
        Localized(f"<b>{flow}</b>"),
        localizer("bot.load", load=localizer.power(load)) if load is not None else None,
        *_doubts(localizer, live),
        *(short_lines(localizer, snapshot) or _runtime(localizer, snapshot.schedule, live)),
        *(line for device, state in batteries for line in _pack(localizer, snapshot, device, state)),
        localizer("bot.advice") if soc is not None and soc < LOW_PERCENT else None,
    )


def _doubts(localizer: Localizer, live: LiveFigures) -> Iterator[str]:
    """Yield the batteries whose charge the sum counts although they are silent, or whose charge is unknown."""
    for reason in live.battery.health_reasons if live.battery else ():
        if reason.code in (battery.charge_carried.code, battery.charge_unknown.code):
            yield localizer("bot.charge_doubt", reason=localizer.reason(reason))


def _runtime(localizer: Localizer, schedule: OutageSchedule | None, live: LiveFigures) -> Sequence[str]:
    runtime, power = live.runtime, live.battery_power_w
    if runtime is None:
        return [localizer("bot.runtime_unknown")] if power is None or power < 0 else []
    found = [lasting(localizer, runtime, localizer.now)]
    window = _dark_until(schedule, live, localizer.now)
    if window is None:
        return found
    needed = window.end - localizer.now
    name = "bot.not_enough" if runtime < needed else "bot.tight" if runtime < needed * TIGHT else "bot.until_end"
    return [*found, localizer(name, time=localizer.time(window.end))]


def _dark_until(schedule: OutageSchedule | None, live: LiveFigures, now: datetime) -> Window | None:
    """Return the outage whose end should bring the power back; while the power is on, the nearest one."""
    if schedule is None or outages.is_stale(schedule, now):
        return None
    since = live.grid.since if live.grid and live.grid.state is Grid.OFF else now
    return outages.judge(schedule, since, now).back


def _pack(localizer: Localizer, snapshot: BrokerState, device: str, state: BatteryState) -> list[str]:
    name = snapshot.battery_name(device)
    found: list[str] = [_pack_line(localizer, snapshot, device, state)]
    if not is_battery_live(snapshot, device, localizer.now):
        return found
    low, high, delta = state.cell_min_v, state.cell_max_v, state.cell_delta_v
    if low is not None and high is not None and delta is not None:
        figures = {"low": localizer.number("volts", low, 3), "high": localizer.number("volts", high, 3)}
        found.append(localizer("bot.spread", name=name, delta=localizer.number("millivolts", 1000 * delta), **figures))
    warmest = max((one for one in state.temperatures_c or () if one is not None), default=None)
    if warmest is not None:
        found.append(localizer("bot.temperature", name=name, temperature=localizer.number("celsius", warmest)))
    reasons = (localizer.reason(reason) for reason in state.health_reasons)
    return [*found, *(localizer("bot.battery_reason", name=name, reason=reason) for reason in reasons)]


def plugs_text(localizer: Localizer, snapshot: BrokerState) -> str:
    """Return every plug and what is known about it."""
    if not snapshot.plugs:
        return localizer("bot.no_plugs")
    return lines(
        localizer("bot.plugs_title"),
        *(_plug_line(localizer, device, one) for device, one in snapshot.plugs_by_name()),
        why_off(localizer, snapshot),
    )


def are_only_found(snapshot: BrokerState) -> bool:
    """Whether plugs are listed, and none can be switched before one is chosen."""
    return not snapshot.plugs and any(info.listed for info in snapshot.plug_infos.values())


def plug_setup_text(localizer: Localizer, snapshot: BrokerState) -> str:
    """Return every listed plug and its rule."""
    infos = sorted(snapshot.plug_infos.values(), key=lambda info: (info.seen, info.name.casefold()))
    listed = [_rule_line(localizer, info) for info in infos if info.listed]
    if not listed:
        return localizer("bot.no_plugs")
    found = localizer("bot.plugs_found") if are_only_found(snapshot) else None
    return lines(localizer("bot.setup_title"), *listed, found)


def _rule_line(localizer: Localizer, info: PlugInfo) -> str:
    rules = ("bot.rule_idle", "bot.rule_follows") if info.seen else ("bot.rule_held", "bot.rule_undecided")
    rule = "bot.rule_protected" if info.protected else rules[info.follows_grid]
    reason = localizer.reason(info.reason) if info.reason else Localized("")
    said = localizer(rule)
    if info.tested_at:
        said = localizer("bot.rule_tested", rule=said, time=localizer.time(info.tested_at))
    return localizer("bot.rule_line", name=info.name, rule=said, reason=reason)


def _plug_line(localizer: Localizer, device: str, plug: PlugState, sentence: str = "bot.plug_line") -> str:
    is_live = is_plug_live(plug, localizer.now)
    note = Localized("") if is_live else localizer("bot.plug_unreachable")
    note = Localized(note + (localizer("bot.plug_protected") if plug.protected else ""))
    is_on = plug.on if is_live else None
    state = "bot.plug_unknown" if is_on is None else "bot.plug_on" if is_on else "bot.plug_off"
    return localizer(sentence, name=plug.name or device, state=localizer(state), note=note)


def help_text(localizer: Localizer, *, is_viewer: bool) -> str:
    """Return what the bot can do."""
    return lines(
        localizer("bot.start"),
        *(Localized(f"/{name} – {localizer('bot.cmd_' + name)}") for name in COMMANDS),
        localizer("bot.viewer_note") if is_viewer else None,
    )


def id_text(localizer: Localizer, chat: int, user: int, topic: int | None, *, is_allowed: bool) -> str:
    """Return the numbers of a chat and its topic, in a group also the person's; tell a stranger how to continue."""
    number = str(chat) if topic is None else f"{chat}/{topic}"
    own = localizer("bot.own_id", user=user) if user not in NOBODY | {chat} else None
    return lines(localizer("bot.your_id", chat=number), own, None if is_allowed else localizer("bot.how_to_allow"))
