"""What a Wi-Fi dongle hears by UDP: where it should connect to."""

import asyncio
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

COMMAND = re.compile(rb"set>server=(?:([0-9.]{7,15}):([0-9]{1,5});)?\s*")
REPLY = b"rsp>server=1;"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what the user may choose

Address = tuple[str, int]
Heard = Callable[[bytes, Address], None]


@dataclass(frozen=True)
class Redirect:
    """A command to connect to a server; to none where somebody only looks for dongles."""

    server: Address | None = None


def redirect_in(datagram: bytes) -> Redirect | None:
    """Return the command in a datagram, or None where there is none."""
    match = COMMAND.fullmatch(datagram)
    if not match:
        return None
    if match[1] is None:
        return Redirect()
    try:
        host, port = str(IPv4Address(match[1].decode())), int(match[2])
    except AddressValueError:
        return None
    return Redirect((host, port)) if 0 < port <= 65535 else None


class Ears(asyncio.DatagramProtocol):
    """Hands on every datagram."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Hand it on."""
        self._heard(data, addr)


async def listen(heard: Heard, host: str, port: int) -> list[asyncio.DatagramTransport]:
    """Hear what is sent to an address, by the first transport, and what is broadcast around it, by the second.

    On Linux a socket with an address of its own is deaf to broadcasts. Those are shared: every dongle hears them.
    """
    own = await _transport(heard, _bound(host, port))
    address, port = own.get_extra_info("sockname")
    if address == EVERYWHERE:  # which hears both
        return [own]
    broadcast = "127.255.255.255" if address.startswith("127.") else "255.255.255.255"
    try:
        around = await _transport(heard, _bound(broadcast, port, shared=True))
    except OSError:
        own.close()
        raise
    return [own, around]


async def _transport(heard: Heard, bound: socket.socket) -> asyncio.DatagramTransport:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Ears(heard), sock=bound)
    return transport


def _bound(host: str, port: int, *, shared: bool = False) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        bound.setblocking(False)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, shared)
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound
