"""Publishes one battery whenever it has changed; the only timer is the one that notices silence."""

import asyncio
from collections.abc import Callable

from services.bms.battery import Battery
from shared.bus import Bus
from shared.clock import utc_now
from shared.conditions import bms
from shared.health import Health
from shared.topics import BATTERY_AVAILABILITY, BATTERY_INFO, BATTERY_STATE


class BatteryPublisher:
    """Publishes and reports a battery after each event, which whoever causes it announces by `notify`."""

    def __init__(
        self, battery: Battery, bus: Bus, health: Health, silence_s: float, on_published: Callable[[Battery], None]
    ) -> None:
        self._battery = battery
        self._bus = bus
        self._health = health
        self._silence_s = silence_s
        self._on_published = on_published
        self._changed = asyncio.Event()

    def notify(self) -> None:
        """Have the battery published soon."""
        self._changed.set()

    async def run(self) -> None:
        """Publish for ever."""
        clock = asyncio.get_running_loop().time
        read_at = self._battery.read_at
        silent_at: float | None = clock() + self._silence_s
        while True:
            try:
                async with asyncio.timeout_at(silent_at):
                    await self._changed.wait()
            except TimeoutError:
                if self._battery.read_at == read_at:
                    self._battery.on_silence()
                    silent_at = None  # until the next reading
            self._changed.clear()
            if self._battery.read_at != read_at:
                read_at, silent_at = self._battery.read_at, clock() + self._silence_s
            self._publish()

    def _publish(self) -> None:
        battery, key = self._battery, self._battery.listed.key
        updates = battery.take_updates(utc_now())
        if updates.availability:
            self._bus.publish(BATTERY_AVAILABILITY, updates.availability, key)
        if updates.info:
            self._bus.publish(BATTERY_INFO, updates.info, key)
        if updates.state:
            self._bus.publish(BATTERY_STATE, updates.state, key)
        self._report()
        if updates.availability or updates.info or updates.state:
            self._on_published(battery)

    def _report(self) -> None:
        """Report what is wrong with the battery as a problem of the service."""
        battery, key = self._battery, self._battery.listed.key
        if battery.is_online or battery.problem:
            self._health.report(f"battery {key}", None if battery.is_online else battery.problem)
        doubt = battery.detection.doubt
        self._health.report(f"layout {key}", doubt and bms.layout_doubtful(name=battery.listed.title, doubt=doubt))
