"""A line to the inverter, whatever it is made of: bytes out, and what has come in."""

import asyncio
from collections.abc import Callable
from typing import cast

KEPT_MOST = 4096
"""Bytes that are kept of what came in: fifteen frames. A line that pours out noise costs no more memory than this."""


class Pipe(asyncio.Protocol):
    """One connection. `peer` names the other side; `closed` says that we hung up; `greeted` is for whoever talks."""

    def __init__(self, on_open: Callable[["Pipe"], None] = lambda _: None) -> None:
        self.received = b""
        self.lost = False
        self.closed = False
        self.peer = ""
        self.greeted = False
        self.ready = asyncio.Event()
        self._on_open = on_open
        self._news = asyncio.Event()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note where bytes go, and tell whoever waits for a connection."""
        self._transport = cast(asyncio.Transport, transport)
        self.peer = str((transport.get_extra_info("peername") or ("",))[0])
        self.ready.set()
        self._on_open(self)

    def data_received(self, data: bytes) -> None:
        """Keep what has come."""
        self.received = (self.received + data)[-KEPT_MOST:]
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Note that nothing more will come."""
        self.lost = True
        self._news.set()

    def send(self, data: bytes) -> None:
        """Send, in one piece: a dongle forgets what comes in two."""
        if self._transport and not self.lost:
            self._transport.write(data)

    def forget(self) -> None:
        """Throw away what has come so far."""
        self.received = b""
        self._news.clear()

    async def more(self, patience_s: float) -> bool:
        """Wait until more has come, or the line is lost; return False where neither happens in time."""
        try:
            async with asyncio.timeout(patience_s):
                await self._news.wait()
        except TimeoutError:
            return False
        self._news.clear()
        return True

    def close(self) -> None:
        """Hang up, if the other side has not done so before."""
        self.closed = self.closed or not self.lost
        self.lost = True
        if self._transport:
            self._transport.abort()
