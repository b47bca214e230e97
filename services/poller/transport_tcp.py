"""A gateway on the network in front of the inverter: Modbus TCP, or the bare serial line over TCP (Elfin, ser2net)."""

import asyncio
import os
import socket

from services.poller.frames import Framing, ModbusTcp, Rtu
from services.poller.lookup import unknown_name
from services.poller.pipe import Pipe
from shared.errors import DeviceOfflineError


class TcpWire:
    """A connection to a gateway that listens."""

    trouble = None
    gap_s = 0.1

    def __init__(self, host: str, port: int, framing: ModbusTcp | Rtu, timeout_s: float) -> None:
        self.framings: tuple[Framing, ...] = (framing,)
        self.where = f"{host}:{port}"
        self._host, self._port = host, port
        self._timeout_s = timeout_s

    async def open(self) -> Pipe:
        """Connect to the gateway."""
        try:
            async with asyncio.timeout(self._timeout_s):
                _, pipe = await asyncio.get_running_loop().create_connection(Pipe, self._host, self._port)
        except (socket.gaierror, UnicodeError):
            raise unknown_name(self._host) from None
        except OSError as error:  # a TimeoutError is one too
            raise DeviceOfflineError(
                f"Nothing listens for {self.framings[0].name} at {self.where} ({_reason(error)}): is the gateway on, "
                "and are MODBUS_HOST and MODBUS_PORT right?"
            ) from None
        return pipe

    def silence(self, unit: int, timeout_s: float) -> str:
        """Return the sentence for a gateway behind which no inverter answers."""
        return (
            f"{self.where} takes connections, but no inverter answers as unit {unit} within {timeout_s:g} s: check its "
            "cable, MODBUS_UNIT_ID and MODBUS_TRANSPORT."
        )

    def noise(self, framing: Framing) -> str:
        """Return the sentence for a gateway that sends nonsense."""
        return (
            f"{self.where} sends something that is not a whole {framing.name} answer: check MODBUS_TRANSPORT, and the "
            "gateway's serial line (9600 8N1, one master only)."
        )

    def close(self) -> None:
        """Nothing is held between connections."""


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    return os.strerror(error.errno).lower() if error.errno else "no connection"
