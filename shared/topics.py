"""Every topic, bound to its payload type, its writers and its purpose.

docs/topics.md, docs/asyncapi.yaml and mosquitto/acl are generated from this list.
"""

import re
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from pydantic import ValidationError

from shared.errors import BadMessageError
from shared.messages import (
    Availability,
    BatteryInfo,
    BatteryState,
    GridState,
    InverterInfo,
    InverterState,
    Message,
    OutageSchedule,
    Outlook,
    PlugAction,
    PlugCommand,
    PlugInfo,
    PlugSetup,
    PlugState,
    ServiceStatus,
)
from shared.validation import first_fault

M = TypeVar("M", bound=Message)

NAME = r"[^/+#\s]+"
"""A device's name in a topic: no level, no wildcard, no blank."""


REPLAY = "replay/"
"""Below it the recorder hears again what a broker that was killed may have lost; nobody else reacts to the past."""


@dataclass(frozen=True)
class Topic(Generic[M]):
    """A topic template with its payload type; {name} stands for the device. State is retained, commands are not.

    replayed: its messages are recorded, and published again by their writer if the broker may have lost them.
    """

    template: str
    payload: type[M]
    writers: tuple[str, ...]
    about: str
    retain: bool = True
    replayed: bool = False

    @property
    def replay(self) -> "Topic[M]":
        """The topic on which messages are published again."""
        about = f"`{self.template}` again, for the recorder, where the broker may have lost it."
        return replace(self, template=REPLAY + self.template, about=about, retain=False, replayed=False)

    def named(self, name: str = "") -> str:
        """Return the topic of one device."""
        return self.template.replace("{name}", name)

    @property
    def filter(self) -> str:
        """The MQTT filter that matches this topic for every device."""
        return self.named("+")

    def name_in(self, topic: str) -> str | None:
        """Return the device's name in a topic, "" where the template has none, or None if it is another topic."""
        pattern = re.escape(self.template).replace(re.escape("{name}"), f"({NAME})")
        found = re.fullmatch(pattern, topic)
        return found and "".join(found.groups())

    def parse(self, payload: bytes) -> M:
        """Read a payload, or raise BadMessageError with what is wrong with it."""
        try:
            return self.payload.model_validate_json(payload)
        except ValidationError as error:
            raise BadMessageError(first_fault(error).at_its_place()) from None


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
BATTERY_STATE = Topic(
    "battery/{name}/state", BatteryState, ("bms",), "One reading of a battery; `all` is their sum.", replayed=True
)
BATTERY_INFO = Topic("battery/{name}/info", BatteryInfo, ("bms",), "A battery's identity and settings.")
BATTERY_AVAILABILITY = Topic("battery/{name}/availability", Availability, ("bms",), "Whether the battery answers.")
OUTAGE_SCHEDULE = Topic(
    "outage/schedule", OutageSchedule, ("schedule",), "The planned outages, as far as they are known.", replayed=True
)
PLUG_STATE = Topic(
    "plug/{name}/state", PlugState, ("tuya",), "Whether a plug is on, and how certain that is.", replayed=True
)
PLUG_INFO = Topic("plug/{name}/info", PlugInfo, ("tuya",), "A plug of the list, and what may be done with it.")
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
    ("bot", "dashboard", "homeassistant", "tuya"),
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
OUTLOOK_STATE = Topic("outlook/state", Outlook, ("outlook",), "Whether the battery lasts through the outages ahead.")
SERVICE_STATUS = Topic("service/{name}/status", ServiceStatus, ("%u",), "Whether a service works.")

TOPICS: tuple[Topic, ...] = (  # type: ignore[type-arg]
    GRID_STATE,
    INVERTER_STATE,
    INVERTER_INFO,
    INVERTER_AVAILABILITY,
    BATTERY_STATE,
    BATTERY_INFO,
    BATTERY_AVAILABILITY,
    OUTAGE_SCHEDULE,
    PLUG_STATE,
    PLUG_INFO,
    PLUG_ACTION,
    PLUG_SET,
    PLUG_SETUP,
    OUTLOOK_STATE,
    SERVICE_STATUS,
)
TOPICS += tuple(topic.replay for topic in TOPICS if topic.replayed)
