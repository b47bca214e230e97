"""A simulated inverter on any transport, and our client for it."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from services.poller.modbus_client import ModbusClient
from services.poller.settings import ModbusSettings
from services.poller.transports.factory import create_client
from services.poller.transports.serial_port import SerialTransport
from simulators.faults import Fault
from simulators.transports.dongle import Dongle
from simulators.transports.serial_port import SerialPort
from simulators.transports.tcp import TcpGateway
from simulators.transports.transport import Transport
from tests.support.ports import free_port

KINDS = ("tcp", "rtu_over_tcp", "serial", "dongle-eybond", "dongle-raw")
UNNUMBERED = ("rtu_over_tcp", "serial", "dongle-raw")
SHORT_GAP_S = 0.02
"""The pause between requests on a serial line, where time does not fly; a simulated inverter needs none."""
CHECKED = ("rtu_over_tcp", "serial", "dongle-eybond", "dongle-raw")
"""Transports whose frames carry a checksum."""


@dataclass
class Link:
    """A client and the simulated transport it is connected to."""

    inverter: ModbusClient
    wire: Any

    async def fail(self, kind: str, **details: Any) -> None:
        """Inject a fault from now on."""
        await self.wire.fail(Fault(kind=kind, **details))

    @property
    def requests(self) -> int:
        """How many requests the simulator has received."""
        return int(self.wire.device.requests)


async def simulated(
    kind: str, words: Callable[[], Mapping[int, int]], unit: int = 1
) -> tuple[Transport, dict[str, Any]]:
    """Return a started simulated transport, and the settings that lead to it."""
    name, _, framing = kind.partition("-")
    common = {"modbus_transport": name, "modbus_timeout": 10}
    if name == "dongle":
        dongle = Dongle(words, unit=unit, framing=framing)
        await dongle.start("127.0.0.1", 0)
        return dongle, common | {"modbus_host": "127.0.0.1", "modbus_port": 0, "dongle_port": dongle.port}
    if name == "serial":
        serial = SerialPort(words, unit=unit)
        await serial.start()
        return serial, common | {"modbus_serial_port": serial.port}
    tcp = TcpGateway(words, unit=unit, kind=name)
    await tcp.start("127.0.0.1", free_port())
    return tcp, common | {"modbus_host": "127.0.0.1", "modbus_port": tcp.port}


@asynccontextmanager
async def linked(
    kind: str, words: Callable[[], Mapping[int, int]], unit: int = 1, **changes: Any
) -> AsyncIterator[Link]:
    """A client connected to a simulated inverter."""
    wire, settings = await simulated(kind, words, unit)
    inverter = create_client(ModbusSettings(_env_file=None, **settings | changes))
    try:
        with patch.object(SerialTransport, "gap_s", SHORT_GAP_S):
            yield Link(inverter, wire)
    finally:
        inverter.close()
        await wire.stop()
