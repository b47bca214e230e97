"""Readers that know no library: bytes typed from captures, over real sockets and terminals of this machine."""

import asyncio
import contextlib
import os
import socket
import termios
import tty
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from simulators.transports.dongle import Dongle
from simulators.transports.serial_port import SerialPort
from simulators.transports.tcp import TcpGateway
from simulators.transports.transport import Transport
from tests.support.ports import free_port
from tests.support.waiting import PATIENCE_S

WORDS = {184: 3, 277: 521, 278: 65438, 279: 65026, 280: 66, 281: 21}
PN = "Q0045231765051"
PN_HEX = PN.encode().hex()

# RTU, with checksums; the first two pairs and SAY_0 were captured.
ASK_277, SAY_277 = "01030115000595f1", "01030a0209ff9efe0200420015d224"
ASK_184, SAY_184 = "010300b80001042f", "0103020003f845"
ASK_281, SAY_281 = "0103011900015431", "0103020015798b"
SAY_0 = "0103020000b844"
SAY_ZEROS = "01030a0000000000000000000024b6"
SAY_CODE_6 = "018306c132"
STRANGER_UNIT, STRANGER_LENGTH = "02030a55555555555555555555cfcb", "01030c555555555555555555555555a1cf"


def mbap(tid: int, rtu: str) -> bytes:
    """Return what an RTU frame is in Modbus TCP."""
    return bytes.fromhex(f"{tid:04x}0000{len(rtu) // 2 - 2:04x}{rtu[:-4]}")


def eybond(tid: int, rtu: str) -> bytes:
    """Return what an RTU frame is in an EyeBond envelope."""
    return bytes.fromhex(f"{tid:04x}0001{len(rtu) // 2 + 2:04x}ff04{rtu}")


def plain(tid: int, rtu: str) -> bytes:
    """Return an RTU frame as it is."""
    return bytes.fromhex(rtu)


