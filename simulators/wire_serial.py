"""A serial line: a pseudo terminal, as a USB adapter is a terminal, with an inverter that hears 9600 8N1."""

import asyncio
import logging
import os
import tty
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

from simulators.faults import FaultKind
from simulators.framing import Framing
from simulators.framing_rtu import RtuFraming
from simulators.pty_line import PtyLine
from simulators.registers import Words
from simulators.wire import Transport, Wire

log = logging.getLogger("serial")

LOOK_EVERY_S = 0.02
TERMINALS = "/dev/pts/"
CANNOT = MappingProxyType({FaultKind.REFUSE: "A serial line refuses nobody: it can be silent, or unplugged."})


class SerialWire(Wire):
    """A pseudo terminal, and where wanted a link to it, which stays the same when the terminal does not."""

    transport = Transport.SERIAL
    impossible = CANNOT

    def __init__(self, words: Callable[[], Words], *, unit: int = 1) -> None:
        super().__init__(words, unit=unit)
        self.port = ""
        self._link: Path | None = None
        self._master = -1
        self._served: asyncio.Task[None] | None = None

    @property
    def place(self) -> dict[str, Any]:
        """Where a reader finds it."""
        return {"serial_port": self.port}

    async def start(self, link: str = "") -> None:
        """Open the terminal, whose path `port` then tells; OSError where the link cannot be made."""
        self._link = Path(link) if link else None
        await self._appear()

    def _framing(self) -> Framing:
        return RtuFraming()

    async def _come(self) -> None:
        self._master, slave = os.openpty()
        self.port = os.ttyname(slave)
        tty.setraw(slave)
        os.close(slave)  # so that the master tells whether a reader has it open
        os.set_blocking(self._master, False)
        try:
            self._tie_link()
        except OSError:
            os.close(self._master)
            raise
        log.info("The serial port is %s.", self.port)
        self._served = asyncio.create_task(self._serve(PtyLine(self._master, self.faults.dice)))

    async def _go(self) -> None:
        if self._served:
            self._served.cancel()
            await asyncio.gather(self._served, return_exceptions=True)
        os.close(self._master)
        if self._link and self._link.is_symlink() and str(self._link.readlink()) == self.port:
            self._link.unlink()

    def _tie_link(self) -> None:
        """Make the link; the one of a simulator that was killed gives way, anything else of that name does not."""
        if not self._link:
            return
        if self._link.is_symlink() and str(self._link.readlink()).startswith(TERMINALS):
            self._link.unlink()
        self._link.symlink_to(self.port)

    async def _serve(self, line: PtyLine) -> None:
        while True:
            if line.open:
                await self._converse(line)
            await asyncio.sleep(LOOK_EVERY_S)
