"""What waits for the broker: bounded, in order, the newest of every topic kept."""

from hypothesis import given
from hypothesis import strategies as st

from shared.bus.outbox import Outbox, OutgoingMessage

LIMIT = 5


def outgoing(topic: str, number: int) -> OutgoingMessage:
    return OutgoingMessage(topic, str(number).encode(), retain=True)


def drain(outbox: Outbox) -> list[OutgoingMessage]:
    return list(iter(outbox.next, None))


@given(st.lists(st.sampled_from("abcd"), max_size=60))
def test_the_newest_of_every_topic_survives_in_order(topics: list[str]) -> None:
    outbox = Outbox(LIMIT)
    sent = [outgoing(topic, number) for number, topic in enumerate(topics)]
    for one in sent:
        outbox.put(one)
    kept = drain(outbox)
    assert len(kept) <= LIMIT
    assert kept == [one for one in sent if one in kept]
    newest = {one.topic: one for one in sent}
    assert set(newest.values()) <= set(kept)
    assert outbox.dropped == len(sent) - len(kept)


@given(st.integers(0, 20), st.sets(st.integers(0, 19)))
def test_what_was_in_flight_comes_first_again_and_in_order(count: int, acknowledged: set[int]) -> None:
    outbox = Outbox(100)
    sent = [outgoing("a", number) for number in range(20)]
    for one in sent:
        outbox.put(one)
    for packet_id in range(count):
        taken_out = outbox.next()
        assert taken_out
        outbox.sent(packet_id, taken_out)
    taken = {packet_id for packet_id in acknowledged if outbox.acknowledged(packet_id)}
    outbox.requeue_in_flight()
    assert drain(outbox) == [one for number, one in enumerate(sent) if number not in taken]
    assert outbox.in_flight == 0


def test_an_acknowledgement_of_something_else_is_ignored() -> None:
    assert Outbox(1).acknowledged(7) is None
