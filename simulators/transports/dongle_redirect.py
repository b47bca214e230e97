"""UDP redirects of a Wi-Fi dongle: the command that names the server it should connect to."""

import asyncio
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

COMMAND = re.compile(rb"set>server=(?:([0-9.]{7,15}):([0-9]{1,5});)?\s*")
REPLY = b"rsp>server=1;"
ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - an allowed setting

Address = tuple[str, int]
Received = Callable[[bytes, Address], None]


@dataclass(frozen=True)
class Redirect:
    """A command to connect to a server, or without one a search for dongles."""

    server: Address | None = None


def parse_redirect(datagram: bytes) -> Redirect | None:
    """Parse a datagram; None if it is no redirect."""
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


class _DatagramReceiver(asyncio.DatagramProtocol):
    """Passes every datagram to a callback."""

    def __init__(self, received: Received) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Pass it on."""
        self._received(data, addr)


async def listen(received: Received, host: str, port: int) -> list[asyncio.DatagramTransport]:
    """Listen for datagrams to an address (first transport) and for broadcasts around it (second transport).

    On Linux a socket bound to one address receives no broadcasts. Their port is shared: every dongle receives them.
    """
    own = await _transport(received, _bound(host, port))
    address, port = own.get_extra_info("sockname")
    if address == ANY_ADDRESS:  # receives both
        return [own]
    broadcast = "127.255.255.255" if address.startswith("127.") else "255.255.255.255"
    try:
        around = await _transport(received, _bound(broadcast, port, shared=True))
    except OSError:
        own.close()
        raise
    return [own, around]


async def _transport(received: Received, bound: socket.socket) -> asyncio.DatagramTransport:
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _DatagramReceiver(received), sock=bound
    )
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
