"""Publishes what no other service does: that the grid has gone or come, and when the next outage is planned."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from services.homeassistant.energy_counter import EnergyCounter
from services.homeassistant.grid_events import KnownTransition, after
from services.homeassistant.next_outage import outage_ahead
from shared.broker_state import BrokerState
from shared.bus import Bus
from shared.errors import StorageError
from shared.messages import GridState, InverterState, Message, NextOutage
from shared.state_file import StateFile
from shared.topics import GRID_EVENT, NEXT_OUTAGE, Topic
from shared.trusted_time import ClockChange, this_boot_only

log = logging.getLogger("homeassistant")

LOOK_S = 5.0


class House:
    """Follows the broker's messages. The last transition of the grid is kept next to the energy counters."""

    def __init__(self, bus: Bus, counter: EnergyCounter, energy_file: Path) -> None:
        self._bus = bus
        self._counter = counter
        self._inverters: dict[str, InverterState] = {}
        file = energy_file.with_name("home_grid.json")
        self._file = StateFile("HOMEASSISTANT_ENERGY_FILE", file, KnownTransition)
        self._transition = this_boot_only(self._file.load(lambda _: None), bus.clock.track)
        bus.clock.on_change(self._on_clock_change)
        self._next: NextOutage | None = None

    def on_change(self, topic: Topic[Any], name: str, message: Message | None) -> None:
        """Count the energy of a reading, and publish what has happened to the grid."""
        if isinstance(message, InverterState):
            self._inverters[name] = message
            self._counter.on_reading(self._inverters, name, message)
        elif message is None and topic.payload is InverterState:
            self._inverters.pop(name, None)
        elif isinstance(message, GridState):
            before = self._transition
            self._transition, news = after(before, message, self._bus.clock.now())
            if news:
                self._bus.publish(GRID_EVENT, news)
            if self._transition != before:
                self._save()

    async def publish_outages(self, snapshot: Callable[[], BrokerState]) -> NoReturn:
        """Publish the next outage whenever it changes, but not by an unset clock."""
        while True:
            if self._bus.clock.trusted:
                ahead = outage_ahead(snapshot().schedule, self._bus.clock.now())
                if self._next is None or ahead.model_copy(update={"at": self._next.at}) != self._next:
                    self._bus.publish(NEXT_OUTAGE, ahead)
                    self._next = ahead
            await asyncio.sleep(LOOK_S)

    def _save(self) -> None:
        """Save the transition after its event: better twice than never."""
        try:
            self._file.save(self._transition)
        except StorageError as error:
            log.warning("%s", error)

    def _on_clock_change(self, change: ClockChange) -> None:
        self._transition = change.moved(self._transition)
