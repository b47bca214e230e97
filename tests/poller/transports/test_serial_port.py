"""The serial line: a real terminal whose other end is the simulated inverter."""

import asyncio
import os
import pty
import tty
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from services.poller.modbus_client import ModbusClient
from services.poller.settings import ModbusSettings
from services.poller.transports.factory import create_client
from shared.conditions import Reason, poller
from shared.errors import BadReplyError, DeviceError, DeviceOfflineError
from simulators.faults import Fault
from simulators.transports.serial_port import SerialPort

WORDS = {184: 1, 201: 2, 202: 2304}


def reader(device: str, **changes: Any) -> ModbusClient:
    settings: dict[str, Any] = {"modbus_transport": "serial", "modbus_serial_port": device, "modbus_timeout": 10}
    return create_client(ModbusSettings(_env_file=None, **settings | changes))


async def failure(inverter: ModbusClient, *kinds: type[DeviceError]) -> Reason:
    with pytest.raises(kinds or DeviceOfflineError) as raised:
        await inverter.read(201, 2)
    return raised.value.reason


async def test_a_device_that_is_not_there() -> None:
    reason = await failure(reader("/dev/ttyNotHere"))
    assert reason == poller.serial_port_unusable(device="/dev/ttyNotHere", cause=poller.SERIAL_PORT_MISSING())
    assert "there is no such device" in reason.text


async def test_what_is_no_serial_device(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    reason = await failure(reader(str(file)))
    assert reason == poller.serial_port_unusable(device=str(file), cause=poller.NOT_A_SERIAL_PORT())
    assert f"The serial port {file} cannot be opened" in reason.text


async def test_a_device_that_another_program_uses() -> None:
    wire = SerialPort(lambda: WORDS)
    await wire.start()
    first = reader(wire.port)
    assert await first.read(201, 2) == [2, 2304]
    reason = await failure(reader(wire.port))
    assert reason == poller.serial_port_unusable(device=wire.port, cause=poller.SERIAL_PORT_IN_USE())
    first.close()
    await wire.stop()


async def test_a_device_that_vanishes_and_comes_back(tmp_path: Path) -> None:
    link = tmp_path / "inverter"
    wire = SerialPort(lambda: WORDS)
    await wire.start(str(link))
    inverter = reader(str(link))
    assert await inverter.read(201, 2) == [2, 2304]
    await wire.fail(Fault(kind="unplug"))
    assert str(link) in (await failure(inverter)).text
    await wire.fail()
    assert await inverter.read(201, 2) == [2, 2304]
    inverter.close()
    await wire.stop()


async def test_a_wrong_speed_is_guessed_from_the_noise() -> None:
    wire = SerialPort(lambda: WORDS)
    await wire.start()
    inverter = reader(wire.port, modbus_baudrate=2400, modbus_timeout=0.5)
    reason = await failure(inverter, BadReplyError, DeviceOfflineError)
    assert reason.code in ("poller.bad_answer_on_serial_port", "poller.no_answer_on_serial_port")
    assert reason.params["baudrate"] == 2400
    assert "MODBUS_BAUDRATE (2400; these inverters use 9600)" in reason.text
    inverter.close()
    await wire.stop()


async def test_a_line_that_pours_out_noise_is_no_hang_and_no_heap() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    inverter = reader(os.ttyname(slave), modbus_timeout=0.5)
    loop = asyncio.get_running_loop()
    noise = os.urandom(1024)

    def pour() -> None:
        with suppress(BlockingIOError):
            os.write(master, noise)

    loop.add_writer(master, pour)
    await failure(inverter, BadReplyError, DeviceOfflineError)
    connection = inverter._connection
    assert connection is None or len(connection.received) <= 4096
    loop.remove_writer(master)
    inverter.close()
    os.close(master)
    os.close(slave)
