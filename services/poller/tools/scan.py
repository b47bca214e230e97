"""Searches for inverters: dongles that answer a broadcast, gateways on the network, serial ports of this machine."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from serial.tools import list_ports

from services.poller.block_reader import BlockReader
from services.poller.identification import Identity, identify
from services.poller.modbus_client import ModbusClient
from services.poller.modbus_frames import ModbusTcp, Rtu
from services.poller.settings import ModbusSettings
from services.poller.transports.dongle import DongleTransport
from services.poller.transports.dongle_discovery import DongleDiscovery, local_address_towards
from services.poller.transports.dongle_listener import DongleListener
from services.poller.transports.serial_port import SerialTransport
from services.poller.transports.tcp import TcpTransport
from services.poller.transports.transport import Transport
from shared.conditions import Reason, poller
from shared.errors import DeviceError, DeviceOfflineError
from shared.texts.localizer import Localizer

ANSWER_S = 2.0
CONNECT_S = 1.0
REPLY_S = 1.5
AT_ONCE = 64
OUTSIDE = "192.0.2.1"
"""A documentation address: the route to it shows our address on the home network. Nothing is sent."""


@dataclass(frozen=True)
class ScanRange:
    """Where to search."""

    settings: ModbusSettings
    networks: list[IPv4Network] | None
    ports: list[int]
    serial: bool = True


@dataclass(frozen=True)
class Finding:
    """What is there, and the settings that reach it; without settings it is no inverter."""

    text: str
    settings: dict[str, str] = field(default_factory=dict)

    def line(self, localizer: Localizer) -> str:
        """Return it as a line for people."""
        settings = " ".join(f"{name}={value}" for name, value in self.settings.items())
        return localizer("tool.set", found=self.text, settings=settings) if settings else self.text

    def to_json(self) -> str:
        """Return it as JSON for programs."""
        return json.dumps({"text": self.text, "settings": self.settings}, ensure_ascii=False)


async def scan(where: ScanRange, localizer: Localizer, report: Callable[[Finding], None]) -> None:
    """Search everywhere, and report each finding at once. Raises DeviceOfflineError if there is no inverter."""
    is_found = False
    for search in (_dongles(where, localizer), _gateways(where, localizer), _serial_ports(where, localizer)):
        async for finding in search:
            report(finding)
            is_found |= bool(finding.settings)
    if not is_found:
        raise DeviceOfflineError(poller.NONE_FOUND())


async def _dongles(where: ScanRange, localizer: Localizer) -> AsyncIterator[Finding]:
    settings = where.settings
    discovery = DongleDiscovery()
    await discovery.start()
    with suppress(OSError):  # no network, no dongles
        discovery.probe((settings.dongle_broadcast, settings.dongle_port))
        await asyncio.sleep(ANSWER_S)
    discovery.close()
    for address in sorted(discovery.answered):
        transport = DongleTransport(
            address, settings.local_ip, DongleListener(0), settings.dongle_port, settings.dongle_broadcast
        )
        identity = await _identify(transport, where.settings.modbus_unit_id)
        if isinstance(identity, Identity):
            way = {"MODBUS_TRANSPORT": "dongle", "MODBUS_HOST": address}
            yield Finding(localizer("tool.dongle", host=address, what=_inverter(identity, localizer)), way)
        else:
            yield Finding(localizer("tool.dongle_only", host=address, problem=localizer.reason(identity)))


async def _gateways(where: ScanRange, localizer: Localizer) -> AsyncIterator[Finding]:
    places = [(str(host), port) for network in _networks(where) for host in network.hosts() for port in where.ports]
    for host, port in await _listening(places):
        for kind, framing in (("tcp", ModbusTcp()), ("rtu_over_tcp", Rtu())):
            identity = await _identify(TcpTransport(host, port, framing, CONNECT_S), where.settings.modbus_unit_id)
            if isinstance(identity, Identity):
                way = {"MODBUS_TRANSPORT": kind, "MODBUS_HOST": host, "MODBUS_PORT": str(port)}
                text = localizer("tool.gateway", where=f"{host}:{port}", what=_inverter(identity, localizer))
                yield Finding(text, way)
                break
        else:
            unit = where.settings.modbus_unit_id
            yield Finding(localizer("tool.gateway_only", where=f"{host}:{port}", unit=unit))


async def _serial_ports(where: ScanRange, localizer: Localizer) -> AsyncIterator[Finding]:
    """Return the ports with something plugged in: every PC has a few that are not connected."""
    named = where.settings.modbus_serial_port
    devices = {named} if named else {port.device for port in list_ports.comports() if port.hwid != "n/a"}
    for device in sorted(devices) if where.serial else ():
        transport = SerialTransport(device, where.settings.modbus_baudrate)
        identity = await _identify(transport, where.settings.modbus_unit_id)
        if isinstance(identity, Identity):
            way = {"MODBUS_TRANSPORT": "serial", "MODBUS_SERIAL_PORT": device}
            yield Finding(localizer("tool.serial_port", port=device, what=_inverter(identity, localizer)), way)
        else:
            yield Finding(localizer("tool.serial_port", port=device, what=localizer.reason(identity)))


async def _identify(transport: Transport, unit: int) -> Identity | Reason:
    """Return the inverter behind a transport, or why there is none."""
    inverter = ModbusClient(transport, unit, REPLY_S)
    try:
        return await identify(BlockReader(inverter))
    except DeviceError as error:
        return error.reason
    finally:
        inverter.close()


def _inverter(identity: Identity, localizer: Localizer) -> str:
    layout = identity.layout
    return localizer("tool.inverter", layout=layout.name, title=layout.title, protocol=identity.protocol)


def _networks(where: ScanRange) -> Iterable[IPv4Network]:
    if where.networks:
        return where.networks
    with suppress(OSError):
        return [IPv4Network(f"{local_address_towards(OUTSIDE)}/24", strict=False)]
    return []


async def _listening(places: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the addresses that accept a connection."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def listens(host: str, port: int) -> bool:
        with suppress(OSError):
            async with limit, asyncio.timeout(CONNECT_S):
                _, writer = await asyncio.open_connection(host, port)
                writer.close()
                return True
        return False

    answers = await asyncio.gather(*(listens(*place) for place in places))
    return [place for place, there in zip(places, answers, strict=True) if there]
