"""The newest message of every topic as one frozen value, so that page, bot and plugs see the same house. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic

from shared.freshness import CLOCK_SLACK
from shared.messages import (
    AlertSettings,
    Availability,
    BatteryInfo,
    BatteryState,
    ChargeAhead,
    EnergyState,
    GridState,
    InverterInfo,
    InverterProfiles,
    InverterSettings,
    InverterState,
    Message,
    NextOutage,
    OutageSchedule,
    Outlook,
    PlugInfo,
    PlugPlan,
    PlugState,
    QueueFit,
    ServiceStatus,
    SettingChange,
)
from shared.topics import (
    ALERT_SETTINGS,
    BATTERY_AVAILABILITY,
    BATTERY_INFO,
    BATTERY_STATE,
    CHARGE_AHEAD,
    ENERGY_STATE,
    GRID_STATE,
    INVERTER_AVAILABILITY,
    INVERTER_INFO,
    INVERTER_PROFILES,
    INVERTER_SETTINGS,
    INVERTER_STATE,
    NEXT_OUTAGE,
    OUTAGE_SCHEDULE,
    OUTLOOK_STATE,
    PLUG_INFO,
    PLUG_PLAN,
    PLUG_STATE,
    QUEUE_FIT,
    SERVICE_STATUS,
    SETTING_CHANGE,
    M,
    Topic,
)
from shared.trusted_time import ClockTrack, by_clock

NUMBERED_GANG = re.compile(r"switch_?(\d+)")
"""The code of one of several switches of a plug, as Tuya has them."""


@dataclass(frozen=True)
class BrokerState:
    """What the broker has delivered last, devices and services by name; a retained message may be a week old.

    connected says whether the broker is there right now, listening_since when we began to listen. setting_changes are
    the last attempts, for subscribers of EVENTS, by `inverter/setting`.
    """

    connected: bool = False
    listening_since: datetime | None = None
    grid: GridState | None = None
    schedule: OutageSchedule | None = None
    queue_fit: QueueFit | None = None
    outlook: Outlook | None = None
    inverters: Mapping[str, InverterState] = field(default_factory=dict)
    inverter_infos: Mapping[str, InverterInfo] = field(default_factory=dict)
    inverter_availability: Mapping[str, Availability] = field(default_factory=dict)
    inverter_settings: Mapping[str, InverterSettings] = field(default_factory=dict)
    setting_changes: Mapping[str, SettingChange] = field(default_factory=dict)
    inverter_profiles: Mapping[str, InverterProfiles] = field(default_factory=dict)
    charge_ahead: Mapping[str, ChargeAhead] = field(default_factory=dict)
    batteries: Mapping[str, BatteryState] = field(default_factory=dict)
    battery_infos: Mapping[str, BatteryInfo] = field(default_factory=dict)
    battery_availability: Mapping[str, Availability] = field(default_factory=dict)
    plugs: Mapping[str, PlugState] = field(default_factory=dict)
    plug_infos: Mapping[str, PlugInfo] = field(default_factory=dict)
    alert_settings: AlertSettings | None = None
    plug_plan: PlugPlan | None = None
    energy: EnergyState | None = None
    next_outage: NextOutage | None = None
    services: Mapping[str, ServiceStatus] = field(default_factory=dict)

    def has_heard(self, reading: Message) -> bool:
        """Return whether a message was measured since we began to listen, so that its publisher was alive.

        A retained message may be from before a power cut, and out of date: a broker that saves once a minute brings
        back what it had saved.
        """
        return self.listening_since is None or reading.at >= self.listening_since

    def battery_name(self, device: str) -> str:
        """Return the name that the owner gave a battery, or its id."""
        info = self.battery_infos.get(device)
        return (info and info.name) or device

    def plug_name(self, device: str) -> str:
        """Return the name that the owner gave a plug, or its id."""
        plug = self.plugs.get(device)
        return (plug and plug.name) or device

    def gang_name(self, device: str, gang: str) -> str:
        """Return the owner's name for a switch of a plug, or else its number, as in a code such as switch_2."""
        info = self.plug_infos.get(device)
        name = info.gangs.get(gang) if info else None
        numbered = NUMBERED_GANG.fullmatch(gang)
        return name if name and name != gang else numbered[1] if numbered else gang

    def switch_name(self, device: str, gang: str | None) -> str:
        """Return the name of a plug and, if it has several switches, that of the switch."""
        return " · ".join((self.plug_name(device), *([self.gang_name(device, gang)] if gang else [])))

    def plugs_by_name(self) -> list[tuple[str, PlugState]]:
        """Return the plugs in the order in which people look for them."""
        return sorted(self.plugs.items(), key=lambda item: (item[1].name.casefold(), item[0]))


