"""The Wi-Fi dongle: found, called, lost and taken away, in flying time over real UDP and TCP of this machine."""

import asyncio
import errno
import os
import socket
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import pytest

from services.poller.modbus_client import ModbusClient
from services.poller.settings import ModbusSettings
from services.poller.transports.dongle import ANNOUNCE_S
from services.poller.transports.dongle_discovery import PROBE, DongleDiscovery
from services.poller.transports.dongle_listener import DongleListener
from services.poller.transports.factory import create_client
from shared.conditions import Reason, poller, system
from shared.errors import BadReplyError, DeviceError, DeviceOfflineError
from simulators.faults import Fault
from simulators.transports.dongle import Dongle
from tests.support.flying_time import fly
from tests.support.ports import free_port

WORDS = {184: 1, 201: 2, 202: 2304}
LOOPBACK_TO_ALL = "127.255.255.255"


@asynccontextmanager
async def dongle(host: str = "127.0.0.1", port: int = 0, framing: str = "eybond", **how: Any):
    wire = Dongle(lambda: WORDS, framing=framing, **how)
    await wire.start(host, port)
    try:
        yield wire
    finally:
        await wire.stop()


@asynccontextmanager
async def reader(udp_port: int, **changes: Any):
    settings: dict[str, Any] = {
        "modbus_transport": "dongle",
        "modbus_port": 0,
        "modbus_timeout": 1,
        "dongle_port": udp_port,
        "dongle_broadcast": LOOPBACK_TO_ALL,
    }
    inverter = create_client(ModbusSettings(_env_file=None, **settings | changes))
    try:
        yield inverter
    finally:
        inverter.close()


async def reads(inverter: ModbusClient) -> None:
    assert await inverter.read(201, 2) == [2, 2304]


async def failure(inverter: ModbusClient) -> Reason:
    with pytest.raises(DeviceError) as raised:
        await inverter.read(201, 2)
    return raised.value.reason


