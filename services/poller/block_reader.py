"""Reads blocks of registers one after the other, and skips those that this inverter does not have."""

import logging
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from services.poller.decode import Words, all_zero
from services.poller.registers import Block, Layout
from shared.conditions import Reason
from shared.errors import RefusedReadError

log = logging.getLogger("poller")


class RegisterSource(Protocol):
    """An inverter whose registers can be read."""

    @property
    def problem(self) -> Reason | None:
        """What is wrong with the connection although readings come."""

    async def read(self, start: int, count: int) -> list[int]:
        """Return `count` words from address `start`, or raise DeviceError."""


class BlockReader:
    """Remembers which blocks an inverter refuses, until `reset`.

    A block may contain unused addresses to save requests; a unit that refuses them is asked for the parts without.
    """

    def __init__(self, inverter: RegisterSource) -> None:
        self._inverter = inverter
        self._replacements: dict[Block, tuple[Block, ...]] = {}

    def reset(self) -> None:
        """Request every block again: a refusal may have been a glitch of the gateway."""
        self._replacements.clear()

    async def read(self, blocks: Iterable[Block], layout: Layout | None = None) -> Words:
        """Read blocks into one mapping. If no other block has data either, raises the first refusal."""
        words: dict[int, int] = {}
        refused: dict[Block, RefusedReadError] = {}
        waiting = deque(part for block in blocks for part in self._replacements.get(block, (block,)))
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
            self._replace(block, layout.parts_of(block) if layout else (), refusal)
        return words

    def _replace(self, block: Block, parts: tuple[Block, ...], refusal: RefusedReadError) -> None:
        if not parts:
            log.warning("Continuing without registers %d-%d. %s", block.addresses[0], block.addresses[-1], refusal)
        self._replacements[block] = tuple(other for part in parts for other in self._replacements.get(part, (part,)))
