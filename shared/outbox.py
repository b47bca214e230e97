"""What waits for the broker: in order and bounded; a message that has a newer one on its topic is dropped first."""

from collections import Counter, deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Parcel:
    """One message on its way to the broker."""

    topic: str
    payload: bytes
    retain: bool


class Outbox:
    """Messages that the broker has not acknowledged yet: waiting ones, and those under way by packet id."""

    def __init__(self, limit: int) -> None:
        self.dropped = 0
        self._limit = limit
        self._waiting: deque[Parcel] = deque()
        self._per_topic: Counter[str] = Counter()
        self._under_way: dict[int, Parcel] = {}

    def __len__(self) -> int:
        return len(self._waiting) + len(self._under_way)

    @property
    def under_way(self) -> int:
        """How many messages are sent and not acknowledged."""
        return len(self._under_way)

    def holds(self, topic: str) -> bool:
        """Whether something on a topic waits."""
        return self._per_topic[topic] > 0

    def put(self, parcel: Parcel) -> None:
        """Add a message; beyond the limit the oldest that has a newer one on its topic makes room."""
        self._waiting.append(parcel)
        self._per_topic[parcel.topic] += 1
        if len(self._waiting) > self._limit:
            self._drop_one()

    def next(self) -> Parcel | None:
        """Take the oldest waiting message; the caller sends it and calls `sent`."""
        if not self._waiting:
            return None
        parcel = self._waiting.popleft()
        self._per_topic[parcel.topic] -= 1
        return parcel

    def sent(self, packet_id: int, parcel: Parcel) -> None:
        """Note that a message is under way."""
        self._under_way[packet_id] = parcel

    def acknowledged(self, packet_id: int) -> Parcel | None:
        """Forget a message that the broker has taken, and return it."""
        return self._under_way.pop(packet_id, None)

    def take_back(self) -> None:
        """Put everything under way in front again: the connection is gone and nobody knows what arrived."""
        for parcel in reversed(self._under_way.values()):
            self._waiting.appendleft(parcel)
            self._per_topic[parcel.topic] += 1
        self._under_way.clear()

    def _drop_one(self) -> None:
        superseded = (index for index, parcel in enumerate(self._waiting) if self._per_topic[parcel.topic] > 1)
        index = next(superseded, 0)
        self._per_topic[self._waiting[index].topic] -= 1
        del self._waiting[index]
        self.dropped += 1