@pytest.mark.parametrize("framing", ["eybond", "raw"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", ""], ids=["by-address", "by-name", "by-broadcast"])
def test_it_is_found_and_its_framing_too(host: str, framing: str) -> None:
    async def run() -> None:
        async with dongle(framing=framing) as wire, reader(wire.port, modbus_host=host) as inverter:
            for _ in range(5):
                await reads(inverter)

    asyncio.run(run()) if host == "localhost" else fly(run())  # a name is looked up in a thread of its own


def test_one_that_answers_no_question_is_found_by_an_order_to_all() -> None:
    async def run() -> None:
        async with dongle() as wire, reader(wire.port) as inverter:
            received = wire._received
            for transport in wire._udp:
                transport.get_protocol()._received = lambda data, who: data != PROBE and received(data, who)
            with pytest.raises(DeviceOfflineError, match="No dongle answers on this network"):
                await inverter.read(201, 2)
            await reads(inverter)

    fly(run())


def test_two_are_one_too_many() -> None:
    async def run() -> None:
        async with dongle("127.0.0.2") as one, dongle("127.0.0.3", one.port), reader(one.port) as inverter:
            reason = await failure(inverter)
            assert reason == poller.several_dongles(addresses="127.0.0.2, 127.0.0.3")
            assert reason.text.startswith("Several dongles answer (127.0.0.2, 127.0.0.3): set MODBUS_HOST to the one")
        async with (
            dongle("127.0.0.2") as one,
            dongle("127.0.0.3", one.port),
            reader(one.port, modbus_host="127.0.0.3") as inverter,
        ):
            await reads(inverter)
            assert one.server is None, "the other one was left alone"

    fly(run())


def test_nobody_there() -> None:
    async def run() -> None:
        port = free_port()
        async with reader(port, modbus_host="127.0.0.1") as inverter:
            assert await failure(inverter) == poller.dongle_not_at_host(host="127.0.0.1", udp_port=port)
        async with reader(port) as inverter:
            assert await failure(inverter) == poller.dongle_not_found(broadcast=LOOPBACK_TO_ALL, udp_port=port)

    fly(run())


def test_an_unreachable_local_ip_is_named() -> None:
    async def run() -> None:
        async with dongle() as wire, reader(wire.port, modbus_host="127.0.0.1", local_ip="127.9.9.9") as inverter:
            wire._redirect = lambda _server: None  # it answers, and its call gets lost
            reason = await failure(inverter)
            assert reason.code == "poller.dongle_does_not_connect"
            assert "LOCAL_IP" in reason.text

    fly(run())


def test_a_taken_port_is_named_with_its_owner() -> None:
    async def run() -> None:
        with socket.socket() as taken:
            taken.bind(("0.0.0.0", 0))
            taken.listen()
            port = taken.getsockname()[1]
            async with dongle() as wire, reader(wire.port, modbus_host="127.0.0.1", modbus_port=port) as inverter:
                reason = await failure(inverter)
                assert f"Port {port}, to which the dongle should connect, is taken by " in reason.text
                assert reason.code == "poller.port_taken_by", "it is this very process, which we may look at"
                assert reason.params["process"] == os.getpid()
                taken.close()
                await reads(inverter)

    fly(run())


def test_a_family_that_is_not_ours_is_named() -> None:
    async def run() -> None:
        async with dongle(framing="pi30") as wire, reader(wire.port, modbus_host="127.0.0.1") as inverter:
            for _ in range(4):
                with pytest.raises((BadReplyError, DeviceOfflineError), match="PI30"):
                    await inverter.read(184, 1)

    fly(run())


def test_after_a_restart_it_is_back_within_one_announcement() -> None:
    async def run() -> float:
        loop = asyncio.get_running_loop()
        async with dongle() as wire, reader(wire.port, modbus_host="127.0.0.1") as inverter:
            await reads(inverter)
            await wire.fail(Fault(kind="reboot", latency_s=20))
            began = loop.time()
            while True:
                try:
                    await reads(inverter)
                    return loop.time() - began - 20
                except DeviceOfflineError:
                    await asyncio.sleep(0.5)

    assert fly(run()) <= ANNOUNCE_S + 1


def test_a_stolen_session_is_taken_back_and_the_conflict_is_reported() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        thief = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
        async with dongle() as wire, reader(wire.port, modbus_host="127.0.0.1") as inverter:
            for _ in range(5):
                await reads(inverter)
                await wire.steal("127.0.0.1", thief.sockets[0].getsockname()[1])
                began = loop.time()
                await reads(inverter)
                assert loop.time() - began <= ANNOUNCE_S + 1
            assert inverter.problem == poller.dongle_contended(times=4, seconds=60.0)
            await asyncio.sleep(120)
            await reads(inverter)
            assert inverter.problem is None
        thief.close()

    fly(run())


def test_a_connection_that_only_looks_alive_is_replaced_by_the_next_call() -> None:
    """A dongle without power says no goodbye: it calls again, and the old connection is dead without knowing it."""

    async def run() -> None:
        async with dongle() as wire, reader(wire.port, modbus_host="127.0.0.1") as inverter:
            await reads(inverter)
            port = inverter._transport._listener.port
            _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.1", 0))
            await asyncio.sleep(1)
            await reads(inverter)
            writer.close()

    fly(run())


def test_a_stranger_on_the_port_does_not_end_a_call() -> None:
    async def run() -> None:
        async with dongle() as wire, reader(wire.port, modbus_host="127.0.0.1") as inverter:
            await reads(inverter)
            port = inverter._transport._listener.port
            reader_, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.9", 0))
            assert await reader_.read() == b"", "it is sent away"
            asked = wire.device.requests
            await reads(inverter)
            assert wire.device.requests == asked + 1
            writer.close()

    fly(run())


def test_noise_on_the_discoverys_socket_is_nothing() -> None:
    async def run() -> None:
        discovery = DongleDiscovery()
        await discovery.start()
        for noise in (b"", b"rsp>ser", b"\xff" * 2000, b"set>server=1.2.3.4:1;"):
            discovery.datagram_received(noise, ("127.0.0.1", 1))
        assert discovery.answered == {}
        discovery.datagram_received(b"rsp>server=2;", ("127.0.0.1", 1))
        assert discovery.answered_since(0) == ["127.0.0.1"]
        discovery.close()

    fly(run())


def test_one_that_takes_its_time_is_not_hurried() -> None:
    """It answers at once and calls after 4.5 s; another order meanwhile would make it begin anew, for ever."""

    async def run() -> None:
        async with dongle() as wire, reader(wire.port, modbus_host="127.0.0.1") as inverter:
            call = wire._redirect
            timers: list[asyncio.TimerHandle] = []

            def later(server: tuple[str, int]) -> None:
                for timer in timers:
                    timer.cancel()
                timers.append(asyncio.get_running_loop().call_later(4.5, call, server))

            wire._redirect = later
            await reads(inverter)

    fly(run())


def test_another_dongle_that_calls_is_not_taken_for_the_named_one() -> None:
    """It was told to call here before, by us or by somebody else."""

    async def run() -> None:
        async with (
            dongle("127.0.0.2") as other,
            dongle("127.0.0.3", other.port) as named,
            reader(other.port, modbus_host="127.0.0.3") as inverter,
        ):
            await reads(inverter)
            other._redirect(("127.0.0.1", inverter._transport._listener.port))
            await asyncio.sleep(1)
            for _ in range(5):
                await reads(inverter)
            await named.fail(Fault(kind="unplug"))
            await asyncio.sleep(10)
            assert await failure(inverter) == poller.dongle_at_other_address(caller="127.0.0.2", host="127.0.0.3")
            assert other.device.requests == 0
            await named.fail()
            await asyncio.sleep(5)
            await reads(inverter)

    fly(run())


def test_several_dongles_share_a_port_and_each_is_read_by_its_own_reader() -> None:
    """One by address, and one by being the only other one; a third that calls is nobody's once both are known."""

    async def run() -> None:
        words = {"127.0.0.2": {184: 1, 201: 2}, "127.0.0.3": {184: 1, 201: 3}}
        wires = {host: Dongle(partial(words.__getitem__, host)) for host in words}
        await wires["127.0.0.2"].start("127.0.0.2", 0)
        port = wires["127.0.0.2"].port
        await wires["127.0.0.3"].start("127.0.0.3", port)
        listeners: dict[int, DongleListener] = {}
        settings: dict[str, Any] = {
            "modbus_transport": "dongle",
            "modbus_port": 0,
            "modbus_timeout": 1,
            "dongle_port": port,
        }
        named, other = (
            create_client(ModbusSettings(_env_file=None, **settings | {"modbus_host": host} | more), listeners)
            for host, more in (("127.0.0.2", {}), ("", {"dongle_broadcast": LOOPBACK_TO_ALL}))
        )
        assert await named.read(201, 1) == [2]
        assert await other.read(201, 1) == [3]
        await wires["127.0.0.2"].fail(Fault(kind="unplug"))
        with pytest.raises(DeviceOfflineError):
            await named.read(201, 1)
        assert await other.read(201, 1) == [3], "the other one goes on"
        named.close()
        await wires["127.0.0.2"].fail()
        assert await other.read(201, 1) == [3], "who leaves takes nobody along"
        other.close()
        for wire in wires.values():
            await wire.stop()

    fly(run())


def test_knocks_on_the_port_do_not_keep_the_dongle_out() -> None:
    async def run() -> None:
        async with dongle() as wire, reader(wire.port, modbus_host="127.0.0.1") as inverter:
            await reads(inverter)
            port = inverter._transport._listener.port

            async def knock() -> None:
                while True:
                    _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.9", 0))
                    await asyncio.sleep(0.3)
                    writer.close()
                    await asyncio.sleep(0.7)

            knocking = asyncio.create_task(knock())
            await wire.fail(Fault(kind="reboot", latency_s=2))
            for _ in range(10):
                await asyncio.sleep(1)
                with suppress(DeviceOfflineError):
                    await inverter.read(201, 2)
            await reads(inverter)
            knocking.cancel()

    fly(run())


def test_a_port_that_cannot_be_opened_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async def create_server(*_: object) -> None:
            raise PermissionError(errno.EACCES, "un texte français")

        async with dongle() as wire, reader(wire.port, modbus_host="127.0.0.1", modbus_port=80) as inverter:
            monkeypatch.setattr(asyncio.get_running_loop(), "create_server", create_server, raising=False)
            reason = await failure(inverter)
            assert reason == poller.port_unusable(port=80, cause=system.NOT_PERMITTED())
            assert "français" not in reason.text
            monkeypatch.undo()

    fly(run())


def test_a_dongle_without_an_inverter_is_named() -> None:
    async def run() -> None:
        async with dongle() as wire, reader(wire.port, modbus_host="127.0.0.1") as inverter:
            await reads(inverter)
            await wire.fail(Fault(kind="silent"))
            assert await failure(inverter) == poller.no_answer_from_dongle(where="127.0.0.1", unit=1, seconds=1.0)

    fly(run())
