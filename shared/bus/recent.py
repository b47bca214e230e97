"""What the broker has acknowledged but may not have saved yet."""

import time
from collections import deque
from collections.abc import Callable

from shared.bus.outbox import OutgoingMessage

KEEP_S = 75.0
"""Mosquitto 2.0 saves its state every 60 s."""
NOTICED_S = 20.0
"""A broker that has vanished with its machine is noticed after two pings without an answer."""
KEEP_BYTES = 4_000_000


class Recent:
    """The latest messages, which are published again if the broker may have been killed, or has forgotten the recorder.

    They are the latest before the connection was lost: a broker that is away for long saves nothing meanwhile.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._messages: deque[tuple[float, OutgoingMessage]] = deque()
        self._bytes = 0

    def add(self, message: OutgoingMessage) -> None:
        """Keep a message that has just been acknowledged, if it can be published again; drop what is too old."""
        now = self._clock()
        if message.replay_topic:
            self._messages.append((now, message))
            self._bytes += len(message.payload)
        self._drop_before(now - KEEP_S)

    def on_lost(self) -> None:
        """Drop what the broker saved before the connection was lost; the rest stays until there is a new one."""
        self._drop_before(self._clock() - KEEP_S - NOTICED_S)

    def take_all(self) -> list[OutgoingMessage]:
        """Take all messages, oldest first, in the form in which they are published again."""
        taken = [message.replayed() for _, message in self._messages]
        self._messages.clear()
        self._bytes = 0
        return taken

    def _drop_before(self, moment: float) -> None:
        while self._messages and (self._bytes > KEEP_BYTES or self._messages[0][0] < moment):
            self._bytes -= len(self._messages.popleft()[1].payload)
