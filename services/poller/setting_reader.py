"""Reads which inverter answers, its settings and its mode, afresh before each change of a setting."""

from dataclasses import replace
from datetime import timedelta

from services.poller.block_reader import BlockReader, RegisterSource
from services.poller.decode import MODES, Decoded, Value, all_zero, decode
from services.poller.inverter_clock import clock_of
from services.poller.registers import CLOCK_DATE, CLOCK_TIME, IDENTITY, PROTOCOL_NUMBER, Layout, layout_for
from services.poller.setting_check import Present, Unit
from shared.conditions import poller
from shared.errors import BadReplyError
from shared.messages import Mode

READ_WITHIN = timedelta(seconds=30)
ATTEMPTS = 3
"""Two readings in a row must agree: Modbus TCP has no checksum, and a gateway may mix up answers."""


async def read_present(inverter: RegisterSource) -> Present:
    """Return the state of the inverter, by two readings that agree. Raises DeviceError."""
    last = await _read_once(inverter)
    for _ in range(ATTEMPTS - 1):
        again = await _read_once(inverter)
        if again == last:
            return again if _goes_on(last, again) else replace(again, clock=None)
        last = again
    raise BadReplyError(poller.READINGS_DIFFER())


def _goes_on(last: Present, again: Present) -> bool:
    """Whether the clock of the second reading can follow that of the first."""
    return last.clock is None or again.clock is None or timedelta(0) <= again.clock - last.clock < READ_WITHIN


async def _read_once(inverter: RegisterSource) -> Present:
    blocks = BlockReader(inverter)  # a new one: it must not remember what another inverter lacked
    identity = await blocks.read([IDENTITY])  # complete: half an identity is neither this unit nor another one
    if all_zero(identity):
        raise BadReplyError(poller.ONLY_ZEROS())
    protocol = identity[PROTOCOL_NUMBER]
    layout = layout_for(protocol)
    if layout is None:
        raise BadReplyError(poller.unknown_protocol_number(register=PROTOCOL_NUMBER, number=protocol))
    names = setting_names(layout)
    clock = (*CLOCK_DATE, *CLOCK_TIME)
    wanted = (
        *layout.state.blocks_with(("mode_code",), protocol),
        *layout.settings.blocks_with(names + clock, protocol),
    )
    words = {**identity, **await blocks.read(wanted, layout)}
    decoded = decode(layout, protocol, words)
    return present_of(layout, protocol, decoded, MODES.get(decoded.get("mode_code"), Mode.UNKNOWN))


def present_of(layout: Layout, protocol: int, decoded: Decoded, mode: Mode) -> Present:
    """Return the state of an inverter from the decoded values of its identity, its settings and its mode."""
    model, serial_number = decoded.get("device_type"), decoded.get("serial_number")
    unit = Unit(
        layout,
        protocol,
        model if isinstance(model, int) else None,
        serial_number if isinstance(serial_number, str) else None,
    )
    values = {name: _plain(decoded.get(name)) for name in setting_names(layout) if layout.setting(name, protocol)}
    return Present(unit, values, mode, clock_of(decoded))


def setting_names(layout: Layout) -> tuple[str, ...]:
    """Return the settings that can be changed on some units of a layout, and their neighbours."""
    return tuple(dict.fromkeys(name for one in layout.writable for name in (one.name, *one.neighbours)))


def _plain(value: object) -> Value:
    return value if isinstance(value, int | float | str) else None
