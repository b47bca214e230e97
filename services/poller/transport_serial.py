"""The serial line itself: RS232 or USB, 8N1."""

import asyncio
import errno

from pymodbus.transport.serialtransport import create_serial_connection
from serial import SerialException

from services.poller.frames import Framing, Rtu
from services.poller.pipe import Pipe
from shared.errors import DeviceOfflineError

NOT_ALLOWED = "this user may not open it: add the user to the group dialout, or give the device to the container."
IN_USE = "another program uses it: stop that one, for two masters disturb each other."
HELP = {
    errno.ENOENT: "there is no such device: is its cable plugged in, and is MODBUS_SERIAL_PORT right?",
    errno.EIO: "the device is gone: is its cable plugged in?",
    errno.EACCES: NOT_ALLOWED,
    errno.EPERM: NOT_ALLOWED,
    errno.EAGAIN: IN_USE,
    errno.EBUSY: IN_USE,
}


class SerialWire:
    """A serial port of this machine."""

    trouble = None
    gap_s = 0.2

    def __init__(self, device: str, baudrate: int) -> None:
        self.framings: tuple[Framing, ...] = (Rtu(),)
        self.where = device
        self._baudrate = baudrate

    async def open(self) -> Pipe:
        """Open the port for ourselves alone."""
        try:
            _, pipe = await create_serial_connection(
                asyncio.get_running_loop(),
                Pipe,
                self.where,
                baudrate=self._baudrate,
                bytesize=8,
                parity="N",
                stopbits=1,
                timeout=0,
            )
        except (SerialException, OSError, ValueError) as error:
            help_ = HELP.get(getattr(error, "errno", None) or 0, f"{error}.")
            raise DeviceOfflineError(f"The serial port {self.where} cannot be opened: {help_}") from None
        assert isinstance(pipe, Pipe)  # noqa: S101
        await pipe.ready.wait()  # the transport presents itself in a later turn of the loop
        return pipe

    def silence(self, unit: int, timeout_s: float) -> str:
        """Return the sentence for a line on which nobody answers."""
        return (
            f"{self.where} is open, but no inverter answers as unit {unit} within {timeout_s:g} s: check the cable, "
            f"MODBUS_UNIT_ID and MODBUS_BAUDRATE ({self._baudrate}; these inverters use 9600)."
        )

    def noise(self, framing: Framing) -> str:
        """Return the sentence for a line with nonsense on it."""
        return (
            f"{self.where} brings something that is not a whole {framing.name} answer: check MODBUS_BAUDRATE "
            f"({self._baudrate}; these inverters use 9600), and that no dongle or other program shares the line."
        )

    def close(self) -> None:
        """Nothing is held between connections."""
