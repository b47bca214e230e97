"""What is published again after a lost connection: what was acknowledged lately, bounded in time and bytes."""

from hypothesis import given
from hypothesis import strategies as st

from shared.bus.outbox import Outbox, OutgoingMessage
from shared.bus.recent import KEEP_BYTES, KEEP_S, NOTICED_S, Recent


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def reading(number: int, size: int = 10) -> OutgoingMessage:
    return OutgoingMessage(
        "grid/state", str(number).encode().ljust(size), retain=True, replay_topic="replay/grid/state"
    )


def numbers(messages: list[OutgoingMessage]) -> list[int]:
    return [int(message.payload) for message in messages]


@given(st.lists(st.floats(0, KEEP_S), max_size=30), st.floats(0, 2 * KEEP_S), st.floats(0, 1e6))
def test_what_the_broker_has_had_time_to_save_is_dropped(pauses: list[float], quiet: float, away: float) -> None:
    clock = Clock()
    recent = Recent(clock)
    moments = []
    for number, pause in enumerate(pauses):
        clock.now += pause
        moments.append(clock.now)
        recent.add(reading(number))
    since = max(clock.now - KEEP_S, clock.now + quiet - KEEP_S - NOTICED_S)
    clock.now += quiet
    recent.on_lost()
    clock.now += away  # however long it is away, it saves nothing
    assert numbers(recent.take_all()) == [number for number, at in enumerate(moments) if at >= since]
    assert recent.take_all() == []


class House:
    """A publisher, a broker and a recorder, and what each of them has. The broker saves once a minute."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.outbox, self.recent = Outbox(10**6), Recent(self.clock)
        self.queued: list[int] = []
        self.saved: list[int] = []
        self.recorded: set[int] = set()
        self.save_due = self.clock.now + 60
        self.published = 0
        self.packet = 0

    def publish(self, count: int) -> None:
        """Have new readings; the outbox takes them whether or not anybody is connected."""
        for _ in range(count):
            self.outbox.put(reading(self.published))
            self.published += 1

    def exchange(self, sent: int, acknowledged: int) -> None:
        """Send so many; the broker queues all of them, but not all of its answers arrive before the next event."""
        packets: list[int] = []
        while len(packets) < sent and (message := self.outbox.next()):
            self.packet += 1
            self.outbox.sent(self.packet, message)
            self.queued.append(int(message.payload))
            packets.append(self.packet)
        for packet in packets[:acknowledged]:
            message = self.outbox.acknowledged(packet)
            assert message
            self.recent.add(message)

    def record(self, count: int) -> None:
        """Let the recorder commit and acknowledge so many."""
        self.recorded.update(self.queued[:count])
        del self.queued[:count]

    def wait(self, seconds: float) -> None:
        """Let time pass, with a broker that saves."""
        end = self.clock.now + seconds
        while self.save_due <= end:
            self.clock.now = self.save_due
            self.saved = list(self.queued)
            self.save_due += 60
        self.clock.now = end

    def kill(self, away: float) -> None:
        """Kill the broker: what it has not saved is gone. It is back after a while."""
        self.queued = list(self.saved)
        self.recent.on_lost()
        self.outbox.requeue_in_flight()
        self.clock.now += away
        self.save_due = self.clock.now + 60
        self.outbox.put_replays(self.recent.take_all())


COUNTS = st.integers(0, 40)
ROUNDS = st.tuples(COUNTS, COUNTS, COUNTS, COUNTS, st.floats(0, 100), st.sampled_from([0.1, 5.0, 80.0, 3600.0]))


@given(st.lists(ROUNDS, min_size=1, max_size=10))
def test_no_sequence_of_kills_loses_what_fits(rounds: list[tuple[int, int, int, int, float, float]]) -> None:
    house = House()
    for published, sent, acknowledged, recorded, pause, away in rounds:
        house.publish(published)
        house.exchange(sent, acknowledged)
        house.record(recorded)
        house.wait(pause)
        house.exchange(sent, acknowledged)
        house.kill(away)
    while len(house.outbox):
        house.exchange(100, 100)
        house.outbox.requeue_in_flight()
    house.record(len(house.queued))
    assert house.recorded == set(range(house.published))


def test_the_newest_are_kept_in_a_burst() -> None:
    recent = Recent(Clock())
    for number in range(12):
        recent.add(reading(number, KEEP_BYTES // 10))
    assert numbers(recent.take_all()) == list(range(2, 12))


def test_a_command_is_never_published_again() -> None:
    recent = Recent(Clock())
    recent.add(OutgoingMessage("plug/x/set", b"{}", retain=False))
    assert recent.take_all() == []


def test_a_replay_is_not_retained_and_comes_last_however_often_the_connection_breaks() -> None:
    outbox, recent = Outbox(2), Recent(Clock())
    for number in range(5):
        recent.add(reading(number))
    outbox.put_replays(recent.take_all())
    outbox.put(reading(9))
    for _ in range(2):
        for packet_id in range(6):
            message = outbox.next()
            assert message
            assert message.retain == (packet_id == 0)
            outbox.sent(packet_id, message)
        assert outbox.next() is None
        outbox.requeue_in_flight()
    assert (len(outbox), outbox.dropped) == (6, 0)
    for expected in (9, 0, 1, 2, 3, 4):
        message = outbox.next()
        assert message
        assert int(message.payload) == expected
        outbox.sent(expected, message)
        recent.add(outbox.acknowledged(expected) or message)
    assert {message.topic for message in recent.take_all()} == {"replay/grid/state"}
