"""Modbus TCP to a gateway in front of the inverter. The only importer of pymodbus here."""

import asyncio
import logging
from collections.abc import Callable

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from shared.errors import BadReplyError, DeviceOfflineError, RefusedReadError

GAP_S = 0.1
"""The inverter behind the gateway wants a pause between requests."""
TRIES = 2
NOT_THERE = (1, 2, 3)
"""Exceptions that mean the registers; all others pass, such as a gateway that does not reach the inverter just now."""
EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    6: "device busy",
    10: "gateway path unavailable",
    11: "gateway target does not respond",
}

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # what it complains about, we say in our own words


class TcpInverter:
    """Reads holding registers; connects when asked for the first time, and anew after every failure."""

    def __init__(self, host: str, port: int, unit_id: int, timeout_s: float) -> None:
        self._host, self._port = host, port
        self._where = f"{host}:{port}"
        self._unit_id = unit_id
        self._timeout_s = timeout_s
        self._heard = False
        self._new_client: Callable[[], AsyncModbusTcpClient] = lambda: AsyncModbusTcpClient(
            host, port=port, timeout=timeout_s, retries=0, reconnect_delay=0, trace_packet=self._trace
        )
        self._client: AsyncModbusTcpClient | None = None

    async def read(self, start: int, count: int) -> list[int]:
        """Return `count` words from address `start`.

        Raises DeviceOfflineError where nobody answers, BadReplyError where the answer cannot be trusted. A lost or
        broken reply costs one repetition on a fresh connection, so that nothing late is taken for an answer.
        """
        for attempt in range(TRIES):
            try:
                return await self._read_once(start, count)
            except RefusedReadError:
                raise
            except (DeviceOfflineError, BadReplyError):
                self.close()
                if attempt == TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Let go of the connection."""
        if self._client:
            self._client.close()
            self._client = None

    async def _read_once(self, start: int, count: int) -> list[int]:
        client = await self._connected()
        await asyncio.sleep(GAP_S)
        self._heard = False
        try:
            reply = await client.read_holding_registers(start, count=count, device_id=self._unit_id)
        except ModbusException:
            raise self._no_reply() from None
        return self._words(reply, count)

    async def _connected(self) -> AsyncModbusTcpClient:
        if self._client is None:
            await self._look_up()
            client = self._new_client()
            if not await client.connect():
                client.close()
                raise DeviceOfflineError(
                    f"Nothing listens for Modbus TCP at {self._where}: is the gateway on, and are MODBUS_HOST and "
                    "MODBUS_PORT right?"
                )
            self._client = client
        return self._client

    async def _look_up(self) -> None:
        try:
            await asyncio.get_running_loop().getaddrinfo(self._host, self._port)
        except (OSError, UnicodeError):
            raise DeviceOfflineError(
                f"The name {self._host} is not known on this network: set MODBUS_HOST in .env to the address of the "
                "inverter's gateway."
            ) from None

    def _no_reply(self) -> DeviceOfflineError | BadReplyError:
        if self._heard:
            return BadReplyError(f"{self._where} sends something that is not a whole Modbus TCP answer.")
        return DeviceOfflineError(
            f"{self._where} takes connections, but no inverter answers as unit {self._unit_id} within "
            f"{self._timeout_s:g} s: check its cable and MODBUS_UNIT_ID."
        )

    def _words(self, reply: ModbusPDU, count: int) -> list[int]:
        if isinstance(reply, ExceptionResponse):
            code = reply.exception_code
            kind = RefusedReadError if code in NOT_THERE else BadReplyError
            raise kind(f"The inverter at {self._where} refuses: exception {code} ({EXCEPTIONS.get(code, 'unknown')}).")
        if reply.isError() or len(reply.registers) != count:
            raise BadReplyError(f"{self._where} answers with {len(reply.registers)} registers instead of {count}.")
        return list(reply.registers)

    def _trace(self, sending: bool, data: bytes) -> bytes:  # noqa: FBT001, RUF100 - pymodbus calls it so
        self._heard = self._heard or not sending
        return data
