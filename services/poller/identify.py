"""Which inverter it is, and its readings once that is known. Nothing is read by a layout that is not proven."""

from services.poller.blocks import BlockReader
from services.poller.decode import Decoded, all_zero, decode, has_power
from services.poller.registers import IDENTITY, PROTOCOL_ALONE, PROTOCOL_NUMBER, Layout, layout_for
from shared.errors import BadReplyError, RefusedReadError

NO_CABLE = "The gateway or dongle answers nothing but zeros: it has probably lost the inverter's cable."


async def identify(blocks: BlockReader) -> tuple[Layout, int]:
    """Return the layout of the registers and the protocol number it was taken from, or raise DeviceError."""
    try:
        words = await blocks.read([IDENTITY])
    except RefusedReadError:
        words = await blocks.read([PROTOCOL_ALONE])
    protocol = words.get(PROTOCOL_NUMBER)
    layout = layout_for(protocol) if protocol is not None else None
    if layout is None or protocol is None:
        raise BadReplyError(
            f"Register {PROTOCOL_NUMBER} says {protocol}; nobody has described such an inverter: please report it, "
            "with the file that `python -m services.poller dump` makes."
        )
    if all_zero(words):
        await live_reading(blocks, layout, protocol)  # zeros are also what a lost cable says: do the readings fit?
    return layout, protocol


async def live_reading(blocks: BlockReader, layout: Layout, protocol: int) -> Decoded:
    """Read everything that changes. A reading of zeros only happens now and then, so it is looked at twice."""
    for _ in range(2):
        decoded = decode(layout, protocol, await blocks.read(layout.state.blocks_for(protocol), layout))
        if has_power(decoded):
            return decoded
    raise BadReplyError(NO_CABLE)
