"""A TCP gateway in front of the inverter, for Modbus TCP or for RTU over TCP."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from typing import Any

from simulators.registers import Words
from simulators.transports.framing import Framing
from simulators.transports.framing_rtu import RtuFraming
from simulators.transports.framing_tcp import TcpFraming
from simulators.transports.tcp_connection import TcpConnection
from simulators.transports.transport import Transport, TransportKind

FRAMINGS: dict[TransportKind, Callable[[], Framing]] = {
    TransportKind.TCP: TcpFraming,
    TransportKind.RTU_OVER_TCP: RtuFraming,
}


class TcpGateway(Transport):
    """A listener; `kind` is the protocol: tcp or rtu_over_tcp."""

    def __init__(self, words: Callable[[], Words], *, unit: int = 1, kind: str = TransportKind.TCP) -> None:
        super().__init__(words, unit=unit)
        self.port = 0
        self.kind = TransportKind(kind)
        self._host = ""
        self._listener: asyncio.Server | None = None
        self._served: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> dict[str, Any]:
        """The address for a reader."""
        return {"modbus_port": self.port}

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one and sets `port`."""
        self._host, self.port = host, port
        await self._bring_up()

    def _framing(self) -> Framing:
        return FRAMINGS[self.kind]()

    async def _open(self) -> None:
        self._listener = await asyncio.start_server(self._accept, self._host, self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._listener:
            self._listener.close()
        served = list(self._served)
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        connection = TcpConnection(reader, writer)
        if not self._listener or not self._listener.is_serving():  # it connected just before we closed
            connection.abort()
            return
        task = asyncio.create_task(self._serve(connection))
        self._served.add(task)
        task.add_done_callback(self._served.discard)

    async def _serve(self, connection: TcpConnection) -> None:
        try:
            await self._run_session(connection)
        finally:
            connection.abort()
