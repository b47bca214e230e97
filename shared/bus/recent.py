"""What the broker has acknowledged but may not have saved yet."""

import time
from collections import deque
from collections.abc import Callable

from shared.bus.outbox import OutgoingMessage

KEEP_S = 75.0
"""Mosquitto 2.0 saves its state every 60 s."""
KEEP_BYTES = 4_000_000


class Recent:
    """Messages of the last moments that are published again if the broker may have been killed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._messages: deque[tuple[float, OutgoingMessage]] = deque()
        self._bytes = 0

    def add(self, message: OutgoingMessage) -> None:
        """Keep a message that has just been acknowledged, if it is one to publish again; drop what is too old."""
        now = self._clock()
        if message.replay_topic:
            self._messages.append((now, message))
            self._bytes += len(message.payload)
        while self._messages and (self._bytes > KEEP_BYTES or self._messages[0][0] < now - KEEP_S):
            self._bytes -= len(self._messages.popleft()[1].payload)

    def take_all(self) -> list[OutgoingMessage]:
        """Take all messages, oldest first, as they are published again."""
        since = self._clock() - KEEP_S
        taken = [message.replayed() for at, message in self._messages if at >= since]
        self._messages.clear()
        self._bytes = 0
        return taken
