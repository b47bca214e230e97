"""Every topic, bound to its payload type, its writers and its purpose.

docs/topics.md, docs/asyncapi.yaml and mosquitto/acl are generated from this list.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from shared.errors import BadMessageError
from shared.messages import (
    AlertSent,
    AlertSettings,
    AlertSettingsCommand,
    Availability,
    BatteryInfo,
    BatteryState,
    ChargeAhead,
    ChargeAheadCommand,
    ChargeAheadEvent,
    EnergyState,
    GridEvent,
    GridState,
    InverterInfo,
    InverterProfiles,
    InverterSettings,
    InverterState,
    Liveness,
    Message,
    NextOutage,
    OutageSchedule,
    Outlook,
    PlugAction,
    PlugCommand,
    PlugInfo,
    PlugPlan,
    PlugSetup,
    PlugState,
    ProfileChange,
    ProfileCommand,
    QueueFit,
    ReplayRequest,
    ServiceStatus,
    SettingChange,
    SettingCommand,
)
from shared.validation import first_fault

M = TypeVar("M", bound=Message)

NAME = r"[^/+#\s]+"
"""A device's name in a topic: no level, no wildcard, no blank."""
PLACE = re.compile(r"\{\w+\}")
"""What a name replaces in a template. The rest of a template has no characters special to a pattern."""


REPLAY = "replay/"
"""Below it, what a killed broker may have lost is published again, for the recorder only."""


@dataclass(frozen=True)
class Topic(Generic[M]):
    """A topic template with its payload type; {name} stands for the device. State is retained, commands are not.

    If a part of a device has its own topics, such as {setting}, a name is `device/part`. replayed: its messages are
    recorded, and published again by their writer if the broker may have lost them.
    """

    template: str
    payload: type[M]
    writers: tuple[str, ...]
    about: str
    retain: bool = True
    replayed: bool = False

    @property
    def is_command(self) -> bool:
        """Whether its messages ask for something, instead of reporting something."""
        return self.template.endswith(("/set", "/setup"))

    @property
    def replay(self) -> "Topic[M]":
        """The topic on which messages are published again."""
        about = f"`{self.template}` again, for the recorder, in case the broker has lost it."
        return replace(self, template=REPLAY + self.template, about=about, retain=False, replayed=False)

    def named(self, name: str = "") -> str:
        """Return the topic of one device."""
        if "{setting}" not in self.template:
            return self.template.replace("{name}", name)
        device, _, part = name.partition("/")
        return self.template.replace("{name}", device).replace("{setting}", part)

    @property
    def filter(self) -> str:
        """The MQTT filter that matches this topic for every device."""
        return PLACE.sub("+", self.template)

    def name_in(self, topic: str) -> str | None:
        """Return the device's name in a topic, "" if the template has none, or None if it is another topic."""
        pattern = PLACE.sub(lambda _: f"({NAME})", self.template)
        found = re.fullmatch(pattern, topic)
        return found and "/".join(found.groups())

    def parse(self, payload: bytes) -> M:
        """Read a payload, or raise BadMessageError with what is wrong with it."""
        try:
            return self.payload.model_validate_json(payload)
        except ValidationError as error:
            raise BadMessageError(first_fault(error).at_its_place()) from None


@dataclass(frozen=True)
class DiscoveryTopic:
    """A topic of Home Assistant's own, below HOMEASSISTANT_PREFIX instead of MQTT_TOPIC_PREFIX; {name} is a device."""

    template: str
    writers: tuple[str, ...]
    about: str

    def named(self, prefix: str, name: str = "") -> str:
        """Return the topic of one device."""
        return f"{prefix}/{self.template}".replace("{name}", name)

    def filter(self, prefix: str) -> str:
        """The MQTT filter that matches this topic for every device."""
        return self.named(prefix, "+")


