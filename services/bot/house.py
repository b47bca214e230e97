"""What the broker has said last of everything: the present state of the house, with no opinion of its own."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.bot.alert import LIVE
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

ALL = "all"
"""The battery that sums up the others."""


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

    def battery(self, now: datetime) -> BatteryState | None:
        """Return the live sum of the batteries."""
        state = self.batteries.get(ALL)
        return state if state and fresh(state.at, now, LIVE) else None

    def packs(self) -> list[tuple[str, BatteryState]]:
        """Return the single batteries."""
        return sorted((name, state) for name, state in self.batteries.items() if name != ALL)

    def battery_name(self, device: str) -> str:
        """Return what its owner calls a battery."""
        return self.battery_names.get(device, device)

    def plug_name(self, device: str) -> str:
        """Return what its owner calls a plug."""
        return self.plugs[device].name if device in self.plugs else device

    def soc_percent(self, now: datetime) -> float | None:
        """Return the charge: the BMS knows it better than the inverter."""
        battery, inverter = self.battery(now), self.inverter(now)
        if battery and battery.soc_percent is not None:
            return battery.soc_percent
        return inverter.battery_soc_percent if inverter else None

    def battery_power_w(self, now: datetime) -> float | None:
        """Return the power of the battery, positive while charging."""
        battery, inverter = self.battery(now), self.inverter(now)
        if battery and battery.power_w is not None:
            return battery.power_w
        return inverter.battery_power_w if inverter else None

    def load_w(self, now: datetime) -> float | None:
        """Return what the home draws."""
        inverter = self.inverter(now)
        if inverter is None:
            return None
        return inverter.load_power_w if inverter.total_load_power_w is None else inverter.total_load_power_w

    def runtime(self, now: datetime) -> timedelta | None:
        """Return how long the charge lasts at the present discharge, where both are known."""
        battery, power = self.battery(now), self.battery_power_w(now)
        if not battery or power is None or power >= 0 or battery.remaining_ah is None or battery.voltage_v is None:
            return None
        return timedelta(hours=battery.remaining_ah * battery.voltage_v / -power)
