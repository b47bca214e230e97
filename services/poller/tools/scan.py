"""Looks for inverters: dongles that answer a broadcast, gateways on the network, serial ports of this machine."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Network

from serial.tools import list_ports

from services.poller.announce import Announcer, address_towards
from services.poller.blocks import BlockReader
from services.poller.conversation import Conversation, Wire
from services.poller.frames import ModbusTcp, Rtu
from services.poller.identify import identify
from services.poller.settings import WireSettings
from services.poller.transport_dongle import DongleWire
from services.poller.transport_serial import SerialWire
from services.poller.transport_tcp import TcpWire
from shared.errors import DeviceError

ANSWER_S = 2.0
CONNECT_S = 1.0
REPLY_S = 1.5
AT_ONCE = 64
SOMEWHERE = "192.0.2.1"
"""An address in nobody's network: the way to it shows which address of ours looks outwards. Nothing is sent."""


@dataclass(frozen=True)
class Plan:
    """Where to look."""

    settings: WireSettings
    networks: list[IPv4Network] | None
    ports: list[int]
    serial: bool = True


async def scan(plan: Plan, say: Callable[[str], None]) -> int:
    """Look everywhere, say what is found as it is found, and return the number of inverters."""
    found = 0
    for search in (_dongles(plan), _gateways(plan), _serial_ports(plan)):
        async for sentence, is_inverter in search:
            say(sentence)
            found += is_inverter
    if not found:
        say("No inverter of this family was found. Is it on, and is its dongle or gateway in this network?")
    return found


Finding = tuple[str, bool]
"""What to say, and whether it is an inverter."""


async def _dongles(plan: Plan) -> AsyncIterator[Finding]:
    settings = plan.settings
    announcer = Announcer()
    await announcer.start()
    with suppress(OSError):  # no network, no dongles
        announcer.probe((settings.dongle_broadcast, settings.dongle_port))
        await asyncio.sleep(ANSWER_S)
    announcer.close()
    for address in sorted(announcer.answered):
        wire = DongleWire(address, settings.local_ip, 0, settings.dongle_port, settings.dongle_broadcast)
        inverter, problem = await _ask(wire, settings.modbus_unit_id)
        if inverter:
            yield f"Dongle at {address}: {inverter}. Set MODBUS_TRANSPORT=dongle MODBUS_HOST={address}", True
        else:
            yield f"Dongle at {address}: it answers, but {problem[:1].lower()}{problem[1:]}", False


async def _gateways(plan: Plan) -> AsyncIterator[Finding]:
    places = [(str(host), port) for network in _networks(plan) for host in network.hosts() for port in plan.ports]
    for host, port in await _listening(places):
        for transport, framing in (("tcp", ModbusTcp()), ("rtu_over_tcp", Rtu())):
            inverter, _ = await _ask(TcpWire(host, port, framing, CONNECT_S), plan.settings.modbus_unit_id)
            if inverter:
                setting = f"MODBUS_TRANSPORT={transport} MODBUS_HOST={host} MODBUS_PORT={port}"
                yield f"Gateway at {host}:{port}: {inverter}. Set {setting}", True
                break
        else:
            unit = plan.settings.modbus_unit_id
            yield f"Something listens at {host}:{port}, but no inverter answers there as unit {unit}.", False


async def _serial_ports(plan: Plan) -> AsyncIterator[Finding]:
    """Only ports with something plugged in: every PC has a few that lead nowhere."""
    named = plan.settings.modbus_serial_port
    devices = {named} if named else {port.device for port in list_ports.comports() if port.hwid != "n/a"}
    for device in sorted(devices) if plan.serial else ():
        inverter, problem = await _ask(SerialWire(device, plan.settings.modbus_baudrate), plan.settings.modbus_unit_id)
        if inverter:
            yield f"Serial port {device}: {inverter}. Set MODBUS_TRANSPORT=serial MODBUS_SERIAL_PORT={device}", True
        else:
            yield f"Serial port {device}: {problem}", False


async def _ask(wire: Wire, unit: int) -> tuple[str, str]:
    """Return what inverter is behind a wire, or "" and why none is."""
    inverter = Conversation(wire, unit, REPLY_S)
    try:
        layout, protocol = await identify(BlockReader(inverter))
    except DeviceError as error:
        return "", str(error)
    finally:
        inverter.close()
    return f"an inverter with the {layout.name} layout ({layout.title}, protocol {protocol})", ""


def _networks(plan: Plan) -> Iterable[IPv4Network]:
    if plan.networks:
        return plan.networks
    with suppress(OSError):
        return [IPv4Network(f"{address_towards(SOMEWHERE)}/24", strict=False)]
    return []


async def _listening(places: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the places where somebody takes a connection."""
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
