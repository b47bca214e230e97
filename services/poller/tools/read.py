"""Prints one reading as a table."""

from datetime import UTC, datetime

from services.poller.block_reader import BlockReader, RegisterSource
from services.poller.decode import Decoded, Value, decode, number, to_info, warns_of_lost_grid
from services.poller.grid import GridLimits, GridReading, verdict
from services.poller.identification import identify
from services.poller.registers import Layout
from shared.conditions import Reason
from shared.texts.localizer import Localizer


async def read(inverter: RegisterSource, localizer: Localizer) -> str:
    """Return all values of the inverter, one per line."""
    blocks = BlockReader(inverter)
    identity = await identify(blocks)
    layout, protocol = identity.layout, identity.protocol
    decoded = decode(layout, protocol, await blocks.read(layout.blocks_for(protocol), layout))
    head = _head(layout, protocol, decoded, localizer)
    return "\n".join([head, _grid(decoded, localizer), "", *_table(decoded, localizer)])


def _head(layout: Layout, protocol: int, decoded: Decoded, localizer: Localizer) -> str:
    model = to_info(decoded, datetime.now(UTC), layout).model
    return localizer("tool.model", model=model, layout=layout.name, protocol=protocol)


def _grid(decoded: Decoded, localizer: Localizer) -> str:
    volts, hertz = (number(decoded.get(name)) for name in ("grid_voltage_v", "grid_frequency_hz"))
    limits = GridLimits().scaled(number(decoded.get("output_voltage_setting_v")))
    seen = verdict(GridReading(datetime.now(UTC), volts, hertz, warns_of_lost_grid(decoded)), limits)
    return localizer(
        f"tool.grid_{seen or 'unknown'}",
        voltage=localizer.number("volts", volts, 1),
        frequency=localizer.number("hertz", hertz, 2),
    )


def _table(decoded: Decoded, localizer: Localizer) -> list[str]:
    width = max(len(name) for name in decoded)
    return [f"{name:{width}}  {_shown(value, localizer)}" for name, value in decoded.items()]


def _shown(value: Value | tuple[Reason, ...], localizer: Localizer) -> str:
    if value is None:
        return localizer("tool.unknown")
    if isinstance(value, tuple):
        return ", ".join(map(localizer.reason, value)) or localizer("tool.none")
    return str(value)
