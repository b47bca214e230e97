"""Messages that wait for the broker: ordered and bounded; a message superseded on its topic is dropped first."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class OutgoingMessage:
    """An encoded message on its way to the broker; replay_topic is where it is published again, "" for nowhere."""

    topic: str
    payload: bytes
    retain: bool
    replay_topic: str = ""

    @property
    def is_replay(self) -> bool:
        """Whether it is being published again."""
        return self.topic == self.replay_topic

    def replayed(self) -> "OutgoingMessage":
        """Return the message as it is published again."""
        return replace(self, topic=self.replay_topic, retain=False)


class Outbox:
    """Messages that the broker has not acknowledged yet: waiting ones, and those in flight, by packet id.

    What is published again comes after everything else, and does not count towards the limit.
    """

    def __init__(self, limit: int) -> None:
        self.dropped = 0
        self._limit = limit
        self._waiting: deque[OutgoingMessage] = deque()
        self._per_topic: Counter[str] = Counter()
        self._replays: deque[OutgoingMessage] = deque()
        self._in_flight: dict[int, OutgoingMessage] = {}
        self._refused: list[OutgoingMessage] = []

    def __len__(self) -> int:
        return len(self._waiting) + len(self._replays) + len(self._in_flight) + len(self._refused)

    @property
    def in_flight(self) -> int:
        """How many messages have been sent but not acknowledged."""
        return len(self._in_flight)

    def is_waiting(self, topic: str) -> bool:
        """Whether a message on this topic is waiting."""
        return self._per_topic[topic] > 0

    def put(self, message: OutgoingMessage) -> None:
        """Append a message; beyond the limit the oldest superseded one is dropped."""
        self._waiting.append(message)
        self._per_topic[message.topic] += 1
        if len(self._waiting) > self._limit:
            self._drop_one()

    def put_replays(self, messages: Iterable[OutgoingMessage]) -> None:
        """Append messages that are published again."""
        self._replays.extend(messages)

    def next(self) -> OutgoingMessage | None:
        """Take the oldest waiting message; the caller sends it and calls `sent`."""
        if not self._waiting:
            return self._replays.popleft() if self._replays else None
        message = self._waiting.popleft()
        self._per_topic[message.topic] -= 1
        return message

    def sent(self, packet_id: int, message: OutgoingMessage) -> None:
        """Record that a message is in flight."""
        self._in_flight[packet_id] = message

    def acknowledged(self, packet_id: int) -> OutgoingMessage | None:
        """Remove and return a message that the broker has acknowledged."""
        return self._in_flight.pop(packet_id, None)

    def refused(self, packet_id: int) -> None:
        """Keep a message that the broker did not accept, until `requeue_refused`."""
        message = self._in_flight.pop(packet_id, None)
        if message:
            self._refused.append(message)

    def requeue_refused(self) -> None:
        """Put everything that was refused back at the front."""
        self._put_back(self._refused)
        self._refused.clear()

    def requeue_in_flight(self) -> None:
        """Put everything in flight back at the front: the connection is lost, and what has arrived is unknown."""
        self._put_back([*self._in_flight.values()])
        self._in_flight.clear()

    def _put_back(self, messages: list[OutgoingMessage]) -> None:
        for message in reversed(messages):
            if message.is_replay:
                self._replays.appendleft(message)
            else:
                self._waiting.appendleft(message)
                self._per_topic[message.topic] += 1

    def _drop_one(self) -> None:
        superseded = (index for index, message in enumerate(self._waiting) if self._per_topic[message.topic] > 1)
        index = next(superseded, 0)
        self._per_topic[self._waiting[index].topic] -= 1
        del self._waiting[index]
        self.dropped += 1