@dataclass(frozen=True)
class Section(Generic[M]):
    """The part of the state that one topic fills: how to read it, and how to replace it.

    After a reconnect, a service publishes what it has measured meanwhile, so an older reading may follow a newer one.
    """

    topic: Topic[M]
    get: Callable[[BrokerState], Mapping[str, M]]
    put: Callable[[BrokerState, Mapping[str, M]], BrokerState]
    is_reading: bool = False

    def updated(self, state: BrokerState, name: str, message: M, now: datetime) -> BrokerState:
        """Return the state with a new message; the same state if a newer reading is already known."""
        entries = self.get(state)
        known = entries.get(name)
        if self.is_reading and known is not None and is_overtaken(message, known, now):
            return state
        return self.replaced(state, name, message)

    def replaced(self, state: BrokerState, name: str, message: M) -> BrokerState:
        """Return the state with a new message, however old."""
        return self.put(state, {**self.get(state), name: message})

    def removed(self, state: BrokerState, name: str) -> BrokerState:
        """Return the state without the message of a device; the same state if there is none."""
        entries = self.get(state)
        if name not in entries:
            return state
        return self.put(state, {key: message for key, message in entries.items() if key != name})

    def by_clock(self, state: BrokerState, clock: ClockTrack) -> BrokerState:
        """Return the state with the times of these messages by this clock."""
        entries = self.get(state)
        return self.put(state, {name: by_clock(one, clock) for name, one in entries.items()})


def is_overtaken(message: Message, known: Message, now: datetime) -> bool:
    """Whether a newer message is known. One from the future does not count: its clock was wrong."""
    return message.at < known.at <= now + CLOCK_SLACK


def _single(message: M | None) -> Mapping[str, M]:
    return {} if message is None else {"": message}


SECTIONS: tuple[Section[Any], ...] = (
    Section(GRID_STATE, lambda s: _single(s.grid), lambda s, new: replace(s, grid=new.get("")), is_reading=True),
    Section(OUTAGE_SCHEDULE, lambda s: _single(s.schedule), lambda s, new: replace(s, schedule=new.get(""))),
    Section(QUEUE_FIT, lambda s: _single(s.queue_fit), lambda s, new: replace(s, queue_fit=new.get(""))),
    Section(OUTLOOK_STATE, lambda s: _single(s.outlook), lambda s, new: replace(s, outlook=new.get(""))),
    Section(INVERTER_STATE, lambda s: s.inverters, lambda s, new: replace(s, inverters=new), is_reading=True),
    Section(INVERTER_INFO, lambda s: s.inverter_infos, lambda s, new: replace(s, inverter_infos=new)),
    Section(
        INVERTER_AVAILABILITY, lambda s: s.inverter_availability, lambda s, new: replace(s, inverter_availability=new)
    ),
    Section(INVERTER_SETTINGS, lambda s: s.inverter_settings, lambda s, new: replace(s, inverter_settings=new)),
    Section(SETTING_CHANGE, lambda s: s.setting_changes, lambda s, new: replace(s, setting_changes=new)),
    Section(INVERTER_PROFILES, lambda s: s.inverter_profiles, lambda s, new: replace(s, inverter_profiles=new)),
    Section(CHARGE_AHEAD, lambda s: s.charge_ahead, lambda s, new: replace(s, charge_ahead=new)),
    Section(BATTERY_STATE, lambda s: s.batteries, lambda s, new: replace(s, batteries=new), is_reading=True),
    Section(BATTERY_INFO, lambda s: s.battery_infos, lambda s, new: replace(s, battery_infos=new)),
    Section(
        BATTERY_AVAILABILITY, lambda s: s.battery_availability, lambda s, new: replace(s, battery_availability=new)
    ),
    Section(PLUG_STATE, lambda s: s.plugs, lambda s, new: replace(s, plugs=new)),
    Section(PLUG_INFO, lambda s: s.plug_infos, lambda s, new: replace(s, plug_infos=new)),
    Section(ALERT_SETTINGS, lambda s: _single(s.alert_settings), lambda s, new: replace(s, alert_settings=new.get(""))),
    Section(PLUG_PLAN, lambda s: _single(s.plug_plan), lambda s, new: replace(s, plug_plan=new.get(""))),
    Section(ENERGY_STATE, lambda s: _single(s.energy), lambda s, new: replace(s, energy=new.get(""))),
    Section(NEXT_OUTAGE, lambda s: _single(s.next_outage), lambda s, new: replace(s, next_outage=new.get(""))),
    Section(SERVICE_STATUS, lambda s: s.services, lambda s, new: replace(s, services=new)),
)
"""Every topic of the state. Topics of events and commands are not state, except EVENTS."""

EVENTS: tuple[Topic[Any], ...] = (SETTING_CHANGE,)
"""Topics of outcomes, whose last message matters only to those who show the outcome of their own commands."""
STATE_TOPICS: tuple[Topic[Any], ...] = tuple(one.topic for one in SECTIONS if one.topic not in EVENTS)


def state_by_clock(state: BrokerState, clock: ClockTrack) -> BrokerState:
    """Return the state with all times by this clock; otherwise live readings would look old when the clock is set."""
    for section in SECTIONS:
        state = section.by_clock(state, clock)
    return state


def messages(state: BrokerState) -> Iterator[tuple[str, Message]]:
    """Yield every message of the state with its full topic."""
    for section in SECTIONS:
        for name, message in sorted(section.get(state).items()):
            yield section.topic.named(name), message
