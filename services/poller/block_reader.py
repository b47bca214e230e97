"""Reads blocks of registers one after the other, and continues without what an inverter refuses or never answers.

A request that fails is narrowed down by halving, so that one missing register costs itself and not its neighbours. What
is missing is remembered and asked for again rarely. A block of zeros that contradicts itself is asked for once more and
then left out.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.poller.decode import Words, all_zero
from services.poller.modbus_client import ATTEMPTS, ConnectionLostError, NoAnswerError
from services.poller.registers import COMMON_UNITS, MAX_COUNT, PROTOCOL_NUMBER, Block, Layout
from services.poller.request_span import Units, halves, joined
from shared.conditions import Reason, poller
from shared.errors import BadReplyError, DeviceError, RefusedReadError

log = logging.getLogger("poller")

REFUSED_AGAIN_S = 3600.0
"""A refusal may have been a glitch of the gateway."""
SILENT_AGAIN_S = 60.0
"""How soon a part that never answers is asked for again; twice as long each time, up to REFUSED_AGAIN_S."""
EXTRA_REQUESTS = 8
"""So many requests of one reading may go into narrowing down what is refused; the rest waits for the next."""


class RegisterSource(Protocol):
    """An inverter whose registers can be read."""

    @property
    def problem(self) -> Reason | None:
        """What is wrong with the connection although readings come."""

    async def read(self, start: int, count: int, *, units: Units = ..., attempts: int = ...) -> list[int]:
        """Return `count` words from address `start`, or raise DeviceError."""


@dataclass(frozen=True)
class Pause:
    """When a missing part is asked for again, and how long the pause is."""

    until: float
    seconds: float


class BlockReader:
    """Remembers until `reset` what an inverter does not have."""

    def __init__(self, inverter: RegisterSource) -> None:
        self._inverter = inverter
        self.failure: DeviceError | None = None
        self.reset()

    def reset(self) -> None:
        """Forget what was missing: it may be another inverter."""
        self._parts: dict[Block, tuple[Block, ...]] = {}
        self._pauses: dict[Block, Pause] = {}
        self._suspects: set[Block] = set()
        self._zero: set[Block] = set()
        self._contradicting: set[Block] = set()
        self._refused_once: set[Block] = set()
        self._refused: set[Block] = set()
        self._read_addresses: set[int] = set()
        self._refuses_long = False
        self._longest = 0
        self._extra = 0

    def missing(self, blocks: Iterable[Block]) -> Reason | None:
        """Return which of these registers do not answer, or with zeros that cannot be true, while others are read."""
        silent = [part for part, pause in self._pauses.items() if pause.seconds < REFUSED_AGAIN_S]
        wanted = {address for block in blocks for address in block.addresses}
        parts = sorted({*silent, *self._contradicting}, key=lambda part: part.start)
        spans = ", ".join(_span(part) for part in parts if part.start in wanted)
        return poller.registers_left_out(registers=spans) if spans else None

    async def read(self, blocks: Iterable[Block], layout: Layout | None = None) -> Words:
        """Read blocks into one mapping; `failure` is the first one of a part that is left out.

        Raises that failure if nothing else has data, and where the whole connection seems to be dead.
        """
        words: dict[int, int] = {}
        self.failure = None
        self._extra = EXTRA_REQUESTS
        learned: dict[Block, tuple[Block, ...]] = {}
        pauses = dict(self._pauses)
        for block in blocks:
            learned[block] = await self._read_parts(self._parts.get(block, (block,)), block, layout, words)
        if self.failure and all_zero(words):
            self._pauses = pauses
            raise self.failure
        # refused, though all that was in it is read now: it was too long
        self._refuses_long |= any(self._read_addresses >= {*part.addresses} for part in self._refused)
        self._refused = {part for part in self._refused if not self._read_addresses >= {*part.addresses}}
        self._parts |= {block: self._tidied(block, parts) for block, parts in learned.items()}
        return words

    async def _read_parts(
        self, parts: Sequence[Block], block: Block, layout: Layout | None, words: dict[int, int]
    ) -> tuple[Block, ...]:
        """Read the parts of a block into `words`, and return the parts to ask for from now on."""
        asked: list[Block] = []
        waiting = list(parts)
        while waiting:
            part = waiting.pop(0)
            try:
                asked += await self._read_part(part, block, layout, words)
            except RefusedReadError as error:
                self._note_failure(part, error)
                self._refused.add(part)
                narrower = self._narrower(part, layout)
                if not narrower:
                    self._leave_out(part, error, REFUSED_AGAIN_S)
                    asked.append(part)
                elif self._extra >= len(narrower):
                    self._extra -= len(narrower)
                    waiting[:0] = narrower
                else:
                    asked += narrower
            except (NoAnswerError, ConnectionLostError, BadReplyError) as error:
                self._note_failure(part, error)
                await self._check_alive(layout, error)
                self._suspects.add(part)
                asked.append(part)
        if tuple(asked) != tuple(parts):
            self._contradicting -= {*parts}
        return tuple(asked)

    async def _read_part(
        self, part: Block, block: Block, layout: Layout | None, words: dict[int, int]
    ) -> Sequence[Block]:
        """Read one part into `words`, unless it is missing; return it, or its halves if it was silent before."""
        if part in self._pauses and _now() < self._pauses[part].until:
            return (part,)
        if part in self._suspects and layout:
            return await self._narrow_down(part, block, layout, words)
        words |= await self._ask(part, block, layout)
        return (part,)

    def _note_failure(self, part: Block, error: DeviceError) -> None:
        self.failure = self.failure or error
        self._read_addresses.difference_update(part.addresses)

    def _narrower(self, part: Block, layout: Layout | None) -> tuple[Block, ...]:
        """Return what to ask for instead of a refused part: its halves; the smallest part once more, then nothing."""
        narrower = halves(part, layout.needed, layout.units) if layout else ()
        if narrower:
            self._pauses.pop(part, None)
        elif layout and part not in self._refused_once and part not in self._pauses:
            self._refused_once.add(part)
            return (part,)
        return narrower

    def _tidied(self, block: Block, parts: Sequence[Block]) -> tuple[Block, ...]:
        """Join the parts that are read, as far as such long requests are known to work."""
        read = [part for part in parts if part not in self._suspects and self._read_addresses >= {*part.addresses}]
        others = [part for part in parts if part not in read]
        together = joined(read, self._longest if self._refuses_long else MAX_COUNT)
        if not others and [(part.start, part.count) for part in together] == [(block.start, block.count)]:
            return (block,)
        return tuple(sorted((*together, *others), key=lambda part: part.start))

    async def _ask(self, part: Block, block: Block, layout: Layout | None, attempts: int = ATTEMPTS) -> Words:
        """Read one part; where it contradicts itself, read it again and then return nothing."""
        paused = self._pauses.get(part)
        units = layout.units if layout else COMMON_UNITS
        attempts = 1 if paused else attempts
        try:
            words = await self._request(part, units, attempts)
            if layout and self._is_doubtful(part, block, layout, words):
                words = await self._request(part, units, attempts)
        except RefusedReadError:
            raise
        except (NoAnswerError, ConnectionLostError, BadReplyError) as error:
            if not paused:
                raise
            self._leave_out(part, error, min(2 * paused.seconds, REFUSED_AGAIN_S))
            return {}
        self._pauses.pop(part, None)
        self._suspects.discard(part)
        self._refused_once.discard(part)
        self._read_addresses.update(part.addresses)
        if layout and all_zero(words):
            self._zero.add(part)
            if _contradicts(part, block, layout, words):
                self._contradicting.add(part)
                return {}
        else:
            self._zero.discard(part)
        self._contradicting.discard(part)
        return words

    async def _request(self, part: Block, units: Units, attempts: int) -> dict[int, int]:
        answer = await self._inverter.read(part.start, part.count, units=units, attempts=attempts)
        self._longest = max(self._longest, part.count)
        return dict(zip(part.addresses, answer, strict=True))

    def _is_doubtful(self, part: Block, block: Block, layout: Layout, words: Words) -> bool:
        """Whether zeros should be read once more: they are new here, or a request that the unit could not parse."""
        if _contradicts(part, block, layout, words):
            return part not in self._contradicting
        return all_zero(words) and part not in self._zero

    async def _narrow_down(self, part: Block, block: Block, layout: Layout, words: dict[int, int]) -> list[Block]:
        """Ask for the halves of a part that was silent before; return the parts to ask for from now on."""
        narrower = halves(part, layout.needed, layout.units) or (part,)
        silent: list[Block] = []
        error: DeviceError | None = None
        for half in narrower:
            try:
                words |= await self._ask(half, block, layout, attempts=1)
            except RefusedReadError:
                self._suspects.add(half)  # until the next reading
            except (NoAnswerError, ConnectionLostError, BadReplyError) as failed:
                self._note_failure(half, failed)
                error = failed
                await self._check_alive(layout, failed)
                silent.append(half)
        self._suspects.discard(part)
        is_smallest = narrower == (part,)
        if error and len(silent) == len(narrower) and (is_smallest or len(narrower) > 1):
            self._leave_out(part, error, SILENT_AGAIN_S)
            return [part]
        self._suspects.update(silent)
        return list(narrower)

    async def _check_alive(self, layout: Layout | None, error: DeviceError) -> None:
        """Raise the error unless the inverter answers anything at all: the connection may have died meanwhile."""
        if layout is None:
            raise error
        try:
            await self._request(Block(start=PROTOCOL_NUMBER, count=1), layout.units, 1)
        except RefusedReadError:
            return
        except DeviceError:
            raise error from None

    def _leave_out(self, part: Block, error: DeviceError, seconds: float) -> None:
        if part not in self._pauses:
            log.warning("Continuing without registers %s. %s", _span(part), error)
        self._pauses[part] = Pause(_now() + seconds, seconds)


def _contradicts(part: Block, block: Block, layout: Layout, words: Words) -> bool:
    """Whether everything is zero that cannot all be zero on a live unit."""
    witnesses = layout.witnesses(block)
    return bool(witnesses) and witnesses <= {*part.addresses} and not any(words[address] for address in witnesses)


def _span(part: Block) -> str:
    return f"{part.addresses[0]}-{part.addresses[-1]}" if part.count > 1 else str(part.start)


def _now() -> float:
    return asyncio.get_running_loop().time()
