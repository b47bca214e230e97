"""Messages that wait to be recorded, in batches."""

import asyncio
from contextlib import suppress
from typing import Protocol

from shared.bus import Delivery

IDLE_S = 10.0
"""Upkeep waits no longer for a message than this."""
STALLED_S = 0.05
STALLED_COUNT = 20
"""The number that a broker sends by default before we acknowledge."""
REST_S = 0.1
"""Waking up costs more than handling a message, so while there are few, they are received only this often."""


class Receiver(Protocol):
    """The bus, which can be asked to receive nothing for a while."""

    def pause_receiving(self) -> None:
        """Receive nothing."""

    def resume_receiving(self) -> None:
        """Receive again."""


class Inbox:
    """Messages that wait to be recorded, in batches.

    A batch is ready when it is full or old enough, or when as many messages as a broker sends at once have arrived and
    no more follow: the broker is waiting for an acknowledgement. While two batches wait, nothing more is received.

    After a batch that was ready only because of its age, messages are received a few at a time.
    """

    def __init__(self, size: int, seconds: float, bus: Receiver) -> None:
        self._bus = bus
        self._size = size
        self._seconds = seconds
        self._waiting: list[Delivery] = []
        self._wake = asyncio.Event()
        self._is_calm = False

    def put(self, delivery: Delivery) -> None:
        """Add a message."""
        self._waiting.append(delivery)
        count = len(self._waiting)
        if self._is_calm or count in (1, STALLED_COUNT, self._size):
            self._wake.set()
        if count == 2 * self._size:
            self._bus.pause_receiving()

    async def next_batch(self) -> list[Delivery]:
        """Wait until a batch is ready, and return it in order of arrival; it is empty if no message comes for long."""
        clock = asyncio.get_running_loop().time
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_S):
                await self._wake.wait()
        if not self._waiting:
            return []
        end, before = clock() + self._seconds, 0
        while (count := len(self._waiting)) < self._size and (left := end - clock()) > 0:
            if count == before >= STALLED_COUNT:
                break
            before = count
            if self._is_calm:
                await self._rest(min(left, REST_S))
                left = end - clock()
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, STALLED_S) if count >= STALLED_COUNT else left):
                    await self._wake.wait()
        self._is_calm = clock() >= end and len(self._waiting) < self._size
        return self.take(self._size)

    async def _rest(self, seconds: float) -> None:
        """Leave messages in the network for a while."""
        self._bus.pause_receiving()
        try:
            await asyncio.sleep(seconds)
        finally:
            self._bus.resume_receiving()

    def take(self, most: int | None = None) -> list[Delivery]:
        """Take what has been received, or at most this many, without waiting."""
        taken, self._waiting = self._waiting[:most], self._waiting[most:] if most else []
        if not self._waiting:
            self._wake.clear()
        if len(self._waiting) < 2 * self._size:
            self._bus.resume_receiving()
        return taken
