"""Which wire the settings mean."""

from services.poller.conversation import Conversation, Wire
from services.poller.frames import ModbusTcp, Rtu
from services.poller.settings import Transport, WireSettings
from services.poller.transport_dongle import DongleWire
from services.poller.transport_serial import SerialWire
from services.poller.transport_tcp import TcpWire


def conversation(settings: WireSettings) -> Conversation:
    """Return an inverter that connects when it is read for the first time."""
    return Conversation(_wire(settings), settings.modbus_unit_id, settings.modbus_timeout)


def _wire(settings: WireSettings) -> Wire:
    host, port = settings.modbus_host, settings.port
    match settings.modbus_transport:
        case Transport.TCP:
            return TcpWire(host, port, ModbusTcp(), settings.modbus_timeout)
        case Transport.RTU_OVER_TCP:
            return TcpWire(host, port, Rtu(), settings.modbus_timeout)
        case Transport.SERIAL:
            return SerialWire(settings.modbus_serial_port, settings.modbus_baudrate)
        case Transport.DONGLE:
            return DongleWire(host, settings.local_ip, port, settings.dongle_port, settings.dongle_broadcast)
