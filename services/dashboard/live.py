"""The newest message of every topic, kept by the event loop and read by the web server's threads."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.bus import Bus
from shared.messages import Availability, GridState, InverterState, ServiceStatus
from shared.topics import GRID_STATE, INVERTER_AVAILABILITY, INVERTER_STATE, SERVICE_STATUS


@dataclass(frozen=True)
class Snapshot:
    """What is known at one moment."""

    connected: bool = False
    grid: GridState | None = None
    inverters: Mapping[str, InverterState] = field(default_factory=dict)
    availability: Mapping[str, Availability] = field(default_factory=dict)
    services: Mapping[str, ServiceStatus] = field(default_factory=dict)


class Live:
    """Listens to the broker. Each message replaces one entry of a dictionary, so a copy of it is always whole."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._grid: dict[str, GridState] = {}
        self._inverters: dict[str, InverterState] = {}
        self._availability: dict[str, Availability] = {}
        self._services: dict[str, ServiceStatus] = {}
        bus.subscribe(GRID_STATE, self._grid.__setitem__)
        bus.subscribe(INVERTER_STATE, self._inverters.__setitem__)
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