GRID_STATE = Topic("grid/state", GridState, ("poller",), "Whether the grid is on.", replayed=True)
INVERTER_STATE = Topic(
    "inverter/{name}/state",
    InverterState,
    ("poller",),
    "One reading of an inverter; `all` is the sum of several.",
    replayed=True,
)
INVERTER_INFO = Topic("inverter/{name}/info", InverterInfo, ("poller",), "An inverter's identity and settings.")
INVERTER_AVAILABILITY = Topic(
    "inverter/{name}/availability", Availability, ("poller",), "Whether the inverter answers."
)
INVERTER_SETTINGS = Topic(
    "inverter/{name}/settings",
    InverterSettings,
    ("poller",),
    "The settings of an inverter that can be changed, and who changed them last.",
)
SETTING_CHANGE = Topic(
    "inverter/{name}/setting/{setting}/change",
    SettingChange,
    ("poller",),
    "An attempt to change a setting, and its outcome: an event.",
    retain=False,
)
SETTING_SET = Topic(
    "inverter/{name}/setting/{setting}/set",
    SettingCommand,
    ("bot", "dashboard", "hass", "homeassistant"),
    "A command to change a setting of an inverter; executed if INVERTER_CONTROL allows it.",
    retain=False,
)
INVERTER_PROFILES = Topic(
    "inverter/{name}/profiles",
    InverterProfiles,
    ("poller",),
    "The named sets of settings that can be applied to an inverter, and how they differ from now.",
)
PROFILE_CHANGE = Topic(
    "inverter/{name}/profile/change",
    ProfileChange,
    ("poller",),
    "An attempt to apply a profile, and its outcome: an event.",
    retain=False,
)
PROFILE_SET = Topic(
    "inverter/{name}/profile/set",
    ProfileCommand,
    ("bot", "dashboard", "hass", "homeassistant"),
    "A command to apply a profile, as a whole or not at all.",
    retain=False,
)
CHARGE_AHEAD = Topic(
    "inverter/{name}/charge_ahead",
    ChargeAhead,
    ("poller",),
    "Charging from the mains before an outage: what is done, or in a dry run would be, and why.",
)
CHARGE_AHEAD_EVENT = Topic(
    "inverter/{name}/charge_ahead/event",
    ChargeAheadEvent,
    ("poller",),
    "Charging ahead has begun, changed or ended: an event.",
    retain=False,
)
CHARGE_AHEAD_SET = Topic(
    "inverter/{name}/charge_ahead/set",
    ChargeAheadCommand,
    ("bot", "dashboard", "hass", "homeassistant"),
    "A command to undo charging ahead, and to leave the next outage alone.",
    retain=False,
)
BATTERY_STATE = Topic(
    "battery/{name}/state", BatteryState, ("bms",), "One reading of a battery; `all` is their sum.", replayed=True
)
BATTERY_INFO = Topic("battery/{name}/info", BatteryInfo, ("bms",), "A battery's identity and settings.")
BATTERY_AVAILABILITY = Topic("battery/{name}/availability", Availability, ("bms",), "Whether the battery answers.")
OUTAGE_SCHEDULE = Topic(
    "outage/schedule", OutageSchedule, ("schedule",), "The planned outages, as far as they are known.", replayed=True
)
QUEUE_FIT = Topic(
    "outage/queue_fit", QueueFit, ("schedule",), "How well the home's own outages fit the schedule of its queue."
)
PLUG_STATE = Topic(
    "plug/{name}/state", PlugState, ("tuya",), "Whether a plug is on, and how certain that is.", replayed=True
)
PLUG_INFO = Topic("plug/{name}/info", PlugInfo, ("tuya",), "A plug of the list, and what may be done with it.")
PLUG_PLAN = Topic(
    "plug/plan", PlugPlan, ("tuya",), "Which plugs will be switched off in the planned outages of the next day."
)
PLUG_ACTION = Topic(
    "plug/{name}/action",
    PlugAction,
    ("tuya",),
    "An attempt to switch a plug, and its outcome: an event.",
    retain=False,
    replayed=True,
)
PLUG_SET = Topic(
    "plug/{name}/set",
    PlugCommand,
    ("bot", "dashboard", "hass", "homeassistant", "tuya"),
    "A command to switch a plug.",
    retain=False,
)
PLUG_SETUP = Topic(
    "plug/{name}/setup",
    PlugSetup,
    ("bot", "dashboard", "tuya"),
    "A change of the list of plugs.",
    retain=False,
)
ALERT_SENT = Topic(
    "bot/alert", AlertSent, ("bot",), "An alert that the bot sends: an event.", retain=False, replayed=True
)
ALERT_SETTINGS = Topic("bot/settings", AlertSettings, ("bot",), "The limits of the bot's alerts, and its quiet hours.")
ALERT_SETTINGS_SET = Topic(
    "bot/settings/set", AlertSettingsCommand, ("dashboard",), "A change of what the bot reports and when.", retain=False
)
OUTLOOK_STATE = Topic("outlook/state", Outlook, ("outlook",), "Whether the battery lasts through the outages ahead.")
ENERGY_STATE = Topic(
    "energy/state", EnergyState, ("homeassistant",), "The home's energy counters, in kWh that never go back."
)
GRID_EVENT = Topic(
    "grid/event", GridEvent, ("homeassistant",), "The grid has gone or come back: an event.", retain=False
)
NEXT_OUTAGE = Topic(
    "outage/next", NextOutage, ("homeassistant",), "The running or next planned outage, by the schedule."
)
LIVE = Topic(
    "live/{name}",
    Liveness,
    ("homeassistant",),
    "Whether what is shown of a device in Home Assistant is current, every 15 s.",
    retain=False,
)
REPLAY_REQUEST = Topic(
    f"{REPLAY}request",
    ReplayRequest,
    ("recorder",),
    "The recorder asks for what was published lately, as the broker has kept nothing for it.",
    retain=False,
)
SERVICE_STATUS = Topic("service/{name}/status", ServiceStatus, ("%u",), "Whether a service works.")

