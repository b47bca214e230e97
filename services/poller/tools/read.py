"""One reading as a table."""

from datetime import UTC, datetime

from services.poller.blocks import BlockReader, Inverter
from services.poller.decode import Decoded, Value, decode, mains_lost, to_info
from services.poller.grid import Limits, Reading, verdict
from services.poller.identify import identify
from services.poller.registers import Layout


async def read(inverter: Inverter) -> str:
    """Return everything the inverter says, a value a line."""
    blocks = BlockReader(inverter)
    layout, protocol = await identify(blocks)
    decoded = decode(layout, protocol, await blocks.read(layout.blocks_for(protocol), layout))
    return "\n".join([_head(layout, protocol, decoded), _mains(decoded), "", *_table(decoded)])


def _head(layout: Layout, protocol: int, decoded: Decoded) -> str:
    model = to_info(decoded, datetime.now(UTC), layout).model
    return f"{model}, layout {layout.name} (protocol {protocol} in register 184)"


def _mains(decoded: Decoded) -> str:
    volts, hertz = (decoded.get(name) for name in ("grid_voltage_v", "grid_frequency_hz"))
    reading = Reading(datetime.now(UTC), _number(volts), _number(hertz), mains_lost(decoded))
    seen = verdict(reading, Limits()) if reading.is_usable(Limits()) else None
    return f"Grid: {seen or 'unknown'} ({volts} V, {hertz} Hz)"


def _number(value: Value | tuple[str, ...]) -> float | None:
    return value if isinstance(value, int | float) else None


def _table(decoded: Decoded) -> list[str]:
    width = max(len(name) for name in decoded)
    return [f"{name:{width}}  {_shown(value)}" for name, value in decoded.items()]


def _shown(value: Value | tuple[str, ...]) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return str(value)
