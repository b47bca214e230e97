import asyncio
import os
import termios
from functools import partial

import pytest

from simulators.faults import Fault
from simulators.transports.serial_port import SerialPort
from tests.simulators.connected import ASK_277, SAY_277, WORDS, terminal, tune
from tests.support.waiting import PATIENCE_S, until

ASK, SAY = bytes.fromhex(ASK_277), bytes.fromhex(SAY_277)


@pytest.fixture
def link(tmp_path):
    return tmp_path / "ttyUSB0"


@pytest.fixture
async def wire(link):
    wire = SerialPort(lambda: WORDS)
    await wire.start(str(link))
    yield wire
    await wire.stop()


def gone(path):
    return not os.path.lexists(path)


def has_been_asked(device, times):
    return device.requests == times


async def answer(reader, length=15):
    return await asyncio.wait_for(reader.readexactly(length), PATIENCE_S)


async def test_it_answers_at_9600_8n1_through_the_link(wire, link):
    async with terminal(str(link)) as (reader, send, _):
        send(ASK)
        assert await answer(reader) == SAY
        assert wire.connected
    await until(lambda: not wire.connected)
    assert wire.state()["serial_port"] == str(link.readlink())


@pytest.mark.parametrize(
    ("speed", "flags"),
    [
        pytest.param(termios.B2400, termios.CS8 | termios.CREAD, id="2400"),
        pytest.param(termios.B115200, termios.CS8 | termios.CREAD, id="115200"),
        pytest.param(termios.B9600, termios.CS8 | termios.CREAD | termios.CSTOPB, id="two-stop-bits"),
    ],
)
async def test_with_other_settings_there_is_only_noise(wire, speed, flags):
    async with terminal(wire.port, speed, flags) as (reader, send, fd):
        send(ASK)
        assert await answer(reader, 1)
        assert wire.device.requests == 0
        tune(fd, termios.B9600)
        send(ASK)
        async with asyncio.timeout(PATIENCE_S):
            await reader.readuntil(SAY)


async def test_an_untouched_terminal_has_the_wrong_speed(wire):
    with os.fdopen(os.open(wire.port, os.O_RDWR | os.O_NOCTTY), "rb+", 0) as port:
        await asyncio.to_thread(port.write, ASK)
        assert await asyncio.to_thread(port.read, 1)
    assert wire.device.requests == 0


async def test_the_next_reader_gets_nothing_that_was_meant_for_the_one_before(wire):
    async with terminal(wire.port) as (_, send, _):
        wire.device.latency_s = 0.1
        send(ASK)
        await until(lambda: wire.device.requests)
    wire.device.latency_s = 0
    await until(lambda: not wire.connected)
    async with terminal(wire.port) as (reader, send, _):
        send(ASK)
        assert await answer(reader) == SAY
    assert wire.device.answered == 1


async def test_unplugged_it_vanishes_with_its_link_and_comes_back_as_another(wire, link):
    before = wire.port
    async with terminal(str(link)) as (reader, _, _):
        await wire.fail(Fault(kind="unplug"))
        assert await asyncio.wait_for(reader.read(), PATIENCE_S) == b""
        assert gone(link)
        assert gone(before)
        await wire.fail()
        assert str(link.readlink()) == wire.port
        async with terminal(str(link)) as (again, send, _):
            send(ASK)
            assert await answer(again) == SAY


async def test_stop_removes_the_link(link):
    wire = SerialPort(lambda: WORDS)
    await wire.start(str(link))
    await wire.stop()
    assert gone(link)


async def test_a_link_of_a_killed_simulator_is_replaced(link):
    link.symlink_to("/dev/pts/4711")
    wire = SerialPort(lambda: WORDS)
    await wire.start(str(link))
    assert str(link.readlink()) == wire.port
    await wire.stop()


async def test_what_another_has_put_there_stays(link):
    wire = SerialPort(lambda: WORDS)
    await wire.start(str(link))
    link.unlink()
    link.write_text("mine")
    await wire.stop()
    assert link.read_text() == "mine"
    with pytest.raises(FileExistsError):
        await wire.start(str(link))
    assert link.read_text() == "mine"


async def test_a_reader_that_never_reads_does_not_hold_it_up(wire):
    fd = os.open(wire.port, os.O_RDWR | os.O_NOCTTY)
    tune(fd, termios.B9600)
    for asked in range(20, 1000, 20):  # the answers are three times what a terminal keeps
        os.write(fd, 20 * ASK)
        await until(partial(has_been_asked, wire.device, asked))
    os.close(fd)