TOPICS: tuple[Topic, ...] = (  # type: ignore[type-arg]
    GRID_STATE,
    INVERTER_STATE,
    INVERTER_INFO,
    INVERTER_AVAILABILITY,
    INVERTER_SETTINGS,
    SETTING_CHANGE,
    SETTING_SET,
    INVERTER_PROFILES,
    PROFILE_CHANGE,
    PROFILE_SET,
    CHARGE_AHEAD,
    CHARGE_AHEAD_EVENT,
    CHARGE_AHEAD_SET,
    BATTERY_STATE,
    BATTERY_INFO,
    BATTERY_AVAILABILITY,
    OUTAGE_SCHEDULE,
    QUEUE_FIT,
    PLUG_STATE,
    PLUG_INFO,
    PLUG_PLAN,
    PLUG_ACTION,
    PLUG_SET,
    PLUG_SETUP,
    ALERT_SENT,
    ALERT_SETTINGS,
    ALERT_SETTINGS_SET,
    OUTLOOK_STATE,
    ENERGY_STATE,
    GRID_EVENT,
    NEXT_OUTAGE,
    LIVE,
    REPLAY_REQUEST,
    SERVICE_STATUS,
)
TOPICS += tuple(topic.replay for topic in TOPICS if topic.replayed)
COMMANDS: Mapping[type[Message], Topic[Any]] = {topic.payload: topic for topic in TOPICS if topic.is_command}
"""The topic of every command by its payload."""

DISCOVERY_CONFIG = DiscoveryTopic(
    "device/{name}/config", ("homeassistant",), "What Home Assistant shows of a device: MQTT discovery, retained."
)
BIRTH = DiscoveryTopic(
    "status", ("hass", "homeassistant"), "Home Assistant's birth and will: `online`, `offline`; not retained."
)
DISCOVERY_TOPICS = (DISCOVERY_CONFIG, BIRTH)
"""Up to version 0.1 Home Assistant itself used the account `homeassistant`, and may still do so."""
