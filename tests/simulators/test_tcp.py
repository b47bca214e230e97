import asyncio
import contextlib

import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.framer import FramerType

from simulators.faults import Fault
from simulators.transports.tcp import TcpGateway
from tests.simulators.connected import ASK_184, ASK_277, SAY_184, SAY_277, WORDS, over_tcp
from tests.support.waiting import PATIENCE_S, until


@pytest.fixture(params=["tcp", "rtu_over_tcp"])
async def wired(request):
    async with over_tcp(request.param) as wired:
        yield wired


@pytest.mark.parametrize("transport", ["tcp", "rtu_over_tcp"])
async def test_a_real_client_reads(transport):
    wire = TcpGateway(lambda: WORDS, unit=7, kind=transport)
    await wire.start("127.0.0.1", 0)
    framer = FramerType.SOCKET if transport == "tcp" else FramerType.RTU
    async with AsyncModbusTcpClient("127.0.0.1", port=wire.port, timeout=PATIENCE_S, framer=framer) as client:
        answer = await client.read_holding_registers(277, count=5, device_id=7)
        assert answer.registers == [521, 65438, 65026, 66, 21]
        again = await client.read_holding_registers(60_000, count=125, device_id=7)
        assert again.registers == [0] * 125
    await wire.stop()


async def test_state(wired):
    await wired.ask(7, ASK_277, SAY_277)
    wired.wire.device.latency_s = 0.01
    assert wired.wire.state() == {
        "transport": wired.wire.kind,
        "modbus_port": wired.wire.port,
        "there": True,
        "connected": True,
        "requests": 1,
        "answered": 1,
        "latency_s": 0.01,
    }


async def test_who_leaves_is_not_connected():
    wire = TcpGateway(lambda: WORDS)
    await wire.start("127.0.0.1", 0)
    assert not wire.connected
    _, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    await until(lambda: wire.connected)
    writer.close()
    await until(lambda: not wire.connected)
    await wire.stop()


async def test_two_requests_in_one_write(wired):
    wired.send(wired.frame(1, ASK_277) + wired.frame(2, ASK_184))
    assert await wired.until(wired.frame(2, SAY_184)) == wired.frame(1, SAY_277)


async def test_a_request_in_single_bytes():
    async with over_tcp("tcp") as wired:
        for byte in wired.frame(7, ASK_277):
            wired.send(bytes([byte]))
            await asyncio.sleep(0)
        assert await wired.until(wired.frame(7, SAY_277)) == b""


async def test_who_does_not_speak_modbus_tcp_is_cut_off():
    async with over_tcp("tcp") as wired:
        wired.send(b"GET / HTTP/1.1\r\n\r\n")
        assert await wired.ended()


async def test_noise_in_front_of_an_rtu_frame_spoils_it_until_there_was_a_silence():
    async with over_tcp("rtu_over_tcp") as wired:
        wired.send(b"\x00" + wired.frame(1, ASK_277))
        await wired.heard_again()
        assert wired.wire.device.answered == 1


@pytest.mark.parametrize("kind", ["refuse", "unplug", "reboot"])
async def test_nobody_listens_and_then_again_on_the_same_port(wired, kind):
    port = wired.wire.port
    await wired.wire.fail(Fault(kind=kind, latency_s=600))
    assert await wired.ended()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    await wired.wire.fail(Fault(kind="none"))
    assert wired.wire.port == port
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()


async def test_who_is_gone_twice_comes_back_once(wired):
    await wired.wire.fail(Fault(kind="reboot", latency_s=600))
    await wired.wire.fail(Fault(kind="unplug"), Fault(kind="reboot", latency_s=0))
    await wired.wire.fail(Fault(kind="refuse"))
    await asyncio.gather(*(wired.wire.fail() for _ in range(5)))
    assert wired.wire.state()["there"]


async def test_a_port_taken_meanwhile_is_an_error_and_can_be_tried_again(wired):
    await wired.wire.fail(Fault(kind="refuse"))
    thief = await asyncio.start_server(lambda *_: None, "127.0.0.1", wired.wire.port)
    with pytest.raises(OSError, match="address already in use"):
        await wired.wire.fail()
    thief.close()
    await thief.wait_closed()
    await wired.wire.fail()
    assert wired.wire.state()["there"]


async def test_stop_ends_a_reboot(wired):
    await wired.wire.fail(Fault(kind="reboot", latency_s=600))
    await wired.wire.stop()
    with contextlib.suppress(OSError):
        assert await wired.ended()
    assert not wired.wire.state()["there"]
