"""Searches for inverters: dongles that answer a broadcast, gateways on the network, serial ports of this machine."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network

from serial.tools import list_ports

from services.poller.block_reader import BlockReader
from services.poller.identification import identify
from services.poller.modbus_client import ModbusClient
from services.poller.modbus_frames import ModbusTcp, Rtu
from services.poller.settings import ModbusSettings
from services.poller.transports.dongle import DongleTransport
from services.poller.transports.dongle_discovery import DongleDiscovery, local_address_towards
from services.poller.transports.dongle_listener import DongleListener
from services.poller.transports.serial_port import SerialTransport
from services.poller.transports.tcp import TcpTransport
from services.poller.transports.transport import Transport
from shared.errors import DeviceError

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


async def scan(where: ScanRange, report: Callable[[str], None]) -> int:
    """Search everywhere, report what is found as it is found, and return the number of inverters."""
    found = 0
    for search in (_dongles(where), _gateways(where), _serial_ports(where)):
        async for sentence, is_inverter in search:
            report(sentence)
            found += is_inverter
    if not found:
        report("No inverter of this family was found. Is it on, and is its dongle or gateway in this network?")
    return found


Finding = tuple[str, bool]
"""What to report, and whether it is an inverter."""


async def _dongles(where: ScanRange) -> AsyncIterator[Finding]:
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
        inverter, problem = await _identify(transport, settings.modbus_unit_id)
        if inverter:
            yield f"Dongle at {address}: {inverter}. Set MODBUS_TRANSPORT=dongle MODBUS_HOST={address}", True
        else:
            yield f"Dongle at {address}: it answers, but {problem[:1].lower()}{problem[1:]}", False


async def _gateways(where: ScanRange) -> AsyncIterator[Finding]:
    places = [(str(host), port) for network in _networks(where) for host in network.hosts() for port in where.ports]
    for host, port in await _listening(places):
        for kind, framing in (("tcp", ModbusTcp()), ("rtu_over_tcp", Rtu())):
            inverter, _ = await _identify(TcpTransport(host, port, framing, CONNECT_S), where.settings.modbus_unit_id)
            if inverter:
                setting = f"MODBUS_TRANSPORT={kind} MODBUS_HOST={host} MODBUS_PORT={port}"
                yield f"Gateway at {host}:{port}: {inverter}. Set {setting}", True
                break
        else:
            unit = where.settings.modbus_unit_id
            yield f"Something listens at {host}:{port}, but no inverter answers there as unit {unit}.", False


async def _serial_ports(where: ScanRange) -> AsyncIterator[Finding]:
    """Only ports with something plugged in: every PC has a few that are not connected."""
    named = where.settings.modbus_serial_port
    devices = {named} if named else {port.device for port in list_ports.comports() if port.hwid != "n/a"}
    for device in sorted(devices) if where.serial else ():
        transport = SerialTransport(device, where.settings.modbus_baudrate)
        inverter, problem = await _identify(transport, where.settings.modbus_unit_id)
        if inverter:
            yield f"Serial port {device}: {inverter}. Set MODBUS_TRANSPORT=serial MODBUS_SERIAL_PORT={device}", True
        else:
            yield f"Serial port {device}: {problem}", False


async def _identify(transport: Transport, unit: int) -> tuple[str, str]:
    """Return the inverter behind a transport, or "" and why there is none."""
    inverter = ModbusClient(transport, unit, REPLY_S)
    try:
        identity = await identify(BlockReader(inverter))
    except DeviceError as error:
        return "", str(error)
    finally:
        inverter.close()
    layout = identity.layout
    return f"an inverter with the {layout.name} layout ({layout.title}, protocol {identity.protocol})", ""


def _networks(where: ScanRange) -> Iterable[IPv4Network]:
    if where.networks:
        return where.networks
    with suppress(OSError):
        return [IPv4Network(f"{local_address_towards(OUTSIDE)}/24", strict=False)]
    return []


async def _listening(places: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the places that accept a connection."""
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
