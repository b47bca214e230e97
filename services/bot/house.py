"""What the broker has said last of everything: the present state of the house, with no opinion of its own."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.bot.alert import LIVE
from shared import charge
from shared.freshness import fresh
from shared.messages import (
    Availability,
    BatteryState,
    GridState,
    InverterState,
    OutageSchedule,
    PlugState,
    ServiceStatus,
)


@dataclass
class House:
    """The last message of each topic, by device; since when we listen, None where that does not matter."""

    grid: GridState | None = None
    plan: OutageSchedule | None = None
    inverters: dict[str, InverterState] = field(default_factory=dict)
    inverter_contact: dict[str, Availability] = field(default_factory=dict)
    batteries: dict[str, BatteryState] = field(default_factory=dict)
    battery_contact: dict[str, Availability] = field(default_factory=dict)
    battery_names: dict[str, str] = field(default_factory=dict)
    plugs: dict[str, PlugState] = field(default_factory=dict)
    services: dict[str, ServiceStatus] = field(default_factory=dict)
    listening_since: datetime | None = None

    def live_grid(self, now: datetime) -> GridState | None:
        """Return the grid's state where somebody has said it lately."""
        return self.grid if self.grid and fresh(self.grid.at, now, LIVE) else None

    def inverter(self, now: datetime) -> InverterState | None:
        """Return the newest reading of the first inverter, where it is live."""
        return next((one for _, one in sorted(self.inverters.items()) if fresh(one.at, now, LIVE)), None)

    def packs(self) -> list[tuple[str, BatteryState]]:
        """Return the single batteries."""
        return charge.packs(self.batteries)

    def battery_name(self, device: str) -> str:
        """Return what its owner calls a battery."""
        return self.battery_names.get(device, device)

    def plug_name(self, device: str) -> str:
        """Return what its owner calls a plug."""
        return self.plugs[device].name if device in self.plugs else device

    def soc_percent(self, now: datetime) -> float | None:
        """Return the charge of the batteries."""
        return charge.soc_percent(charge.live_sum(self.batteries, now), self.inverter(now))

    def battery_power_w(self, now: datetime) -> float | None:
        """Return the power of the batteries, positive while charging."""
        return charge.power_w(charge.live_sum(self.batteries, now), self.inverter(now))

    def load_w(self, now: datetime) -> float | None:
        """Return what the home draws."""
        return charge.load_w(self.inverter(now))

    def runtime(self, now: datetime) -> timedelta | None:
        """Return how long the charge lasts at the present discharge."""
        return charge.runtime(charge.live_sum(self.batteries, now), self.inverter(now))
