"""Readings at a steady rate through our own bus, whose outbox waits while the broker is dead; and kills meanwhile."""

import asyncio
import math
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from shared.bus import Bus
from shared.conditions.broker import STOPPED
from shared.health import Health
from shared.history.tables import from_ms, to_ms
from shared.messages import InverterState, Mode
from shared.settings import MqttSettings
from shared.topics import INVERTER_STATE
from tests.support.broker import Broker
from tests.support.stack import Stack
from tests.support.waiting import eventually

SESSION_S = 3600
PATIENCE_S = 600
LAST = "last"
"""An inverter that is published when everything else has been, also again: a broker keeps the order."""


class Stream:
    """Publishes as the poller would, so many readings a second, and remembers the moment of each.

    Moments never repeat: a burst runs ahead of the clock, a millisecond a reading.
    """

    def __init__(self, broker: Broker, per_second: float = 50, most: float = math.inf, homes: int = 1) -> None:
        self.sent: list[int] = []
        self.connected = threading.Event()
        self._broker = broker
        self._pause = 1 / per_second
        self._most = most
        self._homes = homes
        self._ending = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._live()))

    def __enter__(self) -> Self:
        self._thread.start()
        assert self.connected.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> None:
        """Publish nothing more, and wait until the broker has everything; behind all of it comes a reading of LAST."""
        self._ending.set()
        self._thread.join(2 * PATIENCE_S)
        assert not self._thread.is_alive()

    async def _live(self) -> None:
        settings = MqttSettings(
            _env_file=None,
            mqtt_port=self._broker.port,
            mqtt_outbox=100_000,
            mqtt_username="poller",
            mqtt_secrets_dir=self._broker.secrets_dir,
        )
        bus = Bus(settings, "poller", Health(), session_s=SESSION_S, client_id="test-stream", announce=False)
        connection = asyncio.create_task(bus.run())
        await bus.connected.wait()
        self.connected.set()
        while not self._ending.is_set():
            if len(self.sent) < self._most:
                self._publish(bus)
            await asyncio.sleep(self._pause)
        await bus.flush(PATIENCE_S)
        bus.publish(INVERTER_STATE, InverterState(at=datetime.now(UTC), mode=Mode.UNKNOWN), LAST)
        await bus.flush(PATIENCE_S)
        await bus.close(STOPPED())
        await connection

    def _publish(self, bus: Bus) -> None:
        at = max(to_ms(datetime.now(UTC)), self.sent[-1] + 1 if self.sent else 0)
        self.sent.append(at)
        message = InverterState(at=from_ms(at), mode=Mode.MAINS, load_power_w=len(self.sent))
        bus.publish(INVERTER_STATE, message, f"home{len(self.sent) % self._homes}" if self._homes > 1 else "main")


@dataclass(frozen=True)
class Blow:
    """A kill -9: of whom, when, and when they were started again."""

    victims: tuple[str, ...]
    at: int
    back: int


def strike(stack: Stack, victims: tuple[str, ...], chance: random.Random) -> Blow:
    """Kill at a random moment, and start again after a random pause."""
    time.sleep(chance.uniform(0.2, 1.5))
    parts = [getattr(stack, name) for name in victims]
    at = to_ms(datetime.now(UTC))
    for part in parts:
        part.kill()
    time.sleep(chance.uniform(0.1, 1.0))
    for part in parts:
        part.start()
    return Blow(victims, at, to_ms(datetime.now(UTC)))


def recorded(stack: Stack) -> list[int]:
    """Return the moments of all readings in the database."""
    return [at for (at,) in stack.rows("SELECT at FROM inverter_state WHERE device = 'main' ORDER BY at")]


def until_recorded(stack: Stack, moments: Callable[[], list[int]]) -> None:
    """Wait until all these moments are in the database."""
    eventually(lambda: set(moments()) <= set(recorded(stack)), "every reading is recorded")
