"""A Wi-Fi dongle: told by UDP where its server is, it connects there and answers for the inverter."""

import asyncio
import logging
from asyncio import DatagramTransport, Task
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Any

from shared.errors import CommandRefusedError
from simulators.faults import ABOUT_WORDS
from simulators.framing import Framing
from simulators.framing_eybond import EyeBondFraming, Pi30Framing
from simulators.framing_rtu import RawFraming
from simulators.redirect import EVERYWHERE, REPLY, Address, listen, redirect_in
from simulators.registers import Words
from simulators.tcp_line import TcpLine
from simulators.wire import Transport, Wire

log = logging.getLogger("dongle")

PN = "Q0000000000001"
AGAIN_AFTER_S = 2.0


class DongleFraming(StrEnum):
    """What a dongle speaks on its connection, and what is behind it."""

    EYBOND = "eybond"
    RAW = "raw"
    PI30 = "pi30"


FRAMINGS: dict[DongleFraming, Callable[[str], Framing]] = {
    DongleFraming.EYBOND: EyeBondFraming,
    DongleFraming.RAW: RawFraming,
    DongleFraming.PI30: Pi30Framing,
}
PI30_CANNOT = dict.fromkeys(ABOUT_WORDS, "An inverter that speaks PI30 has no registers that could be wrong.")


class DongleWire(Wire):
    """One session at a time, with the server of the last redirect; it tries that one again until the power fails."""

    transport = Transport.DONGLE

    def __init__(
        self,
        words: Callable[[], Words],
        *,
        unit: int = 1,
        framing: str = DongleFraming.EYBOND,
        pn: str = PN,
        again_after_s: float = AGAIN_AFTER_S,
    ) -> None:
        super().__init__(words, unit=unit)
        self.port = 0
        self.server: Address | None = None
        self._kind = DongleFraming(framing)
        self._pn = pn
        self._again_after_s = again_after_s
        self._from: Address | None = None
        self._udp: list[DatagramTransport] = []
        self._calling: Task[None] | None = None
        if self._kind is DongleFraming.PI30:
            self.impossible = PI30_CANNOT

    @property
    def place(self) -> dict[str, Any]:
        """Where a reader finds it."""
        return {"dongle_port": self.port}

    def state(self) -> dict[str, Any]:
        """Return what is so at the wire, and whom it serves."""
        return super().state() | {"server": self.server and "{}:{}".format(*self.server)}

    async def start(self, host: str, port: int) -> None:
        """Hear redirects; port 0 takes a free one, which `port` then tells."""
        self._udp = await listen(self._heard, host, port)
        address, self.port = self._udp[0].get_extra_info("sockname")
        self._from = None if address == EVERYWHERE else (address, 0)
        await self._appear()

    async def stop(self) -> None:
        """Be gone for good."""
        await super().stop()
        for transport in self._udp:
            transport.close()

    async def steal(self, host: str, port: int) -> None:
        """Serve somebody else from now on, as if another program had asked for it."""
        if not self._there:
            raise CommandRefusedError("The dongle is off: nobody can steal it now.")
        self._redirect((host, port))

    def _framing(self) -> Framing:
        return FRAMINGS[self._kind](self._pn)

    async def _come(self) -> None:
        """Wait for a redirect: it heard nothing while it was gone, and has forgotten what it knew."""

    async def _go(self) -> None:
        self.server = None
        calling, self._calling = self._calling, None
        await _ended(calling)

    def _heard(self, datagram: bytes, sender: Address) -> None:
        redirect = redirect_in(datagram)
        if not self._there or not redirect:
            return
        self._udp[0].sendto(REPLY, sender)
        if redirect.server:
            self._redirect(redirect.server)

    def _redirect(self, server: Address) -> None:
        log.info("From now on for %s:%d.", *server)
        self.server = server
        self._calling = asyncio.create_task(self._call(server, self._calling))

    async def _call(self, server: Address, before: Task[None] | None) -> None:
        """Connect again and again, once the session before has ended."""
        await _ended(before)
        while True:
            with suppress(OSError):  # nobody listens there
                await self._session(TcpLine(*await asyncio.open_connection(*server, local_addr=self._from)))
            await asyncio.sleep(self._again_after_s)

    async def _session(self, line: TcpLine) -> None:
        try:
            await self._converse(line)
        finally:
            line.cut()


async def _ended(task: Task[None] | None) -> None:
    if task:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
