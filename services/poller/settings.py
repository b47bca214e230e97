"""What the poller reads from the environment."""

from datetime import timedelta
from enum import StrEnum
from ipaddress import IPv4Address
from typing import Self

from pydantic import Field, field_validator, model_validator

from services.poller.grid import GridLimits
from shared.conditions import Reason, poller
from shared.settings import ServiceSettings, Settings
from shared.topics import NAME

MODELS = {
    "auto": None,
    "ISOLAR_SMG_II_4K": "classic",
    "ISOLAR_SMG_II_6K": "classic",
    "ISOLAR_SMG_II_11K": "k11",
}
"""Trade names that people know, and the register layout of each. The device itself has the last word."""


class TransportKind(StrEnum):
    """What is between us and the inverter."""

    TCP = "tcp"
    RTU_OVER_TCP = "rtu_over_tcp"
    SERIAL = "serial"
    DONGLE = "dongle"


PORTS = {TransportKind.TCP: 502, TransportKind.RTU_OVER_TCP: 8899, TransportKind.SERIAL: 0, TransportKind.DONGLE: 8899}
"""The default of MODBUS_PORT. With a dongle it is our port, to which the dongle connects."""


class ModbusSettings(Settings):
    """How the inverter is reached."""

    modbus_transport: TransportKind = TransportKind.TCP
    modbus_host: str = Field(default="", pattern=r"^[^/\s]*$")
    modbus_port: int | None = Field(default=None, ge=0, le=65535)
    modbus_serial_port: str = ""
    modbus_baudrate: int = Field(default=9600, ge=300, le=921_600)
    modbus_unit_id: int = Field(default=1, ge=1, le=247)
    modbus_timeout: float = Field(default=3.0, ge=0.1, le=60)
    local_ip: str = ""
    dongle_port: int = Field(default=58899, ge=1, le=65535)
    dongle_broadcast: str = "255.255.255.255"

    @property
    def port(self) -> int:
        """MODBUS_PORT, or the default of the transport."""
        return PORTS[self.modbus_transport] if self.modbus_port is None else self.modbus_port

    @property
    def not_configured(self) -> Reason | None:
        """What must be set before there is an inverter to read; None where there is one."""
        match self.modbus_transport:
            case TransportKind.DONGLE:
                return None
            case TransportKind.SERIAL:
                return None if self.modbus_serial_port else poller.SERIAL_PORT_NOT_SET()
            case TransportKind.TCP | TransportKind.RTU_OVER_TCP:
                return None if self.modbus_host else poller.HOST_NOT_SET()

    @field_validator("local_ip", "dongle_broadcast")
    @classmethod
    def _is_ipv4(cls, address: str) -> str:
        if address:
            IPv4Address(address)
        return address


class PollerSettings(ModbusSettings, ServiceSettings):
    """Which inverter it is, what it is called, and how often it is read."""

    inverter_name: str = Field(default="main", max_length=64, pattern=f"^{NAME}$")
    inverter_model: str = "auto"
    poll_interval: float = Field(default=5.0, ge=0.5, le=3600)
    grid_present_v: float = Field(default=160, ge=50, le=300)
    grid_lost_v: float = Field(default=100, ge=10, le=300)
    grid_unknown_after: float = Field(default=15, ge=1, le=600)
    invert_battery_current: bool = False

    @property
    def grid_limits(self) -> GridLimits:
        """When the grid counts as present, lost or unknown; less than three missing readings are no silence."""
        silence = timedelta(seconds=max(self.grid_unknown_after, 3 * self.poll_interval))
        return GridLimits(present_v=self.grid_present_v, lost_v=self.grid_lost_v, silence=silence)

    @model_validator(mode="after")
    def _lost_is_lower(self) -> Self:
        if self.grid_lost_v >= self.grid_present_v:
            raise ValueError(poller.LOST_VOLTAGE_NOT_LOWER())
        return self

    @field_validator("inverter_model")
    @classmethod
    def _known(cls, model: str) -> str:
        if model not in MODELS:
            raise ValueError(poller.model_unknown(known=", ".join(MODELS)))
        return model
