"""JK packs on one RS485 line: listens where a pack is the master, asks one pack after the other where there is none."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping

from services.bms.framing import FrameType
from services.bms.line_packs import Pack, keep_reading
from services.bms.listed_battery import Dialect
from services.bms.rs485_frames import (
    FRAME_OF,
    MASTER,
    BusAssembler,
    BusFrame,
    HeardTrigger,
    Trigger,
    read_answer,
    read_bytes,
    registers_to_frame,
    trigger_bytes,
)
from services.bms.serial_line import Line
from shared.backoff import Backoff
from shared.conditions import bms

log = logging.getLogger("bms")

LISTEN_S = 8.0
"""A master is heard within this time: two masters on a line garble each other."""
ANSWER_S = 0.7
GAP_S = 0.12
"""Two requests within 50 ms have several packs answer over each other."""
SILENCE_S = 30.0
"""A master asks each pack every 4 to 15 s."""
LEAST_CYCLE_S = 2.0
DEVICE_AGAIN_S = 30.0
"""How soon a pack that did not say what it is is asked again."""
SETTINGS_AGAIN_S = 600.0
"""How often settings are asked for again: they may be changed, and switches of addresses turned."""
REOPEN_AFTER = 8
"""So many rounds without any answer: an unplugged adapter may stay open and read nothing."""
BLOCKS: Mapping[Trigger, tuple[tuple[int, int], ...]] = {
    Trigger.DEVICE: ((0x1400, 16),),
    Trigger.SETTINGS: ((0x1000, 34), (0x1044, 34)),
    Trigger.CELLS: ((0x1200, 60), (0x1278, 60), (0x12F0, 8)),
}
"""The registers of each frame: first and count; the pass codes behind the versions are never read."""

AGAIN_S = {Trigger.DEVICE: math.inf, Trigger.SETTINGS: SETTINGS_AGAIN_S, Trigger.CELLS: 0.0}
"""How soon after an answer a frame is asked for again."""

Request = Callable[[Line, int, Trigger], Awaitable[BusFrame | None]]
"""Asks the pack at an address for a frame."""


class Rs485Bus:
    """All listed packs on one line."""

    def __init__(self, port: str, baud: int, dialect: Dialect, interval_s: float) -> None:
        self._port = port
        self._baud = baud
        self._dialect = dialect
        self._cycle_s = max(LEAST_CYCLE_S, interval_s)
        self._packs: dict[int, Pack] = {}
        self._master_is_there = False

    def add(self, pack: Pack) -> None:
        """Read one more pack of this line."""
        self._packs[pack.battery.listed.bus_address] = pack

    async def run(self) -> None:
        """Read the packs for ever."""
        await keep_reading(self._port, self._baud, self._packs.values(), self._use)

    async def _use(self, line: Line, backoff: Backoff) -> None:
        """Read the packs until the line is to be opened again. Raises DeviceOfflineError."""
        if self._dialect is Dialect.REGISTERS:
            await self._ask_all(line, backoff, self._read_registers)
            return
        only_listens = self._dialect is Dialect.LISTEN or MASTER in self._packs
        if only_listens or (self._dialect is Dialect.AUTO and await self._hears_master(line)):
            await self._listen(line, backoff)
        else:
            await self._ask_all(line, backoff, self._trigger)

    async def _hears_master(self, line: Line) -> bool:
        """Listen for a while; whether a pack polls the others."""
        clock, assembler = asyncio.get_running_loop().time, BusAssembler()
        until = clock() + LISTEN_S
        while clock() < until:
            for heard in assembler.feed(await line.read(max(0.0, until - clock()))):
                if isinstance(heard, HeardTrigger) or heard.address == MASTER:
                    return True
        return False

    async def _listen(self, line: Line, backoff: Backoff) -> None:
        """Hand out what the master and its packs say, and never send. The device frame is never said."""
        log.info("A pack is the master on %s: only listening.", self._port)
        assembler = BusAssembler()
        for pack in self._packs.values():
            pack.battery.on_no_device()
        while data := await line.read(SILENCE_S):
            damaged = assembler.damaged
            for heard in assembler.feed(data):
                if isinstance(heard, BusFrame) and self._hand_out(heard, heard.address):
                    backoff.reset()
            for pack in self._packs.values():
                pack.battery.on_bad_frames(assembler.damaged - damaged)
        for pack in self._packs.values():
            pack.fail(pack.battery.silence_reason)

    async def _ask_all(self, line: Line, backoff: Backoff, request: Request) -> None:
        """Ask one pack after the other, in rounds, until nobody answers any more or a master is heard."""
        clock, rounds_without = asyncio.get_running_loop().time, 0
        while rounds_without < REOPEN_AFTER:
            began = clock()
            answers = [await self._ask(line, address, request) for address in self._packs]
            rounds_without = 0 if any(answers) else rounds_without + 1
            if any(answers):
                backoff.reset()
            if self._master_is_there and self._dialect is Dialect.AUTO:
                self._master_is_there = False
                return
            await asyncio.sleep(max(0.0, began + self._cycle_s - clock()))

    async def _ask(self, line: Line, address: int, request: Request) -> bool:
        """Ask a pack for its cells, and first for what is not known of it; whether it has answered."""
        pack, clock = self._packs[address], asyncio.get_running_loop().time
        for trigger in (Trigger.DEVICE, Trigger.SETTINGS, Trigger.CELLS):
            if clock() < pack.due_s.get(trigger, 0):
                continue
            found = await request(line, address, trigger)
            await asyncio.sleep(GAP_S)
            if found and not self._hand_out(found, address):
                return True
            if found:
                pack.due_s[trigger] = clock() + AGAIN_S[trigger]
            elif trigger is Trigger.DEVICE:
                pack.battery.on_no_device()  # it may stay out; the other answers count meanwhile
                pack.due_s[trigger] = clock() + DEVICE_AGAIN_S
            else:
                pack.miss()
                return False
        return True

    def _hand_out(self, heard: BusFrame, address: int) -> bool:
        """Give a frame to its battery; whether it is to be trusted.

        Only settings hold the address that is set in the pack: cells count once these have proven who speaks.
        """
        pack = self._packs.get(address)
        if pack is None:
            return False
        if heard.own_address is not None and heard.own_address != address:
            pack.is_proven = False
            pack.due_s.pop(Trigger.SETTINGS, None)
            pack.fail(bms.answers_for_another(asked=address, own=heard.own_address))
            return False
        if heard.frame.type is FrameType.SETTINGS:
            pack.is_proven = True
        if heard.frame.type is FrameType.CELLS and not pack.is_proven:
            return False
        pack.take(heard.frame)
        return True

    async def _trigger(self, line: Line, address: int, trigger: Trigger) -> BusFrame | None:
        """Have a pack send a frame. What others say is not its answer, and may be a master."""
        clock, assembler, sent = asyncio.get_running_loop().time, BusAssembler(), trigger_bytes(trigger, address)
        line.send(sent)
        until = clock() + ANSWER_S
        while (left_s := until - clock()) > 0:
            for heard in assembler.feed(await line.read(left_s)):
                if isinstance(heard, HeardTrigger):
                    self._master_is_there = self._master_is_there or heard.address != address  # else it is our echo
                elif heard.address == MASTER != address:
                    self._master_is_there = True
                elif heard.address == address and heard.frame.type is FRAME_OF[trigger]:
                    return heard
        self._packs[address].battery.on_bad_frames(assembler.damaged)
        return None

    async def _read_registers(self, line: Line, address: int, trigger: Trigger) -> BusFrame | None:
        """Read the registers that a frame consists of. Modbus's answer holds the address that was asked."""
        blocks: dict[int, bytes] = {}
        for first, count in BLOCKS[trigger]:
            block = await self._read_block(line, address, first, count)
            if block is None:
                return None
            blocks[first] = block
        return BusFrame(address, registers_to_frame(FRAME_OF[trigger], blocks))

    async def _read_block(self, line: Line, address: int, first: int, count: int) -> bytes | None:
        clock, received = asyncio.get_running_loop().time, b""
        line.send(read_bytes(address, first, count))
        until = clock() + ANSWER_S
        while (left_s := until - clock()) > 0:
            received += await line.read(left_s)
            block = read_answer(received, address, count)
            if block is not None:
                await asyncio.sleep(GAP_S / 2)
                return block
        return None
