"""The inverter at the wire: a Modbus TCP server that answers as an SMG II behind a gateway, or fails as asked.

It packs its frames itself: pymodbus' server owns the connection, so it can be neither cut nor late nor half, and a
mistake in the library that the poller reads with must not be met by the same mistake here.
"""

import asyncio
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from dataclasses import dataclass

from simulators.faults import Fault, FaultKind, Faults
from simulators.registers import Words, answer

HEADER = struct.Struct(">HHHB")  # transaction, protocol (0), length of what follows it, unit
READ = struct.Struct(">BHH")  # function, first address, count
READ_HOLDING = 3
READ_MOST = 125
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    transaction: int
    unit: int
    pdu: bytes

    def frame(self, pdu: bytes) -> bytes:
        """Return the frame that carries an answer to it."""
        return HEADER.pack(self.transaction, 0, len(pdu) + 1, self.unit) + pdu

    def refusal(self, code: int) -> bytes:
        """Return the frame of a Modbus exception."""
        return self.frame(bytes([self.pdu[0] | 0x80, code]))


class ModbusServer:
    """Answers reads with what `words` returns at that moment: one coherent snapshot for each request."""

    def __init__(self, words: Callable[[], Words], *, unit: int = 1) -> None:
        self.faults = Faults()
        self.port = 0
        self._words = words
        self._unit = unit
        self._host = ""
        self._listener: asyncio.Server | None = None
        self._listening = False
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> None:
        """Listen; port 0 takes a free one, which `port` then tells."""
        self._host, self._listening = host, True
        self._listener = await asyncio.start_server(self._accept, host, port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener and cut every connection."""
        self._listening = False
        if self._listener:
            self._listener.close()
            self._listener = None
        connections = list(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def fail(self, *faults: Fault) -> None:
        """Let these things go wrong from now on, and nothing else."""
        self.faults.active = tuple(fault for fault in faults if fault.kind is not FaultKind.NONE)
        if self.faults.closed:
            await self.stop()
        elif not self._listening:
            await self.start(self._host, self.port)

    def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        if not self._listening:  # it knocked just before we closed
            writer.transport.abort()
            return
        connection = asyncio.create_task(self._serve(reader, writer))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        held = b""
        try:
            while request := await _request(reader):
                held = await self._respond(writer, request, held)
        except (OSError, EOFError):
            pass  # the reader went away, or a fault cut it off
        finally:
            writer.transport.abort()

    async def _respond(self, writer: StreamWriter, request: Request, held: bytes) -> bytes:
        """Send what the fault of the moment makes of the answer; return what is held back for the next time."""
        if request.unit != self._unit:
            return held
        fault = self.faults.draw()
        if fault.kind is FaultKind.SILENT:
            return held
        if fault.kind is FaultKind.LATE:
            return held + self._answer(request)
        if fault.kind is FaultKind.REFUSE:
            raise ConnectionAbortedError
        if fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.latency_s)
        writer.write(held + self._spoilt(request, fault))
        await writer.drain()
        return b""

    def _spoilt(self, request: Request, fault: Fault) -> bytes:
        if fault.kind is FaultKind.EXCEPTION:
            return request.refusal(fault.code)
        frame = self._answer(request, zeros=fault.kind is FaultKind.ZEROS)
        match fault.kind:
            case FaultKind.GARBAGE:
                return self.faults.garbage()
            case FaultKind.HALF:
                return frame[: len(frame) // 2]
            case FaultKind.CORRUPT:
                return self.faults.corrupted(frame)
            case FaultKind.DOUBLE:
                return frame + frame
        return frame

    def _answer(self, request: Request, *, zeros: bool = False) -> bytes:
        if request.pdu[0] != READ_HOLDING:
            return request.refusal(ILLEGAL_FUNCTION)
        if len(request.pdu) != READ.size:
            return request.refusal(ILLEGAL_VALUE)
        _, start, count = READ.unpack(request.pdu)
        if not 1 <= count <= READ_MOST:
            return request.refusal(ILLEGAL_VALUE)
        if start + count > 0x1_0000:
            return request.refusal(ILLEGAL_ADDRESS)
        words = [0] * count if zeros else answer(self._words(), start, count)
        return request.frame(struct.pack(f">BB{count}H", READ_HOLDING, 2 * count, *words))


async def _request(reader: StreamReader) -> Request | None:
    """Return the next request, or None where the other side does not speak Modbus TCP."""
    transaction, protocol, length, unit = HEADER.unpack(await reader.readexactly(HEADER.size))
    if protocol != 0 or not 2 <= length <= 254:
        return None
    return Request(transaction, unit, await reader.readexactly(length - 1))
