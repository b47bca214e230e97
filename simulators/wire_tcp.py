"""A TCP port in front of the inverter: a gateway that speaks Modbus TCP, or one that hands on RTU frames."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from typing import Any

from simulators.framing import Framing
from simulators.framing_rtu import RtuFraming
from simulators.framing_tcp import TcpFraming
from simulators.registers import Words
from simulators.tcp_line import TcpLine
from simulators.wire import Transport, Wire

FRAMINGS: dict[Transport, Callable[[], Framing]] = {
    Transport.TCP: TcpFraming,
    Transport.RTU_OVER_TCP: RtuFraming,
}


class TcpWire(Wire):
    """A listener; `transport` tells what it speaks: tcp or rtu_over_tcp."""

    def __init__(self, words: Callable[[], Words], *, unit: int = 1, transport: str = Transport.TCP) -> None:
        super().__init__(words, unit=unit)
        self.port = 0
        self.transport = Transport(transport)
        self._host = ""
        self._listener: asyncio.Server | None = None
        self._served: set[asyncio.Task[None]] = set()

    @property
    def place(self) -> dict[str, Any]:
        """Where a reader finds it."""
        return {"modbus_port": self.port}

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one, which `port` then tells."""
        self._host, self.port = host, port
        await self._appear()

    def _framing(self) -> Framing:
        return FRAMINGS[self.transport]()

    async def _come(self) -> None:
        self._listener = await asyncio.start_server(self._accept, self._host, self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _go(self) -> None:
        if self._listener:
            self._listener.close()
        served = list(self._served)
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        line = TcpLine(reader, writer)
        if not self._listener or not self._listener.is_serving():  # it knocked just before we closed
            line.cut()
            return
        task = asyncio.create_task(self._serve(line))
        self._served.add(task)
        task.add_done_callback(self._served.discard)

    async def _serve(self, line: TcpLine) -> None:
        try:
            await self._converse(line)
        finally:
            line.cut()
