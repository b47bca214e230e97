"""One reading as a table."""

from datetime import UTC, datetime

from services.poller.block_reader import BlockReader, RegisterSource
from services.poller.decode import Decoded, Value, decode, number, to_info, warns_of_lost_grid
from services.poller.grid import GridLimits, GridReading, verdict
from services.poller.identification import identify
from services.poller.registers import Layout
from shared.conditions import Reason


async def read(inverter: RegisterSource) -> str:
    """Return all values of the inverter, one per line."""
    blocks = BlockReader(inverter)
    identity = await identify(blocks)
    layout, protocol = identity.layout, identity.protocol
    decoded = decode(layout, protocol, await blocks.read(layout.blocks_for(protocol), layout))
    return "\n".join([_head(layout, protocol, decoded), _grid(decoded), "", *_table(decoded)])


def _head(layout: Layout, protocol: int, decoded: Decoded) -> str:
    model = to_info(decoded, datetime.now(UTC), layout).model
    return f"{model}, layout {layout.name} (protocol {protocol} in register 184)"


def _grid(decoded: Decoded) -> str:
    volts, hertz = (number(decoded.get(name)) for name in ("grid_voltage_v", "grid_frequency_hz"))
    limits = GridLimits().scaled(number(decoded.get("output_voltage_setting_v")))
    seen = verdict(GridReading(datetime.now(UTC), volts, hertz, warns_of_lost_grid(decoded)), limits)
    return f"Grid: {seen or 'unknown'} ({volts} V, {hertz} Hz)"


def _table(decoded: Decoded) -> list[str]:
    width = max(len(name) for name in decoded)
    return [f"{name:{width}}  {_shown(value)}" for name, value in decoded.items()]


def _shown(value: Value | tuple[Reason, ...]) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, tuple):
        return ", ".join(reason.text for reason in value) or "none"
    return str(value)