@dataclass
class Connected:
    """A wire with a reader at its other end."""

    wire: Any
    send: Callable[[bytes], None]
    reader: asyncio.StreamReader
    frame: Callable[[int, str], bytes]
    strays: set[bytes]

    async def until(self, tail: bytes) -> bytes:
        """Return what comes until it ends like this, without it."""
        heard = b""
        async with asyncio.timeout(PATIENCE_S):
            while not heard.endswith(tail):
                byte = await self.reader.read(1)
                assert byte, f"cut off after {heard.hex()}"
                heard += byte
        return heard[: -len(tail)]

    async def ended(self) -> bool:
        """Wait until the other side is gone."""
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(OSError):
                while await self.reader.read(1000):
                    pass
        return True

    async def ask(self, tid: int, rtu: str, answer: str) -> bytes:
        """Ask, and return what comes before the right answer."""
        self.send(self.frame(tid, rtu))
        return await self.until(self.frame(tid, answer))

    async def heard_again(self) -> None:
        """Ask after a silence, and after another, until there is a right answer and nothing before it."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.wire.device.answered:
                await asyncio.sleep(0.2)
                self.send(self.frame(0, ASK_184))
        assert await self.until(self.frame(0, SAY_184)) == b""

    async def told(self, request: bytes) -> bytes:
        """Return exactly what is said to a request: whatever comes before the answer to the next one."""
        seen = self.wire.device.requests
        self.send(request)
        async with asyncio.timeout(PATIENCE_S):
            while self.wire.device.requests == seen:
                await asyncio.sleep(0.001)
        await self.wire.fail()
        return await self.ask(0x0772, ASK_281, SAY_281)


@contextlib.asynccontextmanager
async def over_tcp(transport: str) -> AsyncIterator[Connected]:
    """A reader at a TCP port."""
    wire = TcpGateway(lambda: WORDS, kind=transport)
    await wire.start("127.0.0.1", free_port())
    reader, writer = await asyncio.open_connection("127.0.0.1", wire.port)
    if transport == "tcp":
        yield Connected(wire, writer.write, reader, mbap, {mbap(0x0779, f"01030a{'55' * 10}0000")})
    else:
        yield Connected(wire, writer.write, reader, plain, rtu_strays())
    writer.close()
    await wire.stop()


@contextlib.asynccontextmanager
async def over_serial() -> AsyncIterator[Connected]:
    """A reader at a pseudo terminal."""
    wire = SerialPort(lambda: WORDS)
    await wire.start()
    async with terminal(wire.port) as (reader, send, _):
        yield Connected(wire, send, reader, plain, rtu_strays())
    await wire.stop()


@contextlib.asynccontextmanager
async def over_dongle(framing: str) -> AsyncIterator[Connected]:
    """A server that a dongle was told to connect to."""
    wire = Dongle(lambda: WORDS, framing=framing, pn=PN, reconnect_s=0.05)
    await wire.start("127.0.0.1", 0)
    async with listening() as server:
        await redirected(wire, server.port)
        reader, writer = await server.call()
        if framing == "raw":
            yield Connected(wire, writer.write, reader, plain, rtu_strays())
        else:
            heartbeat = bytes.fromhex(f"077a00010010ff01{PN_HEX}")
            yield Connected(wire, writer.write, reader, eybond, {heartbeat})
        await wire.stop()


OVER = {
    "tcp": lambda: over_tcp("tcp"),
    "rtu_over_tcp": lambda: over_tcp("rtu_over_tcp"),
    "serial": over_serial,
    "eybond": lambda: over_dongle("eybond"),
    "raw": lambda: over_dongle("raw"),
}


def rtu_strays() -> set[bytes]:
    return {bytes.fromhex(STRANGER_UNIT), bytes.fromhex(STRANGER_LENGTH)}


@contextlib.asynccontextmanager
async def terminal(
    path: str, speed: int = termios.B9600, flags: int = termios.CS8 | termios.CREAD | termios.CLOCAL
) -> AsyncIterator[tuple[asyncio.StreamReader, Callable[[bytes], None], int]]:
    """Open a terminal as a reader of an inverter does."""
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(fd)
    tune(fd, speed, flags)
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(fd, "rb", 0))
    yield reader, lambda data: void(os.write(fd, data)), fd
    transport.close()


def tune(fd: int, speed: int, flags: int = termios.CS8 | termios.CREAD | termios.CLOCAL) -> None:
    """Set a terminal's speed and the shape of its characters."""
    settings = termios.tcgetattr(fd)
    settings[2], settings[4], settings[5] = flags, speed, speed
    termios.tcsetattr(fd, termios.TCSANOW, settings)


def void(_: object) -> None:
    """Return nothing."""


class Server:
    """What a dongle connects to."""

    def __init__(self) -> None:
        self.port = 0
        self.calls: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Keep a connection until somebody wants it."""
        await self.calls.put((reader, writer))

    async def call(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return the next connection."""
        return await asyncio.wait_for(self.calls.get(), PATIENCE_S)


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Server]:
    """Listen for dongles."""
    server = Server()
    listener = await asyncio.start_server(server.accepted, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    yield server
    listener.close()


async def by_udp(datagram: bytes, host: str, port: int, replies: int = 1) -> set[tuple[bytes, tuple[str, int]]]:
    """Send a datagram and return so many replies, with who sent them."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        udp.setblocking(False)
        udp.bind(("127.0.0.1", 0))
        udp.sendto(datagram, (host, port))
        loop = asyncio.get_running_loop()
        return {await asyncio.wait_for(loop.sock_recvfrom(udp, 1000), PATIENCE_S) for _ in range(replies)}


async def redirected(wire: Dongle, port: int) -> None:
    """Tell a dongle where its server is."""
    await by_udp(f"set>server=127.0.0.1:{port};".encode(), "127.0.0.1", wire.port)


def in_turn(wire: Transport) -> tuple[int, int]:
    """Return how many requests were heard and answered."""
    return wire.device.requests, wire.device.answered
