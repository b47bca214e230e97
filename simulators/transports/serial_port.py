"""A serial port: a pseudo terminal, like the one of a USB adapter, with an inverter that listens at 9600 8N1."""

import asyncio
import logging
import os
import tty
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from simulators.faults import FaultKind
from simulators.registers import Words
from simulators.transports.framing import Framing
from simulators.transports.framing_rtu import RtuFraming
from simulators.transports.pty_connection import PtyConnection
from simulators.transports.transport import Transport, TransportKind

log = logging.getLogger("serial")

POLL_S = 0.02
TERMINALS = "/dev/pts/"
IMPOSSIBLE = MappingProxyType({FaultKind.REFUSE: "A serial line refuses nobody: it can be silent, or unplugged."})


class SerialPort(Transport):
    """A pseudo terminal and an optional symlink to it, whose path stays the same when the terminal changes."""

    kind = TransportKind.SERIAL
    impossible = IMPOSSIBLE

    def __init__(self, words: Callable[[], Words], *, unit: int = 1) -> None:
        super().__init__(words, unit=unit)
        self.port = ""
        self._link: Path | None = None
        self._master = -1
        self._served: asyncio.Task[None] | None = None

    @property
    def address(self) -> dict[str, Any]:
        """The address for a reader."""
        return {"serial_port": self.port}

    async def start(self, link: str = "") -> None:
        """Open the terminal and set `port` to its path; OSError if the link cannot be created."""
        self._link = Path(link) if link else None
        await self._bring_up()

    def _framing(self) -> Framing:
        return RtuFraming()

    async def _open(self) -> None:
        self._master, slave = os.openpty()
        self.port = os.ttyname(slave)
        tty.setraw(slave)
        os.close(slave)  # so that the master can tell whether a reader has it open
        os.set_blocking(self._master, False)
        try:
            self._create_link()
        except OSError:
            os.close(self._master)
            raise
        log.info("The serial port is %s.", self.port)
        self._served = asyncio.create_task(self._serve(PtyConnection(self._master, self.faults.dice)))

    async def _close(self) -> None:
        if self._served:
            self._served.cancel()
            await asyncio.gather(self._served, return_exceptions=True)
        os.close(self._master)
        if self._link and self._link.is_symlink() and str(self._link.readlink()) == self.port:
            self._link.unlink()

    def _create_link(self) -> None:
        """Create the link. Replaces the stale link of a killed simulator, but nothing else of that name."""
        if not self._link:
            return
        if self._link.is_symlink() and str(self._link.readlink()).startswith(TERMINALS):
            self._link.unlink()
        self._link.symlink_to(self.port)

    async def _serve(self, connection: PtyConnection) -> None:
        while True:
            if connection.open:
                await self._run_session(connection)
            await asyncio.sleep(POLL_S)
