"""The wire that the settings name."""

from collections.abc import Callable

from shared.errors import ConfigError
from simulators.registers import Words
from simulators.settings import ServeSettings
from simulators.wire import Transport, Wire
from simulators.wire_dongle import DongleWire
from simulators.wire_serial import SerialWire
from simulators.wire_tcp import TcpWire


async def open_wire(settings: ServeSettings, words: Callable[[], Words]) -> Wire:
    """Open the one way to the inverter, or raise ConfigError with the setting that is in the way."""
    match settings.house_transport:
        case Transport.SERIAL:
            wire = await _serial(settings, words)
        case Transport.DONGLE:
            wire = await _dongle(settings, words)
        case _:
            wire = await _tcp(settings, words)
    wire.device.latency_s = settings.house_latency
    return wire


async def _tcp(settings: ServeSettings, words: Callable[[], Words]) -> Wire:
    wire = TcpWire(words, unit=settings.house_modbus_unit, transport=settings.house_transport)
    try:
        await wire.start(settings.house_modbus_bind, settings.house_modbus_port)
    except OSError as error:
        raise ConfigError(f"A port cannot be opened ({error}): see HOUSE_MODBUS_BIND and HOUSE_MODBUS_PORT.") from None
    return wire


async def _serial(settings: ServeSettings, words: Callable[[], Words]) -> Wire:
    wire = SerialWire(words, unit=settings.house_modbus_unit)
    try:
        await wire.start(settings.house_serial_link)
    except OSError as error:
        raise ConfigError(f"The serial port cannot be linked to ({error}): see HOUSE_SERIAL_LINK.") from None
    return wire


async def _dongle(settings: ServeSettings, words: Callable[[], Words]) -> Wire:
    wire = DongleWire(words, unit=settings.house_modbus_unit, framing=settings.house_dongle_framing)
    try:
        await wire.start(settings.house_dongle_bind, settings.house_dongle_port)
    except OSError as error:
        raise ConfigError(
            f"A UDP port cannot be opened ({error}): see HOUSE_DONGLE_BIND and HOUSE_DONGLE_PORT."
        ) from None
    return wire
