"""One open connection to the inverter, whatever carries it: bytes out, and the bytes received so far."""

import asyncio
from collections.abc import Callable
from typing import cast

BUFFER_BYTES = 4096
"""How many of the newest bytes are kept: fifteen frames. A line full of noise takes no more memory than this."""


class Connection(asyncio.Protocol):
    """A byte stream.

    `peer` is the address of the other side, `lost` means that nothing more can arrive, `closed` that we closed it.
    `greeted` is for the client that speaks over it.
    """

    def __init__(self, on_open: Callable[["Connection"], None] = lambda _: None) -> None:
        self.received = b""
        self.lost = False
        self.closed = False
        self.peer = ""
        self.greeted = False
        self._on_open = on_open
        self._changed = asyncio.Event()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep asyncio's transport and report that the connection is open."""
        self._transport = cast(asyncio.Transport, transport)
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        self._on_open(self)

    def data_received(self, data: bytes) -> None:
        """Buffer received bytes."""
        self.received = (self.received + data)[-BUFFER_BYTES:]
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Mark the connection as lost."""
        self.lost = True
        self._changed.set()

    def send(self, data: bytes) -> None:
        """Send in one piece: a dongle ignores a request that arrives in two."""
        if self._transport and not self.lost:
            self._transport.write(data)

    def clear(self) -> None:
        """Drop the bytes received so far."""
        self.received = b""
        self._changed.clear()

    async def wait_for_data(self, timeout_s: float) -> bool:
        """Wait until more bytes arrive or the connection is lost; return False if neither happens in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True

    def close(self) -> None:
        """Close the connection, unless the other side has already done so."""
        self.closed = self.closed or not self.lost
        self.lost = True
        if self._transport:
            self._transport.abort()
