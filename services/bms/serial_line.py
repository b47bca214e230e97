"""One open line to JK packs: a serial port of this machine, or the raw TCP port of a gateway."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import cast

from serial import Serial, SerialException

from shared.conditions import bms, system
from shared.conditions.system import os_reason
from shared.errors import DeviceOfflineError
from shared.serial_ports import serial_port_reason

CONNECT_S = 5.0
READ_BYTES = 4096
SEND_S = 0.2
"""A request is a few bytes, which an adapter takes at once: one that takes none of them hangs."""
TCP = "tcp://"


class Line(asyncio.Protocol):
    """A stream of bytes in both directions."""

    def __init__(self, port: str) -> None:
        self.port = port
        self._received = b""
        self._is_lost = False
        self._changed = asyncio.Event()
        self._transport: asyncio.WriteTransport | None = None
        self._serial: Serial | None = None

    @classmethod
    @asynccontextmanager
    async def opened(cls, port: str, baud: int) -> AsyncIterator["Line"]:
        """Open a line and close it at the end. Raises DeviceOfflineError."""
        line = cls(port)
        try:
            if port.startswith(TCP):
                await line._connect()
            else:
                line._open(baud)
            yield line
        finally:
            line._close()

    async def read(self, timeout_s: float) -> bytes:
        """Return the bytes that have come, nothing if none come in time. Raises DeviceOfflineError if it is lost."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        self._changed.clear()
        if self._is_lost:
            raise DeviceOfflineError(bms.line_lost(port=self.port))
        data, self._received = self._received, b""
        return data

    def send(self, data: bytes) -> None:
        """Drop what has come before, and send."""
        self._received = b""
        self._changed.clear()
        if self._is_lost:
            self._changed.set()
        elif self._transport:
            self._transport.write(data)
        elif self._serial:
            try:
                self._serial.write(data)
            except (SerialException, OSError):
                self.connection_lost(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep asyncio's transport."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Keep received bytes."""
        self._received += data
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Mark the line as lost."""
        self._is_lost = True
        self._changed.set()

    async def _connect(self) -> None:
        host, _, number = self.port.removeprefix(TCP).rpartition(":")
        try:
            async with asyncio.timeout(CONNECT_S):
                await asyncio.get_running_loop().create_connection(lambda: self, host, int(number))
        except UnicodeError:  # a name that cannot be one
            raise DeviceOfflineError(bms.line_unusable(port=self.port, cause=system.NAME_UNKNOWN())) from None
        except OSError as error:
            raise DeviceOfflineError(bms.line_unusable(port=self.port, cause=os_reason(error))) from None

    def _open(self, baud: int) -> None:
        try:
            self._serial = Serial(self.port, baud, timeout=0, write_timeout=SEND_S, exclusive=True)
        except (SerialException, OSError, ValueError) as error:
            cause = serial_port_reason(error, missing=bms.NO_SUCH_PORT)
            raise DeviceOfflineError(bms.line_unusable(port=self.port, cause=cause)) from None
        asyncio.get_running_loop().add_reader(self._serial.fileno(), self._receive)

    def _receive(self) -> None:
        try:
            data = self._serial.read(READ_BYTES) if self._serial else b""
        except (SerialException, OSError):
            self._close()
            self.connection_lost(None)
        else:
            self.data_received(data)

    def _close(self) -> None:
        port, self._serial = self._serial, None
        if port:
            asyncio.get_running_loop().remove_reader(port.fileno())
            with suppress(OSError):  # an unplugged adapter
                port.close()
        if self._transport:
            self._transport.abort()
