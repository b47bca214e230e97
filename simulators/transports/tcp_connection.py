"""The device's end of a TCP connection."""

from asyncio import StreamReader, StreamWriter

MAX_BYTES = 4096


class TcpConnection:
    """A TCP connection that a session reads from and writes to."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        """Return received bytes; nothing after a disconnect."""
        return await self._reader.read(MAX_BYTES)

    async def write(self, data: bytes) -> None:
        """Send; OSError after a disconnect."""
        self._writer.write(data)
        await self._writer.drain()

    def abort(self) -> None:
        """Close it at once."""
        self._writer.transport.abort()
