"""When a batch is ready, and when nothing more is received."""

import asyncio

import pytest

from services.recorder.inbox import STALLED_COUNT, Inbox
from shared.bus import Delivery
from tests.support.waiting import PATIENCE_S

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
    async with asyncio.timeout(PATIENCE_S):
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


class Network(Receiver):
    """A bus that delivers what arrived during a pause when it ends, as the event loop does: a moment later."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses = 0
        self.inbox = Inbox(500, 0.2, self)
        self.arrived: list[int] = []

    def pause_receiving(self) -> None:
        self.pauses += not self.paused
        super().pause_receiving()

    def resume_receiving(self) -> None:
        super().resume_receiving()
        asyncio.get_running_loop().call_soon(self.deliver)

    def arrive(self, number: int) -> None:
        self.arrived.append(number)
        if not self.paused:
            self.deliver()

    def deliver(self) -> None:
        for number in self.arrived:
            fill(self.inbox, 1, first=number)
        self.arrived.clear()


async def test_few_messages_are_received_together() -> None:
    network = Network()
    network.arrive(0)
    assert await numbers(network.inbox) == [0]
    assert network.pauses == 0, "nobody knows yet that they are few"
    network.arrive(1)
    waiting = asyncio.create_task(numbers(network.inbox))
    await asyncio.sleep(0)
    assert network.paused
    network.arrive(2)
    network.arrive(3)
    assert await waiting == [1, 2, 3]
    assert network.pauses
    assert not network.paused


@pytest.mark.parametrize("size", [STALLED_COUNT, 500], ids=["a-broker-that-waits", "a-full-batch"])
async def test_a_burst_is_received_without_a_pause_again(size: int) -> None:
    network = Network()
    network.arrive(0)
    await numbers(network.inbox)
    for number in range(size):
        network.arrive(number)
    await numbers(network.inbox)
    pauses = network.pauses
    for number in range(size):
        network.arrive(number)
    assert await numbers(network.inbox) == list(range(size))
    assert network.pauses == pauses
