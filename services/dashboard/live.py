"""The newest message of every topic, kept by the event loop and read by the web server's threads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from shared.bus import Bus
from shared.freshness import CLOCK_SLACK
from shared.messages import (
    Availability,
    BatteryInfo,
    BatteryState,
    GridState,
    InverterInfo,
    InverterState,
    OutageSchedule,
    PlugState,
    ServiceStatus,
)
from shared.topics import (
    BATTERY_AVAILABILITY,
    BATTERY_INFO,
    BATTERY_STATE,
    GRID_STATE,
    INVERTER_AVAILABILITY,
    INVERTER_INFO,
    INVERTER_STATE,
    OUTAGE_SCHEDULE,
    PLUG_STATE,
    SERVICE_STATUS,
    M,
    Topic,
)


@dataclass(frozen=True)
class Snapshot:
    """What is known at one moment; devices and services by name."""

    connected: bool = False
    grid: GridState | None = None
    schedule: OutageSchedule | None = None
    inverters: Mapping[str, InverterState] = field(default_factory=dict)
    inverter_info: Mapping[str, InverterInfo] = field(default_factory=dict)
    availability: Mapping[str, Availability] = field(default_factory=dict)
    batteries: Mapping[str, BatteryState] = field(default_factory=dict)
    battery_info: Mapping[str, BatteryInfo] = field(default_factory=dict)
    battery_availability: Mapping[str, Availability] = field(default_factory=dict)
    plugs: Mapping[str, PlugState] = field(default_factory=dict)
    services: Mapping[str, ServiceStatus] = field(default_factory=dict)


KEPT: dict[str, Topic[Any]] = {
    "grid": GRID_STATE,
    "schedule": OUTAGE_SCHEDULE,
    "inverters": INVERTER_STATE,
    "inverter_info": INVERTER_INFO,
    "availability": INVERTER_AVAILABILITY,
    "batteries": BATTERY_STATE,
    "battery_info": BATTERY_INFO,
    "battery_availability": BATTERY_AVAILABILITY,
    "plugs": PLUG_STATE,
    "services": SERVICE_STATUS,
}
"""The topic behind each field of a snapshot."""

READINGS = ("grid", "inverters", "batteries")
"""Measured again and again: of these the past may catch up."""


def keep_newest(known: dict[str, M], name: str, message: M) -> None:
    """Remember a message, unless a newer one is known that can be true."""
    before = known.get(name)
    late = before is not None and message.at < before.at <= datetime.now(UTC) + CLOCK_SLACK
    if not late:
        known[name] = message


class Live:
    """Listens to the broker. Each message replaces one entry of a dictionary, so a copy of it is always whole.

    A reading older than what is known is the past catching up and changes nothing, unless what is known comes from the
    future: then a clock was wrong.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._known: dict[str, dict[str, Any]] = {field: {} for field in KEPT}
        for name, topic in KEPT.items():
            known = self._known[name]
            bus.subscribe(topic, partial(keep_newest, known) if name in READINGS else known.__setitem__)

    def snapshot(self) -> Snapshot:
        """Return what is known now."""
        by_name = {field: dict(known) for field, known in self._known.items()}
        grid, schedule = by_name.pop("grid").get(""), by_name.pop("schedule").get("")
        return Snapshot(connected=self._bus.connected.is_set(), grid=grid, schedule=schedule, **by_name)
