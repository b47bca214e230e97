"""The newest message of every topic, kept by the event loop and read by the web server's threads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from shared.bus import Bus
from shared.freshness import CLOCK_SLACK
from shared.messages import Availability, GridState, InverterState, ServiceStatus
from shared.topics import GRID_STATE, INVERTER_AVAILABILITY, INVERTER_STATE, SERVICE_STATUS, M


@dataclass(frozen=True)
class Snapshot:
    """What is known at one moment."""

    connected: bool = False
    grid: GridState | None = None
    inverters: Mapping[str, InverterState] = field(default_factory=dict)
    availability: Mapping[str, Availability] = field(default_factory=dict)
    services: Mapping[str, ServiceStatus] = field(default_factory=dict)


def keep_newest(known: dict[str, M], name: str, message: M) -> None:
    """Remember a message, unless a newer one is known that can be true."""
    before = known.get(name)
    late = before is not None and message.at < before.at <= datetime.now(UTC) + CLOCK_SLACK
    if not late:
        known[name] = message


class Live:
    """Listens to the broker. Each message replaces one entry of a dictionary, so a copy of it is always whole.

    A message older than what is known is the past catching up and changes nothing, unless what is known comes from the
    future: then a clock was wrong.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._grid: dict[str, GridState] = {}
        self._inverters: dict[str, InverterState] = {}
        self._availability: dict[str, Availability] = {}
        self._services: dict[str, ServiceStatus] = {}
        bus.subscribe(GRID_STATE, partial(keep_newest, self._grid))
        bus.subscribe(INVERTER_STATE, partial(keep_newest, self._inverters))
        bus.subscribe(INVERTER_AVAILABILITY, self._availability.__setitem__)
        bus.subscribe(SERVICE_STATUS, self._services.__setitem__)

    def snapshot(self) -> Snapshot:
        """Return what is known now."""
        return Snapshot(
            connected=self._bus.connected.is_set(),
            grid=self._grid.get(""),
            inverters=dict(self._inverters),
            availability=dict(self._availability),
            services=dict(self._services),
        )
