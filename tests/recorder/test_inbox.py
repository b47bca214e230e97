"""When a batch is ready, and when nothing more is received."""

import asyncio

import pytest

from services.recorder.inbox import STALLED_COUNT, Inbox
from shared.bus import Delivery

NEVER_S = 3600.0


class Receiver:
    """A bus that notes whether it receives."""

    def __init__(self) -> None:
        self.paused = False

    def pause_receiving(self) -> None:
        self.paused = True

    def resume_receiving(self) -> None:
        self.paused = False


def fill(inbox: Inbox, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        inbox.put(Delivery("grid/state", str(number).encode(), retained=False, ack=lambda: None))


async def numbers(inbox: Inbox) -> list[int]:
    async with asyncio.timeout(20):
        return [int(delivery.payload) for delivery in await inbox.next_batch()]


async def test_upkeep_waits_for_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.recorder.inbox.IDLE_S", 0.01)
    inbox = Inbox(3, NEVER_S, Receiver())
    assert await numbers(inbox) == []
    fill(inbox, 3)
    assert await numbers(inbox) == [0, 1, 2]


async def test_a_full_batch_does_not_wait_and_the_rest_comes_next() -> None:
    inbox = Inbox(3, NEVER_S, Receiver())
    fill(inbox, 7)
    assert [await numbers(inbox), await numbers(inbox)] == [[0, 1, 2], [3, 4, 5]]
    waiting = asyncio.create_task(numbers(inbox))
    await asyncio.sleep(0)
    fill(inbox, 2, first=7)
    assert await waiting == [6, 7, 8]


async def test_a_batch_that_is_not_full_is_ready_when_it_is_old() -> None:
    inbox = Inbox(500, 0.05, Receiver())
    waiting = asyncio.create_task(numbers(inbox))
    await asyncio.sleep(0)
    fill(inbox, 2)
    assert await waiting == [0, 1]


async def test_a_broker_that_sends_no_more_before_it_is_acknowledged_is_not_waited_for() -> None:
    inbox = Inbox(500, NEVER_S, Receiver())
    fill(inbox, STALLED_COUNT)
    assert len(await numbers(inbox)) == STALLED_COUNT


async def test_two_full_batches_pause_the_bus_until_one_is_taken() -> None:
    bus = Receiver()
    inbox = Inbox(3, NEVER_S, bus)
    fill(inbox, 5)
    assert not bus.paused
    fill(inbox, 2, first=5)  # what the bus had read already
    assert bus.paused
    assert await numbers(inbox) == [0, 1, 2]
    assert not bus.paused
    fill(inbox, 2, first=7)
    assert bus.paused


async def test_what_was_received_can_be_taken_before_its_batch_is_ready() -> None:
    inbox = Inbox(3, NEVER_S, Receiver())
    fill(inbox, 4)
    assert [len(inbox.take()), len(inbox.take())] == [4, 0]
