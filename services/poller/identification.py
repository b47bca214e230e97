"""Which inverter it is, and its readings once that is known. No layout is used before it is proven."""

from services.poller.block_reader import BlockReader
from services.poller.decode import Decoded, all_zero, decode, has_power
from services.poller.registers import IDENTITY, PROTOCOL_NUMBER, PROTOCOL_ONLY, Layout, layout_for
from shared.conditions import poller
from shared.errors import BadReplyError, RefusedReadError


async def identify(blocks: BlockReader) -> tuple[Layout, int]:
    """Return the register layout and the protocol number that it belongs to, or raise DeviceError."""
    try:
        words = await blocks.read([IDENTITY])
    except RefusedReadError:
        words = await blocks.read([PROTOCOL_ONLY])
    protocol = words[PROTOCOL_NUMBER]
    layout = layout_for(protocol)
    if layout is None:
        raise BadReplyError(poller.unknown_protocol_number(register=PROTOCOL_NUMBER, number=protocol))
    if all_zero(words):
        await live_reading(blocks, layout, protocol)  # a lost cable reads as zeros, too: do the readings make sense?
    return layout, protocol


async def live_reading(blocks: BlockReader, layout: Layout, protocol: int) -> Decoded:
    """Read everything that changes. Zeros alone are read twice, because they happen now and then."""
    for _ in range(2):
        decoded = decode(layout, protocol, await blocks.read(layout.state.blocks_for(protocol), layout))
        if has_power(decoded):
            return decoded
    raise BadReplyError(poller.ONLY_ZEROS())
