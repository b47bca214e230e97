"""The devices that Home Assistant shows of a house, from the broker's state. Pure.

A new kind of device is one more function in KINDS, and a table of its entities.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil

from services.homeassistant.controls import Control, controls
from services.homeassistant.entities import (
    BATTERY,
    CHARGE_AHEAD,
    CLOCK,
    ENERGY,
    GRID,
    GRID_EVENTS,
    INVERTER,
    NEXT_OUTAGE,
    OUTLOOK,
    WINDOWS,
    Entity,
    cells,
    temperatures,
)
from shared import topics
from shared.broker_state import BrokerState
from shared.conditions.inverter_settings import CLOCK as CLOCK_SETTING
from shared.freshness import READING_HOLDS, fresh
from shared.live_figures import (
    ALL,
    battery_holds,
    fresh_outlook,
    is_battery_live,
    is_inverter_live,
    is_plug_live,
    is_service_running,
)
from shared.messages import ChargeAheadPhase, Message, PlugState
from shared.texts.catalogue import say
from shared.texts.language import Language

OURS = "easun"
READINGS = 4
"""This many missing readings make an inverter's values unavailable."""


@dataclass(frozen=True)
class Part:
    """Entities that read one topic; message is its present message, or None."""

    topic: str
    entities: tuple[Entity, ...]
    message: Message | None = None
    expires_s: int | None = None


@dataclass(frozen=True)
class Switch:
    """A plug or one of its gangs, and whether a command to switch it would be accepted."""

    topic: str
    command_topic: str
    gang: str | None
    name: str | None
    may_switch: bool


@dataclass(frozen=True)
class Device:
    """A device of Home Assistant: an id that never changes, a name that may, and what belongs to it.

    is_live: what is known about it is current.
    """

    id: str
    name: str
    is_live: bool
    parts: tuple[Part, ...] = ()
    switches: tuple[Switch, ...] = ()
    controls: tuple[Control, ...] = ()
    services: tuple[str, ...] = ()
    has_triggers: bool = False
    facts: dict[str, str] = field(default_factory=dict)


Kind = Callable[[BrokerState, datetime, Language], Iterator[Device]]


def devices(state: BrokerState, now: datetime, language: Language) -> dict[str, Device]:
    """Return the devices of the house by their ids. Two with the same name get their ids appended."""
    found = [device for kind in KINDS for device in kind(state, now, language)]
    names = Counter(device.name for device in found)
    return {
        one.id: replace(one, name=say(language, "ha.twice", name=one.name, device=one.id.removeprefix(f"{OURS}_")))
        if names[one.name] > 1
        else one
        for one in found
    }


def object_id(kind: str, name: str = "") -> str:
    """Return the id of a device in Home Assistant."""
    return "_".join(filter(None, (OURS, kind, slug(name))))


def slug(name: str) -> str:
    """Return a name as letters, digits and _, all that Home Assistant accepts; different names give different slugs."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    mark = "" if plain == name else sha256(name.encode()).hexdigest()[:6]
    return "_".join(filter(None, (plain, mark)))


def interval_s(state: BrokerState, inverter: str) -> float:
    """Return how often an inverter is read; the sum, and the grid, are as slow as the slowest."""
    infos = state.inverter_infos.values() if inverter == ALL else [state.inverter_infos.get(inverter)]
    return max((info.interval_s or 0 for info in infos if info), default=0)


def holds(interval_s: float) -> timedelta:
    """Return how long a reading of the inverter is shown."""
    return max(READING_HOLDS, timedelta(seconds=ceil(READINGS * interval_s)))


def _inverters(state: BrokerState, now: datetime, language: Language) -> Iterator[Device]:
    for name, reading in sorted(state.inverters.items()):
        limit = holds(interval_s(state, name))
        info = state.inverter_infos.get(name)
        facts = {"model": info.model, "serial_number": info.serial_number, "sw_version": info.firmware} if info else {}
        yield Device(
            object_id("inverter", name),
            _inverter_name(name, language),
            _runs(state, "poller", now) and is_inverter_live(state, name, now, limit),
            (
                Part(topics.INVERTER_STATE.named(name), INVERTER, reading, _seconds(limit)),
                *_clock(state, name),
                *_charge_ahead(state, name),
            ),
            controls=controls(state, name, language),
            facts={key: value for key, value in facts.items() if value},
        )


def _clock(state: BrokerState, inverter: str) -> Iterator[Part]:
    """Yield the inverter's own clock, if it can be read."""
    settings = state.inverter_settings.get(inverter)
    clock = settings and settings.settings.get(CLOCK_SETTING)
    if clock and (clock.value is not None or clock.choices):
        yield Part(topics.INVERTER_SETTINGS.named(inverter), CLOCK, settings)


