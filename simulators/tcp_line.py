"""The device's end of a TCP connection."""

from asyncio import StreamReader, StreamWriter

AT_MOST = 4096


class TcpLine:
    """A TCP connection as a line."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> bytes:
        """Return what came; nothing when the other side is gone."""
        return await self._reader.read(AT_MOST)

    async def write(self, data: bytes) -> None:
        """Send; OSError when the other side is gone."""
        self._writer.write(data)
        await self._writer.drain()

    def cut(self) -> None:
        """End it at once."""
        self._writer.transport.abort()
