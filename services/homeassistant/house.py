"""What nobody else publishes of the house: that the grid has gone or come, and when the next outage is planned."""

import asyncio
from collections.abc import Callable
from typing import Any, NoReturn

from services.homeassistant.energy_counter import EnergyCounter
from services.homeassistant.grid_events import event
from services.homeassistant.next_outage import outage_ahead
from shared.broker_state import BrokerState
from shared.bus import Bus
from shared.messages import GridState, InverterState, Message, NextOutage
from shared.topics import GRID_EVENT, NEXT_OUTAGE, Topic

LOOK_S = 5.0


class House:
    """Follows the broker's messages."""

    def __init__(self, bus: Bus, counter: EnergyCounter) -> None:
        self._bus = bus
        self._counter = counter
        self._inverters: dict[str, InverterState] = {}
        self._transition: str | None = None
        self._next: NextOutage | None = None

    def on_change(self, topic: Topic[Any], name: str, message: Message | None) -> None:
        """Count the energy of a reading, and publish what has happened to the grid."""
        if isinstance(message, InverterState):
            self._inverters[name] = message
            self._counter.on_reading(self._inverters, name, message)
        elif message is None and topic.payload is InverterState:
            self._inverters.pop(name, None)
        elif isinstance(message, GridState):
            news = event(self._transition, message, self._bus.clock.now())
            self._transition = message.transition_id or self._transition
            if news:
                self._bus.publish(GRID_EVENT, news)

    async def publish_outages(self, snapshot: Callable[[], BrokerState]) -> NoReturn:
        """Publish the next outage whenever it changes; not by a clock that is not set."""
        while True:
            if self._bus.clock.trusted:
                ahead = outage_ahead(snapshot().schedule, self._bus.clock.now())
                if self._next is None or ahead.model_copy(update={"at": self._next.at}) != self._next:
                    self._bus.publish(NEXT_OUTAGE, ahead)
                    self._next = ahead
            await asyncio.sleep(LOOK_S)
