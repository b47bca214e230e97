"""A serial port of this machine: RS232 or USB, 8N1."""

import asyncio
import errno

from pymodbus.transport.serialtransport import create_serial_connection
from serial import SerialException

from services.poller.modbus_frames import Framing, Rtu
from services.poller.transports.connection import Connection
from shared.conditions import Reason, poller
from shared.conditions.system import BY_NUMBER, os_reason
from shared.errors import DeviceOfflineError

CAUSES = {
    errno.ENOENT: poller.SERIAL_PORT_MISSING,
    errno.EIO: poller.SERIAL_PORT_GONE,
    errno.EACCES: poller.SERIAL_PORT_FORBIDDEN,
    errno.EPERM: poller.SERIAL_PORT_FORBIDDEN,
    errno.EAGAIN: poller.SERIAL_PORT_IN_USE,
    errno.EBUSY: poller.SERIAL_PORT_IN_USE,
}


class SerialTransport:
    """A serial port that we have for ourselves."""

    problem = None
    gap_s = 0.2

    def __init__(self, device: str, baudrate: int) -> None:
        self.framings: tuple[Framing, ...] = (Rtu(),)
        self.where = device
        self._baudrate = baudrate

    async def open(self) -> Connection:
        """Open the port exclusively."""
        try:
            _, connection = await create_serial_connection(
                asyncio.get_running_loop(),
                Connection,
                self.where,
                baudrate=self._baudrate,
                bytesize=8,
                parity="N",
                stopbits=1,
                timeout=0,
            )
        except (SerialException, OSError, ValueError) as error:
            reason = poller.serial_port_unusable(device=self.where, cause=_cause(error))
            raise DeviceOfflineError(reason) from None
        assert isinstance(connection, Connection)  # noqa: S101
        await connection.opened.wait()  # connection_made is called in a later turn of the loop
        return connection

    def no_answer(self, unit: int, timeout_s: float) -> Reason:
        """Return the reason for a port on which no inverter answers."""
        return poller.no_answer_on_serial_port(where=self.where, unit=unit, seconds=timeout_s, baudrate=self._baudrate)

    def bad_answer(self, framing: Framing) -> Reason:
        """Return the reason for a port on which damaged data arrives."""
        return poller.bad_answer_on_serial_port(where=self.where, protocol=framing.name, baudrate=self._baudrate)

    def close(self) -> None:
        """Nothing is held between connections."""


def _cause(error: Exception) -> Reason:
    """Return why the port does not open; pyserial passes the number of the system on, where there is one."""
    number = getattr(error, "errno", None)
    if number in CAUSES:
        return CAUSES[number]()
    return os_reason(error) if number in BY_NUMBER else poller.NOT_A_SERIAL_PORT()
