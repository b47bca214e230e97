"""A gateway on the network in front of the inverter: Modbus TCP, or the bare serial line over TCP (Elfin, ser2net)."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from services.poller.modbus_frames import Framing, ModbusTcp, Rtu
from services.poller.transports.connection import Connection
from services.poller.transports.host_names import HostName
from shared.conditions import Reason, poller
from shared.conditions.system import os_reason
from shared.errors import DeviceOfflineError


class TcpTransport:
    """TCP connections to a gateway that listens."""

    problem = None
    gap_s = 0.1

    def __init__(self, host: str, port: int, framing: ModbusTcp | Rtu, timeout_s: float) -> None:
        self.framings: tuple[Framing, ...] = (framing,)
        self.where = f"{host}:{port}"
        self._host, self._port = HostName(host), port
        self._timeout_s = timeout_s

    async def open(self) -> Connection:
        """Connect to the gateway."""
        addresses = await self._host.addresses(self._timeout_s)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._connected(addresses)
        except OSError as error:  # a TimeoutError is an OSError
            protocol = self.framings[0].name
            reason = poller.gateway_unreachable(where=self.where, protocol=protocol, cause=os_reason(error))
            raise DeviceOfflineError(reason) from None

    async def _connected(self, addresses: Sequence[str]) -> Connection:
        """Connect to the first address that accepts us, in most cases the only one."""
        *others, last = addresses
        for address in others:
            with suppress(OSError):
                return await self._connect(address)
        return await self._connect(last)

    async def _connect(self, address: str) -> Connection:
        _, connection = await asyncio.get_running_loop().create_connection(Connection, address, self._port)
        return connection

    def no_answer(self, unit: int, timeout_s: float) -> Reason:
        """Return the reason for a gateway behind which no inverter answers."""
        return poller.no_answer_from_gateway(where=self.where, unit=unit, seconds=timeout_s)

    def bad_answer(self, framing: Framing) -> Reason:
        """Return the reason for a gateway that sends damaged data."""
        return poller.bad_answer_from_gateway(where=self.where, protocol=framing.name)

    def close(self) -> None:
        """Nothing is held between connections."""
