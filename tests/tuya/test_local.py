"""Plugs over the home network: every protocol version, on real sockets, against frames packed by somebody else."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from tinytuya import scanner

from services.tuya.address import Address
from services.tuya.connection import KeyDoubtError, LostConnectionError, OurWayError, SilentError
from services.tuya.local import LocalPlug, ask_for_announcements, discover
from services.tuya.plug import Plug
from shared.conditions import plugs
from shared.errors import CommandRefusedError, DeviceError, DeviceOfflineError
from simulators.tuya.plug import LocalPlug as VirtualLocalPlug
from simulators.tuya.plug import Plug as VirtualPlug
from simulators.tuya.plug import PlugFault, _reset
from tests.support.waiting import PATIENCE_S, until

KEY = "0123456789abcdef"
VERSIONS = ("3.1", "3.2", "3.3", "3.4", "3.5")
SOON_S, LATER_S = 0.3, 2
"""For what is silent from the first, and for what is waited for in vain after an answer, which may come late."""


@contextmanager
def connected(plug: Plug, timeout_s: float = PATIENCE_S) -> Iterator[LocalPlug]:
    connection = LocalPlug(plug, Address(plug.host, plug.version), timeout_s)
    try:
        yield connection
    finally:
        connection.close()


class Bench:
    """A virtual plug, and how we know it."""

    def __init__(self, version: str) -> None:
        self.virtual = VirtualPlug("bf1", "Kettle", KEY, version, {"switch_1": 1, "switch_2": 2})
        self.local = VirtualLocalPlug(self.virtual)
        self.version = version

    def plug(self, **changes: object) -> Plug:
        known = {"id": "bf1", "host": "127.0.0.1", "port": self.local.port, "local_key": KEY, "version": self.version}
        return Plug.model_validate(known | {"gangs": ["switch_1", "switch_2"]} | changes)


@asynccontextmanager
async def reachable(version: str, fault: PlugFault = PlugFault.NONE) -> AsyncIterator[Bench]:
    """Yield a bench whose virtual plug listens."""
    bench = Bench(version)
    bench.virtual.fault = fault
    await bench.local.start("127.0.0.1", 0)
    try:
        yield bench
    finally:
        bench.local.stop()


async def on_the_wire(
    bench: Bench, plug: Plug, values: dict[str, bool], timeout_s: float = PATIENCE_S
) -> tuple[object, object]:
    def work() -> tuple[object, object]:
        with connected(plug, timeout_s) as connection:
            before = connection.read()
            connection.switch(values)
            return before, connection.read()

    return await asyncio.to_thread(work)


@pytest.mark.parametrize("version", VERSIONS)
async def test_it_is_read_switched_and_read_back_over_one_connection(version: str) -> None:
    async with reachable(version) as bench:
        before, after = await on_the_wire(bench, bench.plug(), {"switch_1": False})
        assert before == {"switch_1": True, "switch_2": True}
        assert after == {"switch_1": False, "switch_2": True}
        assert bench.virtual.relays == after
        assert bench.virtual.connections == 1


@pytest.mark.parametrize("version", VERSIONS)
async def test_no_connection_is_opened_before_it_is_read(version: str) -> None:
    async with reachable(version) as bench:
        connection = await asyncio.to_thread(LocalPlug, bench.plug(), Address("127.0.0.1", version), PATIENCE_S)
        connection.close()
        assert bench.virtual.connections == 0


@pytest.mark.parametrize("version", VERSIONS)
async def test_one_that_only_acknowledges_is_read_back(version: str) -> None:
    async with reachable(version, PlugFault.NO_REPORT) as bench:
        _, after = await on_the_wire(bench, bench.plug(), {"switch_1": False, "switch_2": False}, LATER_S)
        assert after == {"switch_1": False, "switch_2": False}
        assert bench.virtual.refreshes == 0, "it is not asleep"


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_it_measures_is_not_taken_for_the_answer(version: str) -> None:
    """A plug with a meter reports by itself when its voltage changes, as it does when the grid goes."""
    async with reachable(version, PlugFault.MEASURES) as bench:
        before, after = await on_the_wire(bench, bench.plug(gangs={"switch_1": 1, "switch_3": 3}), {"switch_1": False})
        assert before == {"switch_1": True, "switch_3": None}
        assert after == {"switch_1": False, "switch_3": None}


@pytest.mark.parametrize("version", VERSIONS)
async def test_one_that_has_started_without_the_internet_is_woken_for_the_next_connection(version: str) -> None:
    async with reachable(version, PlugFault.ASLEEP) as bench:
        with pytest.raises(DeviceError):
            await on_the_wire(bench, bench.plug(), {"switch_1": False}, SOON_S)
        before, after = await on_the_wire(bench, bench.plug(), {"switch_1": False})
        assert before == {"switch_1": True, "switch_2": True}
        assert after == {"switch_1": False, "switch_2": True}


@pytest.mark.parametrize(
    ("version", "kind"), [("3.3", KeyDoubtError), ("3.4", LostConnectionError), ("3.5", LostConnectionError)]
)
async def test_a_wrong_key_is_a_doubt_at_first_and_switches_nothing(version: str, kind: type[DeviceError]) -> None:
    """From 3.4 on a plug does not answer what it cannot decrypt, as one that restarts."""
    async with reachable(version) as bench:
        with pytest.raises(kind):
            await on_the_wire(bench, bench.plug(local_key="f" * 16), {"switch_1": False}, LATER_S)
        assert bench.virtual.relays["switch_1"]


@pytest.mark.parametrize(("theirs", "ours"), [("3.3", "3.4"), ("3.4", "3.5"), ("3.5", "3.3"), ("3.4", "3.3")])
async def test_a_wrong_version_is_an_error_and_switches_nothing(theirs: str, ours: str) -> None:
    async with reachable(theirs) as bench:
        with pytest.raises(DeviceError):
            await on_the_wire(bench, bench.plug(version=ours), {"switch_1": False})
        assert bench.virtual.relays["switch_1"]


@pytest.mark.parametrize("fault", [PlugFault.GONE, PlugFault.SILENT, PlugFault.REFUSED])
async def test_one_that_does_not_answer_is_offline(fault: PlugFault) -> None:
    async with reachable("3.3") as bench:
        await bench.local.fail(fault)
        with pytest.raises(DeviceOfflineError):
            await on_the_wire(bench, bench.plug(), {"switch_1": False}, SOON_S)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_data_point_that_holds_a_number_is_no_switch_and_gets_none(version: str) -> None:
    """As data point 1 of a breaker that counts energy; here a countdown. A 3.2 tells what it is asked for only."""
    async with reachable(version) as bench:
        with pytest.raises(CommandRefusedError) as refused:
            await on_the_wire(bench, bench.plug(gangs={"switch_1": 9}), {"switch_1": False})
        assert refused.value.reason == plugs.not_a_switch(name="bf1", point=9, some="–" if version == "3.2" else "1, 2")
        with connected(bench.plug(gangs={"switch_1": 1, "switch_2": 9})) as connection:
            assert await asyncio.to_thread(connection.read) == {"switch_1": True, "switch_2": None}


async def test_a_gang_that_the_plug_does_not_have_is_unknown() -> None:
    async with reachable("3.3") as bench:
        with connected(bench.plug(gangs={"switch_1": 1, "switch_3": 3})) as connection:
            assert await asyncio.to_thread(connection.read) == {"switch_1": True, "switch_3": None}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("fault", "kind", "timeout_s"),
    [
        (PlugFault.RESET, LostConnectionError, PATIENCE_S),
        (PlugFault.REFUSED, LostConnectionError, PATIENCE_S),
        (PlugFault.HALF, LostConnectionError, PATIENCE_S),
        (PlugFault.SILENT, SilentError, SOON_S),
        (PlugFault.SLOW, SilentError, SOON_S),
        (PlugFault.LATE, LostConnectionError, PATIENCE_S),
        (PlugFault.GARBAGE, LostConnectionError, LATER_S),
    ],
)
async def test_a_connection_that_breaks_is_lost_and_no_key_is_doubted(
    version: str, fault: PlugFault, kind: type[DeviceError], timeout_s: float
) -> None:
    async with reachable(version) as bench:
        await bench.local.fail(fault, connections=1, delay_s=PATIENCE_S)
        with pytest.raises(kind):
            await on_the_wire(bench, bench.plug(), {"switch_1": False}, timeout_s)
        assert bench.virtual.relays["switch_1"]
        assert bench.virtual.connections == 1, "when to try again is not the library's to decide"
        _, after = await on_the_wire(bench, bench.plug(), {"switch_1": False})
        assert after == {"switch_1": False, "switch_2": True}


async def test_another_plug_at_the_address_is_not_believed() -> None:
    async with reachable("3.1") as bench:
        await bench.local.fail(PlugFault.STRANGER)
        with connected(bench.plug()) as connection, pytest.raises(OurWayError, match="Another plug than bf1"):
            await asyncio.to_thread(connection.read)


@pytest.mark.parametrize("code", [errno.ENETUNREACH, errno.EAFNOSUPPORT], ids=["no-route", "sandboxed"])
def test_without_a_network_nobody_is_asked_and_nothing_breaks(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable() -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(scanner, "get_ip_to_broadcast", unreachable)
    ask_for_announcements()
    assert discover(0, (), ask=True) == []


async def test_a_client_that_resets_its_connection_does_the_virtual_plug_no_harm() -> None:
    unhandled: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unhandled.append(context))
    async with reachable("3.3") as bench:
        _, writer = await asyncio.open_connection("127.0.0.1", bench.local.port)
        await until(lambda: bench.virtual.connections)
        _reset(writer)
        writer.transport.abort()
        await until(lambda: not bench.local._open)
    assert unhandled == []
