"""The Modbus client for the transport that the settings name."""

from collections.abc import MutableMapping

from services.poller.modbus_client import ModbusClient
from services.poller.modbus_frames import ModbusTcp, Rtu
from services.poller.settings import ModbusSettings, TransportKind
from services.poller.transports.dongle import DongleTransport
from services.poller.transports.dongle_listener import DongleListener
from services.poller.transports.serial_port import SerialTransport
from services.poller.transports.tcp import TcpTransport
from services.poller.transports.transport import Transport

Listeners = MutableMapping[int, DongleListener]
"""What listens for dongles, by port: several dongles share a port."""


def create_client(settings: ModbusSettings, listeners: Listeners | None = None) -> ModbusClient:
    """Return a client that connects when it reads for the first time."""
    transport = _transport(settings, {} if listeners is None else listeners)
    return ModbusClient(transport, settings.modbus_unit_id, settings.modbus_timeout)


def _transport(settings: ModbusSettings, listeners: Listeners) -> Transport:
    host, port = settings.modbus_host, settings.port
    match settings.modbus_transport:
        case TransportKind.TCP:
            return TcpTransport(host, port, ModbusTcp(), settings.modbus_timeout)
        case TransportKind.RTU_OVER_TCP:
            return TcpTransport(host, port, Rtu(), settings.modbus_timeout)
        case TransportKind.SERIAL:
            return SerialTransport(settings.modbus_serial_port, settings.modbus_baudrate)
        case TransportKind.DONGLE:
            listener = listeners.setdefault(port, DongleListener(port))
            return DongleTransport(host, settings.local_ip, listener, settings.dongle_port, settings.dongle_broadcast)
