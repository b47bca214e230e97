"""The connection to one battery, against an adapter whose batteries do as they are told, in flying time."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from services.bms.battery import Battery
from services.bms.battery_client import BatteryClient
from services.bms.bluetooth import Adapters, Advertisement, BluetoothUnavailableError
from services.bms.framing import Command, Frame, command_bytes
from services.bms.reading_interval import connects_each_time, min_interval_s
from shared.conditions import Reason, bms
from shared.errors import DeviceOfflineError
from tests.bms.jk import ADDRESS, DEVICE, SETTINGS, battery, cells
from tests.support.flying_time import fly

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)


class Adapter:
    """Stands for Bluetooth: finds at once or raises, answers requests, and streams."""

    def __init__(self) -> None:
        self.failures: list[DeviceOfflineError] = []
        self.found_at: list[float] = []
        self.requests: list[bytes] = []
        self.answers = {Command.DEVICE: (DEVICE,), Command.CELLS: (SETTINGS,)}
        self.streams = True
        self.is_lost = False
        self.connections = 0
        self._counter = 0

    async def named(self, _name: str) -> "Adapter":
        return self

    async def find(self, address: str, _seconds: float, on_searching: Callable[[], None]) -> Advertisement:
        self.found_at.append(asyncio.get_running_loop().time())
        if self.failures and isinstance(self.failures[0], BluetoothUnavailableError):
            raise self.failures.pop(0)
        on_searching()
        if self.failures:
            raise self.failures.pop(0)
        return Advertisement(address, "Pack", -60, cast(Any, None))

    @asynccontextmanager
    async def connect(
        self, _advertisement: Advertisement, on_data: Callable[[bytes], None], on_lost: Callable[[], None]
    ) -> AsyncIterator["Adapter"]:
        self.connections, self.is_lost = self.connections + 1, False
        self._on_data, self._on_lost = on_data, on_lost
        stream = asyncio.create_task(self._stream())
        try:
            yield self
        finally:
            stream.cancel()

    async def send(self, command: bytes) -> None:
        self.requests.append(command)
        for kind, frames in self.answers.items():
            if command == command_bytes(kind):
                self.deliver(*frames)

    def deliver(self, *frames: Frame) -> None:
        for frame in frames:
            self._on_data(frame.data)

    def lose(self) -> None:
        self.is_lost = True
        self._on_lost()

    async def _stream(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            if self.streams and command_bytes(Command.CELLS) in self.requests:
                self._counter += 1
                self.deliver(cells(self._counter))


def watch(known: Battery, adapter: Adapter, script: Callable[[], Any], interval_s: float = 10) -> list[Reason | None]:
    """Run a client until a script is over; return the problems of the battery, as they changed."""
    problems: list[Reason | None] = []

    def note() -> None:
        if problems[-1:] != [known.problem]:
            problems.append(known.problem)

    async def run() -> None:
        client = BatteryClient(known, cast(Adapters, adapter), interval_s, note)
        task = asyncio.create_task(client.run())
        await script()
        assert not task.done()
        task.cancel()

    fly(run())
    return problems


def test_it_connects_once_and_asks_for_everything() -> None:
    known, adapter = battery(), Adapter()
    problems = watch(known, adapter, lambda: asyncio.sleep(300))
    assert known.is_complete
    assert known.is_online
    assert adapter.requests == [command_bytes(Command.DEVICE), command_bytes(Command.CELLS)]
    assert (adapter.connections, problems) == (1, [None])


def test_from_a_minute_on_every_reading_has_its_own_connection() -> None:
    known, adapter = battery(), Adapter()
    watch(known, adapter, lambda: asyncio.sleep(185), interval_s=60)
    assert adapter.found_at == pytest.approx([0, 60, 120, 180], abs=0.1)
    assert [connects_each_time(seconds) for seconds in (59, 60)] == [False, True]
    assert (min_interval_s(10), min_interval_s(60)) == (9.75, 30)


def test_a_silent_battery_is_asked_again_and_then_connected_again() -> None:
    known, adapter = battery(), Adapter()

    async def script() -> None:
        await asyncio.sleep(20)
        adapter.streams = False
        del adapter.requests[:]
        await asyncio.sleep(9)
        assert adapter.requests == [command_bytes(Command.CELLS)]
        assert adapter.connections == 1
        await asyncio.sleep(4)
        assert adapter.connections == 2

    assert watch(known, adapter, script) == [None, bms.silent(name=ADDRESS)]


def test_a_battery_that_answers_nothing_wants_to_be_paired() -> None:
    known, adapter = battery(), Adapter()
    adapter.answers, adapter.streams = {}, False
    problems = watch(known, adapter, lambda: asyncio.sleep(60))
    assert problems == [None, bms.silent_unpaired(name=ADDRESS)]
    assert adapter.requests[:3] == [command_bytes(kind) for kind in (Command.DEVICE, Command.DEVICE, Command.CELLS)]


def test_a_lost_connection_is_made_again_soon() -> None:
    known, adapter = battery(), Adapter()

    async def script() -> None:
        await asyncio.sleep(5)
        adapter.lose()
        await asyncio.sleep(0.1)
        assert known.problem == bms.connection_lost(name=ADDRESS)
        await asyncio.sleep(3)
        assert known.problem is None

    watch(known, adapter, script)
    assert adapter.connections == 2


def test_failures_are_retried_later_and_later_but_bluetooth_itself_steadily() -> None:
    known, adapter = battery(), Adapter()
    gone = bms.not_found(address=ADDRESS)
    adapter.failures = [DeviceOfflineError(gone) for _ in range(8)]
    assert watch(known, adapter, lambda: asyncio.sleep(300)) == [None, gone, None]
    pauses = [after - before for before, after in zip(adapter.found_at, adapter.found_at[1:], strict=False)]
    assert all(0.7 * due <= pause <= 1.3 * due for due, pause in zip((1, 2, 4, 8, 16, 30, 30, 30), pauses, strict=True))

    adapter = Adapter()
    adapter.failures = [BluetoothUnavailableError(bms.NO_ADAPTER()) for _ in range(5)]
    assert watch(battery(), adapter, lambda: asyncio.sleep(60)) == [bms.NO_ADAPTER(), None]
    assert adapter.found_at == pytest.approx([0, 3, 6, 9, 12, 15], abs=1e-3)


def test_a_battery_that_does_not_say_what_it_is_is_online_with_its_reading_and_asked_again() -> None:
    known, adapter = battery(), Adapter()
    del adapter.answers[Command.DEVICE]

    async def script() -> None:
        await asyncio.sleep(8)
        assert known.is_online
        assert known.take_updates(known.read_at or NOW).state
        await asyncio.sleep(40)

    watch(known, adapter, script)
    assert adapter.requests.count(command_bytes(Command.DEVICE)) == 3
    assert adapter.connections == 1


def test_a_lost_connection_is_offline_while_something_else_is_awaited() -> None:
    known, adapter = battery(), Adapter()

    async def script() -> None:
        await asyncio.sleep(5)
        adapter.lose()
        assert not known.is_online, "in the callback itself"

    watch(known, adapter, script)
