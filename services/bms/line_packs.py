"""The batteries at one serial port or gateway, and the loop that keeps it open."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime

from services.bms.battery import Battery
from services.bms.decode import Reading
from services.bms.framing import Frame
from services.bms.rs485_frames import Trigger
from services.bms.serial_line import Line
from shared.backoff import Backoff
from shared.clock import utc_now
from shared.conditions import Reason
from shared.errors import DeviceOfflineError

MISSES = 3
"""So many requests in a row without an answer: the battery is offline."""
RETRY_FIRST_S, RETRY_MOST_S = 1.0, 30.0


@dataclass
class Pack:
    """A battery on a line. `due_s` is when a frame is asked for again, by the loop's clock."""

    battery: Battery
    on_change: Callable[[], None]
    misses: int = 0
    is_proven: bool = False
    """Whether its settings have shown that this pack is the one that answers."""
    due_s: dict[Trigger, float] = field(default_factory=dict)

    def begin(self) -> None:
        """Note that the line is open."""
        self.is_proven, self.misses = False, 0
        self.due_s.clear()
        self.battery.on_connected(None)
        self.on_change()

    def fail(self, reason: Reason) -> None:
        """Note why nothing comes."""
        self.battery.on_failure(reason)
        self.on_change()

    def miss(self) -> None:
        """Note that a request was not answered."""
        self.misses += 1
        if self.misses == MISSES:
            self.fail(self.battery.silence_reason)

    def take(self, frame: Frame) -> None:
        """Feed the battery with a frame."""
        self._feed(lambda at: self.battery.on_frame(frame, at))

    def take_reading(self, reading: Reading) -> None:
        """Feed the battery with a reading of a port that has other frames."""
        self._feed(lambda at: self.battery.on_reading(reading, at))

    def _feed(self, feed: Callable[[datetime], None]) -> None:
        self.misses = 0
        feed(utc_now())
        self.on_change()


async def keep_reading(
    port: str, baud: int, packs: Collection[Pack], use: Callable[[Line, Backoff], Awaitable[None]]
) -> None:
    """Open the line and use it, for ever; whoever uses it resets the backoff with an answer."""
    backoff = Backoff(RETRY_FIRST_S, RETRY_MOST_S)
    while True:
        try:
            async with Line.opened(port, baud) as line:
                for pack in packs:
                    pack.begin()
                await use(line, backoff)
        except DeviceOfflineError as error:
            for pack in packs:
                pack.battery.on_disconnected()
                pack.fail(error.reason)
        await asyncio.sleep(backoff.next_s())
