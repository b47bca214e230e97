"""An inverter that answers at a wire, and our side of it."""

import random
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from services.poller.conversation import Conversation
from services.poller.settings import WireSettings
from services.poller.transports import conversation
from simulators.faults import Fault
from simulators.transports.dongle import Dongle
from simulators.transports.serial_port import SerialPort
from simulators.transports.tcp import TcpGateway
from simulators.transports.transport import Transport

KINDS = ("tcp", "rtu_over_tcp", "serial", "dongle-eybond", "dongle-raw")
UNNUMBERED = ("rtu_over_tcp", "serial", "dongle-raw")
CHECKED = ("rtu_over_tcp", "serial", "dongle-eybond", "dongle-raw")
"""Wires whose frames carry a checksum."""


@dataclass
class Ends:
    """Both ends of a wire."""

    inverter: Conversation
    wire: Any

    async def fail(self, kind: str, **details: Any) -> None:
        """Let something go wrong at the other end from now on."""
        await self.wire.fail(Fault(kind=kind, **details))

    @property
    def requests(self) -> int:
        """How many requests the other end has heard."""
        return int(self.wire.device.requests)


async def simulated(
    kind: str, words: Callable[[], Mapping[int, int]], unit: int = 1
) -> tuple[Transport, dict[str, Any]]:
    """Return a wire with an inverter at it, and the settings that lead there."""
    name, _, framing = kind.partition("-")
    common = {"modbus_transport": name, "modbus_timeout": 1}
    if name == "dongle":
        dongle = Dongle(words, unit=unit, framing=framing)
        await dongle.start("127.0.0.1", 0)
        return dongle, common | {"modbus_host": "127.0.0.1", "modbus_port": 0, "dongle_port": dongle.port}
    if name == "serial":
        serial = SerialPort(words, unit=unit)
        await serial.start()
        return serial, common | {"modbus_serial_port": serial.port}
    tcp = TcpGateway(words, unit=unit, kind=name)
    await tcp.start("127.0.0.1", quiet_port())
    return tcp, common | {"modbus_host": "127.0.0.1", "modbus_port": tcp.port}


def quiet_port() -> int:
    """Return a free port that no connection begins at: who knocks at a closed one often enough may meet himself."""
    for port in random.sample(range(20_000, 30_000), 100):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no free port")


@asynccontextmanager
async def ends(kind: str, words: Callable[[], Mapping[int, int]], unit: int = 1, **changes: Any) -> AsyncIterator[Ends]:
    """Both ends of a wire of some kind."""
    wire, settings = await simulated(kind, words, unit)
    inverter = conversation(WireSettings(_env_file=None, **settings | changes))
    try:
        yield Ends(inverter, wire)
    finally:
        inverter.close()
        await wire.stop()
