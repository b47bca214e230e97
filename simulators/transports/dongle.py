"""A Wi-Fi dongle: a UDP redirect names its server; it connects there and answers for the inverter."""

import asyncio
import logging
from asyncio import DatagramTransport, Task
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Any

from shared.conditions import Reason
from shared.errors import CommandRefusedError
from simulators.faults import NEEDS_REGISTERS
from simulators.registers import Words
from simulators.transports.dongle_redirect import ANY_ADDRESS, REPLY, Address, listen, parse_redirect
from simulators.transports.framing import Framing
from simulators.transports.framing_eybond import EyeBondFraming, Pi30Framing
from simulators.transports.framing_rtu import RawFraming
from simulators.transports.tcp_connection import TcpConnection
from simulators.transports.transport import Transport, TransportKind

log = logging.getLogger("dongle")

PN = "Q0000000000001"
RECONNECT_S = 2.0


class DongleFraming(StrEnum):
    """The protocol of a dongle on its connection, and of the inverter behind it."""

    EYBOND = "eybond"
    RAW = "raw"
    PI30 = "pi30"


FRAMINGS: dict[DongleFraming, Callable[[str], Framing]] = {
    DongleFraming.EYBOND: EyeBondFraming,
    DongleFraming.RAW: RawFraming,
    DongleFraming.PI30: Pi30Framing,
}
PI30_IMPOSSIBLE = dict.fromkeys(NEEDS_REGISTERS, "An inverter that speaks PI30 has no registers that could be wrong.")


class Dongle(Transport):
    """Holds one session, with the server of the last redirect; reconnects to it until it loses power."""

    kind = TransportKind.DONGLE

    def __init__(
        self,
        words: Callable[[], Words],
        *,
        unit: int = 1,
        framing: str = DongleFraming.EYBOND,
        pn: str = PN,
        reconnect_s: float = RECONNECT_S,
    ) -> None:
        super().__init__(words, unit=unit)
        self.port = 0
        self.server: Address | None = None
        self._kind = DongleFraming(framing)
        self._pn = pn
        self._again_after_s = reconnect_s
        self._local_address: Address | None = None
        self._udp: list[DatagramTransport] = []
        self._connecting: Task[None] | None = None
        if self._kind is DongleFraming.PI30:
            self.impossible = PI30_IMPOSSIBLE

    @property
    def address(self) -> dict[str, Any]:
        """The address for a reader."""
        return {"dongle_port": self.port}

    def state(self) -> dict[str, Any]:
        """Add the server of the last redirect."""
        return super().state() | {"server": self.server and "{}:{}".format(*self.server)}

    async def start(self, host: str, port: int) -> None:
        """Listen for redirects; port 0 takes a free one and sets `port`."""
        self._udp = await listen(self._received, host, port)
        address, self.port = self._udp[0].get_extra_info("sockname")
        self._local_address = None if address == ANY_ADDRESS else (address, 0)
        await self._bring_up()

    async def stop(self) -> None:
        """Close for good."""
        await super().stop()
        for transport in self._udp:
            transport.close()

    async def steal(self, host: str, port: int) -> None:
        """Switch to another server, as if another program had redirected it."""
        if not self._is_up:
            raise CommandRefusedError(Reason.sentence("The dongle is off: nobody can steal it now."))
        self._redirect((host, port))

    def _framing(self) -> Framing:
        return FRAMINGS[self._kind](self._pn)

    async def _open(self) -> None:
        """Wait for a redirect: a dongle that lost power has forgotten its server."""

    async def _close(self) -> None:
        self.server = None
        connecting, self._connecting = self._connecting, None
        await _cancel(connecting)

    def _received(self, datagram: bytes, sender: Address) -> None:
        redirect = parse_redirect(datagram)
        if not self._is_up or not redirect:
            return
        self._udp[0].sendto(REPLY, sender)
        if redirect.server:
            self._redirect(redirect.server)

    def _redirect(self, server: Address) -> None:
        log.info("Redirected to %s:%d.", *server)
        self.server = server
        self._connecting = asyncio.create_task(self._connect(server, self._connecting))

    async def _connect(self, server: Address, before: Task[None] | None) -> None:
        """Connect again and again, after the previous session has ended."""
        await _cancel(before)
        while True:
            with suppress(OSError):  # nobody is listening there
                await self._session(
                    TcpConnection(*await asyncio.open_connection(*server, local_addr=self._local_address))
                )
            await asyncio.sleep(self._again_after_s)

    async def _session(self, connection: TcpConnection) -> None:
        try:
            await self._run_session(connection)
        finally:
            connection.abort()


async def _cancel(task: Task[None] | None) -> None:
    if task:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
