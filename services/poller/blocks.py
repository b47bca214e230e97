"""Blocks of registers, read one after the other, going without what this inverter does not have."""

import logging
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from services.poller.decode import Words, all_zero
from services.poller.registers import Block, Layout
from shared.errors import RefusedReadError

log = logging.getLogger("poller")


class Inverter(Protocol):
    """A wire to the inverter."""

    @property
    def trouble(self) -> str | None:
        """What is wrong with the wire although readings come, in one sentence."""

    async def read(self, start: int, count: int) -> list[int]:
        """Return `count` words from address `start`, or raise DeviceError."""


class BlockReader:
    """Remembers which blocks an inverter refuses, until `forget`.

    A block may span addresses that mean nothing, to save requests; a unit that refuses them is asked without them.
    """

    def __init__(self, inverter: Inverter) -> None:
        self._inverter = inverter
        self._instead: dict[Block, tuple[Block, ...]] = {}

    def forget(self) -> None:
        """Ask for everything again: a refusal may have been a whim of the gateway."""
        self._instead.clear()

    async def read(self, blocks: Iterable[Block], layout: Layout | None = None) -> Words:
        """Read blocks into one mapping. Where nothing else says anything either, a refusal is the answer."""
        words: dict[int, int] = {}
        refused: dict[Block, RefusedReadError] = {}
        waiting = deque(part for block in blocks for part in self._instead.get(block, (block,)))
        while waiting:
            block = waiting.popleft()
            try:
                words |= zip(block.addresses, await self._inverter.read(block.start, block.count), strict=True)
            except RefusedReadError as error:
                refused[block] = error
                waiting.extendleft(reversed(layout.parts_of(block) if layout else ()))
        if refused and all_zero(words):
            raise next(iter(refused.values()))
        for block, refusal in refused.items():
            self._note(block, layout.parts_of(block) if layout else (), refusal)
        return words

    def _note(self, block: Block, parts: tuple[Block, ...], refusal: RefusedReadError) -> None:
        if not parts:
            log.warning("Going on without registers %d-%d. %s", block.addresses[0], block.addresses[-1], refusal)
        self._instead[block] = tuple(other for part in parts for other in self._instead.get(part, (part,)))
