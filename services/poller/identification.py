"""Identifies the inverter, and reads it once it is known. No layout is used before it is proven to fit."""

from dataclasses import dataclass

from services.poller.block_reader import BlockReader
from services.poller.decode import Decoded, Words, all_zero, decode, has_power
from services.poller.registers import IDENTITY, PROTOCOL_NUMBER, PROTOCOL_ONLY, Layout, layout_for
from shared.conditions import poller
from shared.errors import BadReplyError, RefusedReadError

IDENTIFYING = frozenset((171, PROTOCOL_NUMBER, *range(186, 198)))
"""Type, protocol number, serial number. What the registers between them mean is unknown."""


@dataclass(frozen=True)
class Identity:
    """An inverter: its layout, its protocol number, and the words in which it describes itself."""

    layout: Layout
    protocol: int
    words: tuple[tuple[int, int], ...] = ()

    def contradicts(self, words: Words) -> bool:
        """Whether these words, read later, belong to another inverter; zeros prove nothing."""
        if all_zero(words):
            return False
        return any(words[address] != word for address, word in self.words if address in IDENTIFYING)


async def identify(blocks: BlockReader, *, is_known: bool = False) -> Identity:
    """Return which inverter it is, or raise DeviceError; a known inverter is never taken for one of another family."""
    words = await read_identity(blocks, is_known=is_known)
    protocol = words[PROTOCOL_NUMBER]
    layout = layout_for(protocol)
    if layout is None:
        raise BadReplyError(poller.unknown_protocol_number(register=PROTOCOL_NUMBER, number=protocol))
    if all_zero(words):
        await live_reading(blocks, layout, protocol)  # a lost cable also reads as zeros: do the readings make sense?
    return Identity(layout, protocol, tuple(words.items()))


async def read_identity(blocks: BlockReader, *, is_known: bool) -> Words:
    """Read the words in which the inverter describes itself, or at least its protocol number."""
    try:
        return await blocks.read([IDENTITY])
    except RefusedReadError:
        pass
    try:
        return await blocks.read([PROTOCOL_ONLY])
    except RefusedReadError as error:
        if is_known:
            raise
        raise RefusedReadError(poller.refuses_everything(refusal=error.reason)) from None


async def live_reading(blocks: BlockReader, layout: Layout, protocol: int) -> Decoded:
    """Read everything that changes."""
    decoded = decode(layout, protocol, await blocks.read(layout.state.blocks_for(protocol), layout))
    if has_power(decoded):
        return decoded
    raise blocks.failure or BadReplyError(poller.ONLY_ZEROS())
