"""A serial port of this machine: RS232 or USB, 8N1."""

import asyncio
from contextlib import suppress

from serial import Serial, SerialException

from services.poller.modbus_frames import Framing, Rtu
from services.poller.transports.connection import Connection
from shared.conditions import Reason, poller
from shared.errors import DeviceOfflineError
from shared.serial_ports import serial_port_reason

READ_BYTES = 1024


class SerialStream(asyncio.Transport):
    """An open port as asyncio's transport of a connection."""

    def __init__(self, port: Serial, connection: Connection) -> None:
        super().__init__()
        self._port: Serial | None = port
        self._connection = connection
        self._unsent = b""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(port.fileno(), self._read)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send what the port takes now, and the rest when it takes more."""
        self._unsent += bytes(data)
        self._write()

    def abort(self) -> None:
        """Close the port; what is unsent is dropped."""
        port, self._port = self._port, None
        if port:
            self._loop.remove_reader(port.fileno())
            self._loop.remove_writer(port.fileno())
            with suppress(OSError):  # an unplugged adapter
                port.close()

    def _read(self) -> None:
        if self._port:
            try:
                data = self._port.read(READ_BYTES)
            except (SerialException, OSError) as error:
                self._lose(error)
            else:
                if data:
                    self._connection.data_received(data)

    def _write(self) -> None:
        if not self._port:
            return
        self._loop.remove_writer(self._port.fileno())
        try:
            sent = self._port.write(self._unsent)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except (SerialException, OSError) as error:
            self._lose(error)
            return
        self._unsent = self._unsent[sent or 0 :]
        if self._unsent:
            self._loop.add_writer(self._port.fileno(), self._write)

    def _lose(self, error: Exception) -> None:
        self.abort()
        self._connection.connection_lost(error)


class SerialTransport:
    """A serial port that we have for ourselves."""

    problem = None
    gap_s = 0.2

    def __init__(self, device: str, baudrate: int) -> None:
        self.framings: tuple[Framing, ...] = (Rtu(),)
        self.where = device
        self._baudrate = baudrate

    async def open(self) -> Connection:
        """Open the port exclusively, 8N1."""
        try:
            port = Serial(self.where, self._baudrate, timeout=0, write_timeout=0, exclusive=True)
        except (SerialException, OSError, ValueError) as error:
            cause = serial_port_reason(error, missing=poller.SERIAL_PORT_MISSING)
            raise DeviceOfflineError(poller.serial_port_unusable(device=self.where, cause=cause)) from None
        connection = Connection()
        connection.connection_made(SerialStream(port, connection))
        return connection

    def no_answer(self, unit: int, timeout_s: float) -> Reason:
        """Return the reason for a port on which no inverter answers."""
        return poller.no_answer_on_serial_port(where=self.where, unit=unit, seconds=timeout_s, baudrate=self._baudrate)

    def bad_answer(self, framing: Framing) -> Reason:
        """Return the reason for a port on which damaged data arrives."""
        return poller.bad_answer_on_serial_port(where=self.where, protocol=framing.name, baudrate=self._baudrate)

    def close(self) -> None:
        """Nothing is held between connections."""
