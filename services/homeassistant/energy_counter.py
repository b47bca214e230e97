"""The energy counters of the running service: saved first, then published, so that none ever goes back."""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from services.homeassistant.energy import Counters, Meter, of_the_home
from shared.bus import Bus
from shared.conditions import homeassistant as conditions
from shared.errors import StorageError
from shared.health import Health
from shared.messages import EnergyState, InverterState
from shared.state_file import StateFile
from shared.topics import ENERGY_STATE
from shared.trusted_time import ClockChange

log = logging.getLogger("homeassistant")

SAVE_EVERY_S = 60.0
LOOK_S = 1.0


class EnergyCounter:
    """The meter, and the file that it continues from. A power cut costs what was counted since the last save."""

    def __init__(self, file: Path, bus: Bus, health: Health) -> None:
        self._bus = bus
        self._health = health
        self._file = StateFile("HOMEASSISTANT_ENERGY_FILE", file, Counters)
        self._saved = self._file.load(self._report_damaged)
        self._meter = Meter(self._saved)
        self._started = False
        bus.clock.on_change(self._on_clock_change)

    def start_from(self, published: EnergyState | None) -> None:
        """Continue from what was published last, if the file has less."""
        self._meter = replace(self._meter, counters=self._meter.counters.at_least(published))
        self._started = True

    def on_reading(self, inverters: Mapping[str, InverterState], name: str, reading: InverterState) -> None:
        """Count a reading, if it is that of the home."""
        if of_the_home(inverters) == name:
            self._meter = self._meter.add(name, reading, time.monotonic())

    def save(self) -> bool:
        """Save the counters; return whether they are on disk."""
        counters = self._meter.counters
        if not self._started or counters == self._saved:
            return self._started
        try:
            self._file.save(counters)
        except StorageError as error:
            self._health.report("energy", error.reason)
            return False
        self._health.report("energy", None)
        self._saved = counters
        return True

    async def publish_regularly(self) -> NoReturn:
        """Publish the counters every minute, once they are on disk; the first time as soon as there are any."""
        while True:
            is_any = bool(self._meter.counters.kwh)
            if is_any and self.save():
                self._bus.publish(ENERGY_STATE, self._saved.state(self._bus.clock.now()))
            await asyncio.sleep(SAVE_EVERY_S if is_any else LOOK_S)

    def _on_clock_change(self, change: ClockChange) -> None:
        self._meter = change.moved(self._meter)

    def _report_damaged(self, aside: Path) -> None:
        damaged = conditions.damaged_counters(aside=str(aside))
        log.warning("%s", damaged.text)
        self._health.report("energy file", damaged)
