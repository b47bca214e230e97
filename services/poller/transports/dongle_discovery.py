"""The UDP side of the Wi-Fi dongle: which dongles are there, and where they should connect.

A dongle listens on UDP 58899. `set>server=IP:PORT;` makes it connect there and drop its earlier connection; without an
address it only answers. It forgets the order when it restarts, so the order is repeated until the dongle connects.
"""

import asyncio
import socket
from typing import Any, cast

UDP_PORT = 58899
PROBE = b"set>server="
ANSWER = b"rsp>server="
MAX_DONGLES = 64
LINE_ENDS = (b"", b"\r\n", b"\n")
"""Some firmware expects a line end."""


class DongleDiscovery(asyncio.DatagramProtocol):
    """Sends orders to dongles; `answered` maps their addresses to the loop's time of the last answer."""

    def __init__(self) -> None:
        self.answered: dict[str, float] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._orders = 0

    async def start(self) -> None:
        """Open a socket that may broadcast, unless there is one already."""
        if self._transport:
            return
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("0.0.0.0", 0), allow_broadcast=True)  # noqa: S104

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep asyncio's transport."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Record which dongle answers."""
        if data.startswith(ANSWER) and len(self.answered) < MAX_DONGLES:
            self.answered[addr[0]] = asyncio.get_running_loop().time()

    def error_received(self, exc: Exception) -> None:
        """No dongle at that address, or no route to it: the missing answer says the same."""

    def probe(self, address: tuple[str, int]) -> None:
        """Ask which dongles are there, without changing where they connect."""
        self._send(PROBE, address)

    def redirect(self, address: tuple[str, int], server: tuple[str, int]) -> None:
        """Order a dongle, or all, to connect to a server; each time with another line end."""
        line_end = LINE_ENDS[self._orders % len(LINE_ENDS)]
        self._send(f"set>server={server[0]}:{server[1]};".encode() + line_end, address)
        self._orders += 1

    def answered_since(self, moment: float) -> list[str]:
        """Return the dongles that have answered since a moment of the loop."""
        return sorted(address for address, at in self.answered.items() if at >= moment)

    def close(self) -> None:
        """Close the socket."""
        if self._transport:
            self._transport.close()
            self._transport = None

    def _send(self, data: bytes, address: tuple[str, int]) -> None:
        if self._transport:
            self._transport.sendto(data, address)


def local_address_towards(host: str) -> str:
    """Return this machine's address on the route to a host, or raise OSError if there is no route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        probe.connect((host, UDP_PORT))
        return str(probe.getsockname()[0])
