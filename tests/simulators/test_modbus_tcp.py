import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator

import pytest
from pymodbus.client import AsyncModbusTcpClient

from simulators.faults import Fault, FaultKind
from simulators.modbus_tcp import ModbusServer

WORDS = {201: 2, 202: 2304, 217: 65026}
READ_201 = bytes.fromhex("0007 0000 0006 01 03 00c9 0002")
GOOD = bytes.fromhex("0007 0000 0007 01 03 04 0002 0900")


@pytest.fixture
async def server() -> AsyncIterator[ModbusServer]:
    server = ModbusServer(lambda: WORDS)
    await server.start("127.0.0.1", 0)
    yield server
    await server.stop()


@contextlib.asynccontextmanager
async def wire(server):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    yield reader, writer
    writer.close()


async def exchange(server, frame, length):
    """Send a frame and return the answer: so many bytes as expected, and whatever follows them."""
    async with wire(server) as (reader, writer):
        writer.write(frame)
        return await heard(reader, length)


async def heard(reader, length):
    answer = await asyncio.wait_for(reader.readexactly(length), 10)
    with contextlib.suppress(TimeoutError):
        answer += await asyncio.wait_for(reader.read(1000), 0.1)
    return answer


async def test_a_real_client_reads(server):
    async with AsyncModbusTcpClient("127.0.0.1", port=server.port, timeout=1) as client:
        answer = await client.read_holding_registers(201, count=34, device_id=1)
        assert answer.registers[:2] == [2, 2304]
        assert answer.registers[16] == 65026
        again = await client.read_holding_registers(60_000, count=125, device_id=1)
        assert again.registers == [0] * 125


async def test_words_are_taken_once_for_each_request():
    count = 0

    def words():
        nonlocal count
        count += 1
        return dict.fromkeys(range(100), count)

    server = ModbusServer(words)
    await server.start("127.0.0.1", 0)
    async with AsyncModbusTcpClient("127.0.0.1", port=server.port, timeout=1) as client:
        blocks = [(await client.read_holding_registers(0, count=50, device_id=1)).registers for _ in range(3)]
    await server.stop()
    assert blocks == [[1] * 50, [2] * 50, [3] * 50]


@pytest.mark.parametrize(
    ("pdu", "code"),
    [
        pytest.param("04 00c9 0002", 1, id="function-4"),
        pytest.param("10 0140 0001 02 0898", 1, id="a-write"),
        pytest.param("03 00c9 007e", 3, id="126-words"),
        pytest.param("03 00c9 0000", 3, id="no-words"),
        pytest.param("03 00c9", 3, id="too-short"),
        pytest.param("03 fffe 0005", 2, id="over-the-end"),
    ],
)
async def test_exceptions(server, pdu, code):
    raw = bytes.fromhex(pdu)
    reply = await exchange(server, struct.pack(">HHHB", 9, 0, len(raw) + 1, 1) + raw, 9)
    assert reply == bytes([0, 9, 0, 0, 0, 3, 1, raw[0] | 0x80, code])


async def test_other_units_get_no_answer(server):
    assert await exchange(server, READ_201[:6] + b"\x02" + READ_201[7:], 0) == b""


async def test_who_does_not_speak_modbus_is_cut_off(server):
    async with wire(server) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 2) == b""


async def test_two_requests_in_one_write(server):
    assert await exchange(server, READ_201 + READ_201, 2 * len(GOOD)) == GOOD + GOOD


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        pytest.param(Fault(kind="none"), GOOD, id="none"),
        pytest.param(Fault(kind="silent"), b"", id="silent"),
        pytest.param(Fault(kind="silent", probability=0), GOOD, id="never"),
        pytest.param(Fault(kind="exception", code=6), bytes.fromhex("0007 0000 0003 01 83 06"), id="exception"),
        pytest.param(Fault(kind="half"), GOOD[:6], id="half"),
        pytest.param(Fault(kind="zeros"), GOOD[:9] + bytes(4), id="zeros"),
        pytest.param(Fault(kind="double"), GOOD + GOOD, id="double"),
        pytest.param(Fault(kind="slow", latency_s=0.02), GOOD, id="slow"),
    ],
)
async def test_faults_at_the_wire(server, fault, expected):
    await server.fail(fault)
    assert await exchange(server, READ_201, len(expected)) == expected
    await server.fail()
    assert await exchange(server, READ_201, len(GOOD)) == GOOD


async def test_corrupt_is_one_wrong_bit(server):
    await server.fail(Fault(kind="corrupt"))
    reply = await exchange(server, READ_201, len(GOOD))
    assert len(reply) == len(GOOD)
    assert sum((one ^ other).bit_count() for one, other in zip(reply, GOOD, strict=True)) == 1


async def test_garbage_is_not_the_answer(server):
    await server.fail(Fault(kind="garbage"))
    reply = await exchange(server, READ_201, 1)
    assert reply != GOOD


async def test_slow_takes_its_time(server):
    await server.fail(Fault(kind="slow", latency_s=5))
    assert await exchange(server, READ_201, 0) == b""


async def test_late_comes_with_the_next_answer(server):
    async with wire(server) as (reader, writer):
        await server.fail(Fault(kind="late"))
        writer.write(READ_201)
        assert await heard(reader, 0) == b""
        await server.fail()
        writer.write(b"\x00\x08" + READ_201[2:])
        assert await heard(reader, 2 * len(GOOD)) == GOOD + b"\x00\x08" + GOOD[2:]


async def test_refuse_closes_the_port_and_cuts_connections(server):
    async with wire(server) as (reader, writer):
        writer.write(READ_201)
        assert await heard(reader, len(GOOD)) == GOOD
        port = server.port
        await server.fail(Fault(kind="refuse"))
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 2) == b""
    with pytest.raises(ConnectionRefusedError):
        await exchange(server, READ_201, 0)
    await server.fail(Fault(kind="none"))
    assert server.port == port
    assert await exchange(server, READ_201, len(GOOD)) == GOOD


async def test_refuse_now_and_then_cuts_the_connection(server):
    await server.fail(Fault(kind="refuse", probability=0.999999))
    async with wire(server) as (reader, writer):
        writer.write(READ_201)
        with contextlib.suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 2) == b""


async def test_a_probability_is_a_share(server):
    await server.fail(Fault(kind="zeros", probability=0.3))
    server.faults.dice.seed(1)
    async with wire(server) as (reader, writer):
        replies = []
        for _ in range(400):
            writer.write(READ_201)
            replies.append(await reader.readexactly(len(GOOD)))
    assert 80 < sum(reply != GOOD for reply in replies) < 160


async def test_several_faults_at_once(server):
    await server.fail(Fault(kind="zeros", probability=0.5), Fault(kind="exception"))
    async with wire(server) as (reader, writer):
        seen = set()
        for _ in range(60):
            writer.write(READ_201)
            head = await reader.readexactly(6)
            seen.add((await reader.readexactly(head[5]))[1])
    assert seen == {0x03, 0x83}


def test_every_kind_is_tested_above():
    assert set(FaultKind) == {
        *("none", "silent", "refuse", "exception", "garbage", "half", "slow", "corrupt", "zeros", "late", "double")
    }
