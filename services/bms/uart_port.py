"""The one battery at the GPS (UART-TTL) port or the display port of an older board."""

import asyncio
import logging

from services.bms.display_frames import DisplayAssembler
from services.bms.line_packs import Pack, keep_reading
from services.bms.listed_battery import Dialect
from services.bms.nw_frames import NwAssembler, decode, request_bytes
from services.bms.serial_line import Line
from shared.backoff import Backoff

log = logging.getLogger("bms")

ANSWER_S = 1.0
LEAST_CYCLE_S = 2.0
SILENCE_S = 30.0
"""A display is sent a status every few seconds."""
REOPEN_AFTER = 8
"""So many requests without any answer: an unplugged adapter may stay open and read nothing."""


class UartPort:
    """Asks a battery for everything again and again, or only listens to what it tells its display."""

    def __init__(self, pack: Pack, interval_s: float) -> None:
        self._pack = pack
        self._cycle_s = max(LEAST_CYCLE_S, interval_s)

    async def run(self) -> None:
        """Read the battery for ever."""
        listed = self._pack.battery.listed
        use = self._listen if listed.dialect is Dialect.DISPLAY else self._ask
        await keep_reading(listed.port, listed.line_baud, (self._pack,), use)

    async def _ask(self, line: Line, backoff: Backoff) -> None:
        """Ask until nothing answers any more. Raises DeviceOfflineError."""
        clock, misses = asyncio.get_running_loop().time, 0
        while misses < REOPEN_AFTER:
            began = clock()
            if await self._answers(line):
                backoff.reset()
                misses = 0
            else:
                misses += 1
                self._pack.miss()
            await asyncio.sleep(max(0.0, began + self._cycle_s - clock()))

    async def _answers(self, line: Line) -> bool:
        clock, assembler = asyncio.get_running_loop().time, NwAssembler()
        line.send(request_bytes())
        until = clock() + ANSWER_S
        while (left_s := until - clock()) > 0:
            for answer in assembler.feed(await line.read(left_s)):
                reading = decode(answer)
                if reading:
                    self._pack.take_reading(reading)
                    return True
        self._pack.battery.on_bad_frames(assembler.damaged)
        return False

    async def _listen(self, line: Line, backoff: Backoff) -> None:
        """Listen until nothing is heard any more, and never send. Raises DeviceOfflineError."""
        assembler, damaged = DisplayAssembler(), 0
        self._pack.battery.on_no_device()
        while data := await line.read(SILENCE_S):
            for reading in assembler.feed(data):
                self._pack.take_reading(reading)
                backoff.reset()
            self._pack.battery.on_bad_frames(assembler.damaged - damaged)
            damaged = assembler.damaged
        self._pack.fail(self._pack.battery.silence_reason)