def _charge_ahead(state: BrokerState, inverter: str) -> Iterator[Part]:
    ahead = state.charge_ahead.get(inverter)
    if ahead and ahead.phase is not ChargeAheadPhase.OFF:
        yield Part(topics.CHARGE_AHEAD.named(inverter), CHARGE_AHEAD, ahead)


def _inverter_name(name: str, language: Language) -> str:
    if name == ALL:
        return say(language, "ha.inverter_all")
    return say(language, "ha.inverter") if name == "main" else say(language, "ha.inverter_named", name=name)


def _batteries(state: BrokerState, now: datetime, language: Language) -> Iterator[Device]:
    for name, reading in sorted(state.batteries.items()):
        info = state.battery_infos.get(name)
        listed = (*cells(reading.cell_voltages_v or ()), *temperatures(reading.temperatures_c or ()))
        facts = {"model": info.model, "serial_number": info.serial_number, "sw_version": info.software} if info else {}
        yield Device(
            object_id("battery", name),
            say(language, "ha.battery_all")
            if name == ALL
            else say(language, "ha.battery_named", name=state.battery_name(name)),
            _runs(state, "bms", now) and is_battery_live(state, name, now),
            (
                Part(
                    topics.BATTERY_STATE.named(name), (*BATTERY, *listed), reading, _seconds(battery_holds(state, name))
                ),
            ),
            facts={key: value for key, value in facts.items() if value},
        )


def _grid(state: BrokerState, now: datetime, language: Language) -> Iterator[Device]:
    if state.grid:
        limit = holds(interval_s(state, ALL))
        parts = (
            Part(topics.GRID_STATE.named(), GRID, state.grid, _seconds(limit)),
            Part(topics.GRID_EVENT.named(), GRID_EVENTS),
        )
        is_live = _runs(state, "poller", now) and state.has_heard(state.grid) and fresh(state.grid.at, now, limit)
        yield Device(object_id("grid"), say(language, "ha.grid"), is_live, parts, has_triggers=True)


def _energy(state: BrokerState, _now: datetime, language: Language) -> Iterator[Device]:
    if state.energy:
        part = Part(topics.ENERGY_STATE.named(), ENERGY, state.energy)
        yield Device(object_id("energy"), say(language, "ha.energy"), True, (part,))


def _schedule(state: BrokerState, _now: datetime, language: Language) -> Iterator[Device]:
    """Yield the schedule, which is valid for its days whether or not its service is running."""
    if state.next_outage and state.schedule:
        parts = (
            Part(topics.NEXT_OUTAGE.named(), NEXT_OUTAGE, state.next_outage),
            Part(topics.OUTAGE_SCHEDULE.named(), WINDOWS, state.schedule),
        )
        yield Device(object_id("schedule"), say(language, "ha.schedule"), True, parts)


def _outlook(state: BrokerState, now: datetime, language: Language) -> Iterator[Device]:
    if state.outlook and (state.inverters or state.batteries):
        # it comes every five minutes, and with an expiry each change of its config would make it unavailable until then
        part = Part(topics.OUTLOOK_STATE.named(), OUTLOOK, state.outlook)
        is_live = _runs(state, "outlook", now) and fresh_outlook(state.outlook, now) is not None
        yield Device(object_id("outlook"), say(language, "ha.outlook"), is_live, (part,))


def _plugs(state: BrokerState, now: datetime, _language: Language) -> Iterator[Device]:
    for name, plug in sorted(state.plugs.items()):
        info = state.plug_infos.get(name)
        if info is None or info.listed:
            yield Device(
                object_id("plug", name),
                plug.name or name,
                _runs(state, "tuya", now) and is_plug_live(plug, now),
                switches=tuple(_switches(name, plug, state)),
            )


def _switches(device: str, plug: PlugState, state: BrokerState) -> Iterator[Switch]:
    info = state.plug_infos.get(device)
    may_switch = not plug.protected and (info is None or info.enabled)
    gangs = sorted(plug.gangs) if len(plug.gangs) > 1 else [None]
    for gang in gangs:
        name = state.gang_name(device, gang) if gang else None
        yield Switch(topics.PLUG_STATE.named(device), topics.PLUG_SET.named(device), gang, name, may_switch)


def _services(state: BrokerState, _now: datetime, language: Language) -> Iterator[Device]:
    """Yield the services. Their status proves itself: it is repeated, and there is a will."""
    if state.services:
        yield Device(object_id("services"), say(language, "ha.services"), True, services=tuple(sorted(state.services)))


KINDS: tuple[Kind, ...] = (_inverters, _batteries, _grid, _energy, _schedule, _outlook, _plugs, _services)


def _runs(state: BrokerState, service: str, now: datetime) -> bool:
    """Whether the service that publishes a device is not known to have stopped."""
    status = state.services.get(service)
    return status is None or is_service_running(status, now)


def _seconds(limit: timedelta) -> int:
    return ceil(limit.total_seconds())
