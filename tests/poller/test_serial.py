"""The serial line: a real terminal whose other end is the simulated inverter."""

import asyncio
import os
import pty
import tty
from contextlib import suppress
from pathlib import Path

import pytest

from services.poller.conversation import Conversation
from services.poller.settings import WireSettings
from services.poller.transports import conversation
from shared.errors import BadReplyError, DeviceOfflineError
from simulators.faults import Fault
from simulators.transports.serial_port import SerialPort

WORDS = {184: 1, 201: 2, 202: 2304}


def reader(device: str, **changes: object) -> Conversation:
    settings = {"modbus_transport": "serial", "modbus_serial_port": device, "modbus_timeout": 0.5}
    return conversation(WireSettings(_env_file=None, **settings | changes))


async def why_not(inverter: Conversation, kind: type[Exception] = DeviceOfflineError) -> str:
    with pytest.raises(kind) as raised:
        await inverter.read(201, 2)
    return str(raised.value)


async def test_a_device_that_is_not_there() -> None:
    assert "there is no such device" in await why_not(reader("/dev/ttyNotHere"))


async def test_what_is_no_serial_device(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert f"The serial port {file} cannot be opened" in await why_not(reader(str(file)))


async def test_a_device_that_another_program_uses() -> None:
    wire = SerialPort(lambda: WORDS)
    await wire.start()
    first = reader(wire.port)
    assert await first.read(201, 2) == [2, 2304]
    assert "another program uses it" in await why_not(reader(wire.port))
    first.close()
    await wire.stop()


async def test_a_device_that_vanishes_and_comes_back(tmp_path: Path) -> None:
    link = tmp_path / "inverter"
    wire = SerialPort(lambda: WORDS)
    await wire.start(str(link))
    inverter = reader(str(link))
    assert await inverter.read(201, 2) == [2, 2304]
    await wire.fail(Fault(kind="unplug"))
    assert str(link) in await why_not(inverter)
    await wire.fail()
    assert await inverter.read(201, 2) == [2, 2304]
    inverter.close()
    await wire.stop()


async def test_a_wrong_speed_is_guessed_from_the_noise() -> None:
    wire = SerialPort(lambda: WORDS)
    await wire.start()
    inverter = reader(wire.port, modbus_baudrate=2400)
    sentence = await why_not(inverter, kind=(BadReplyError, DeviceOfflineError))
    assert "MODBUS_BAUDRATE (2400; these inverters use 9600)" in sentence
    inverter.close()
    await wire.stop()


async def test_a_line_that_pours_out_noise_is_no_hang_and_no_heap() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    inverter = reader(os.ttyname(slave))
    loop = asyncio.get_running_loop()
    noise = os.urandom(1024)

    def pour() -> None:
        with suppress(BlockingIOError):
            os.write(master, noise)

    loop.add_writer(master, pour)
    await why_not(inverter, kind=(BadReplyError, DeviceOfflineError))
    pipe = inverter._pipe
    assert pipe is None or len(pipe.received) <= 4096
    loop.remove_writer(master)
    inverter.close()
    os.close(master)
    os.close(slave)
