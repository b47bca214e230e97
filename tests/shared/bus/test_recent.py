"""What is published again after a lost connection: what was acknowledged lately, bounded in time and bytes."""

from hypothesis import given
from hypothesis import strategies as st

from shared.bus.outbox import Outbox, OutgoingMessage
from shared.bus.recent import KEEP_BYTES, KEEP_S, Recent


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


@given(st.lists(st.floats(0, KEEP_S), max_size=30), st.floats(0, 2 * KEEP_S))
def test_what_is_older_than_the_broker_needs_to_save_is_dropped(pauses: list[float], at_last: float) -> None:
    clock = Clock()
    recent = Recent(clock)
    moments = []
    for number, pause in enumerate(pauses):
        clock.now += pause
        moments.append(clock.now)
        recent.add(reading(number))
    clock.now += at_last
    young = [number for number, at in enumerate(moments) if at >= clock.now - KEEP_S]
    assert numbers(recent.take_all()) == young
    assert recent.take_all() == []


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
