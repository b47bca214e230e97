"""The UDP side of the Wi-Fi dongle: who is there, and where to call.

A dongle listens on UDP 58899. `set>server=IP:PORT;` makes it call there, dropping whom it called before; without an
address it only answers. It forgets the order when it restarts, so it is told again until it calls.
"""

import asyncio
import socket
from typing import Any, cast

UDP_PORT = 58899
PROBE = b"set>server="
ANSWER = b"rsp>server="
DONGLES_MOST = 64
ENDINGS = (b"", b"\r\n", b"\n")
"""Some firmware wants the end of a line."""


class Announcer(asyncio.DatagramProtocol):
    """Speaks to dongles; `answered` holds their addresses, with the loop's time when each was heard last."""

    def __init__(self) -> None:
        self.answered: dict[str, float] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._told = 0

    async def start(self) -> None:
        """Open a socket that may speak to one or to all."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("0.0.0.0", 0), allow_broadcast=True)  # noqa: S104

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note where to speak."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Note who answers."""
        if data.startswith(ANSWER) and len(self.answered) < DONGLES_MOST:
            self.answered[addr[0]] = asyncio.get_running_loop().time()

    def error_received(self, exc: Exception) -> None:
        """A machine is there and no dongle on it, or there is no way to it: silence says the same."""

    def probe(self, address: tuple[str, int]) -> None:
        """Ask who is there; nobody changes whom he calls."""
        self._say(PROBE, address)

    def redirect(self, address: tuple[str, int], server: tuple[str, int]) -> None:
        """Tell a dongle, or all, to call a server; each time with another end of the line."""
        self._say(f"set>server={server[0]}:{server[1]};".encode() + ENDINGS[self._told % len(ENDINGS)], address)
        self._told += 1

    def heard_since(self, moment: float) -> list[str]:
        """Return who has answered since a moment of the loop."""
        return sorted(address for address, at in self.answered.items() if at >= moment)

    def close(self) -> None:
        """Stop listening."""
        if self._transport:
            self._transport.close()

    def _say(self, data: bytes, address: tuple[str, int]) -> None:
        if self._transport:
            self._transport.sendto(data, address)


def address_towards(host: str) -> str:
    """Return this machine's address on the way to a host, or raise OSError where there is no way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        probe.connect((host, UDP_PORT))
        return str(probe.getsockname()[0])
