"""Opens the transport that the settings name."""

from collections.abc import Callable

from shared.errors import UsageError
from simulators.registers import Words
from simulators.settings import ServeSettings
from simulators.transports.dongle import Dongle
from simulators.transports.serial_port import SerialPort
from simulators.transports.tcp import TcpGateway
from simulators.transports.transport import Transport, TransportKind


async def open_transport(settings: ServeSettings, words: Callable[[], Words]) -> Transport:
    """Open the transport, or raise ConfigError that names the setting to change."""
    match settings.house_transport:
        case TransportKind.SERIAL:
            transport = await _serial(settings, words)
        case TransportKind.DONGLE:
            transport = await _dongle(settings, words)
        case _:
            transport = await _tcp(settings, words)
    transport.device.latency_s = settings.house_latency
    return transport


async def _tcp(settings: ServeSettings, words: Callable[[], Words]) -> Transport:
    transport = TcpGateway(words, unit=settings.house_modbus_unit, kind=settings.house_transport)
    try:
        await transport.start(settings.house_modbus_bind, settings.house_modbus_port)
    except OSError as error:
        raise UsageError(f"A port cannot be opened ({error}): see HOUSE_MODBUS_BIND and HOUSE_MODBUS_PORT.") from None
    return transport


async def _serial(settings: ServeSettings, words: Callable[[], Words]) -> Transport:
    transport = SerialPort(words, unit=settings.house_modbus_unit)
    try:
        await transport.start(settings.house_serial_link)
    except OSError as error:
        raise UsageError(f"The serial port cannot be linked to ({error}): see HOUSE_SERIAL_LINK.") from None
    return transport


async def _dongle(settings: ServeSettings, words: Callable[[], Words]) -> Transport:
    transport = Dongle(words, unit=settings.house_modbus_unit, framing=settings.house_dongle_framing)
    try:
        await transport.start(settings.house_dongle_bind, settings.house_dongle_port)
    except OSError as error:
        raise UsageError(
            f"A UDP port cannot be opened ({error}): see HOUSE_DONGLE_BIND and HOUSE_DONGLE_PORT."
        ) from None
    return transport
