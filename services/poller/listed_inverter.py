"""An inverter as its owner lists it, pure."""

import re
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from services.poller.settings import (
    Baudrate,
    Host,
    Interval,
    Ipv4,
    Model,
    PollerSettings,
    Port,
    Timeout,
    TransportKind,
    UdpPort,
    UnitId,
)
from shared.conditions import poller, values
from shared.messages import Phase
from shared.settings import no_sum
from shared.validation import InvalidValueError

NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


class ListedInverter(BaseModel):
    """One entry of the list: its name, how it is reached, its phase, and what differs from `.env`.

    The fields are the settings of `.env` without MODBUS_ and INVERTER_. None stands for the setting of `.env`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    phase: Phase | None = None
    transport: TransportKind = TransportKind.TCP
    host: Host = ""
    port: Port | None = None
    serial_port: str = ""
    unit_id: UnitId = 1
    baudrate: Baudrate | None = None
    timeout: Timeout | None = None
    local_ip: Ipv4 | None = None
    dongle_port: UdpPort | None = None
    dongle_broadcast: Ipv4 | None = None
    model: Model | None = None
    poll_interval: Interval | None = None
    invert_battery_current: bool | None = None

    @field_validator("name", mode="before")
    @classmethod
    def _number_to_text(cls, name: Any) -> Any:
        """YAML reads a name of digits as a number."""
        return str(name) if isinstance(name, int) and not isinstance(name, bool) else name

    @field_validator("name")
    @classmethod
    def _fits_a_topic(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise InvalidValueError(poller.BAD_NAME())
        return no_sum(name)

    @model_validator(mode="after")
    def _has_a_wire(self) -> Self:
        if self.transport is TransportKind.SERIAL and not self.serial_port:
            raise InvalidValueError(values.needs(given="transport: serial", field="serial_port"))
        if self.transport in (TransportKind.TCP, TransportKind.RTU_OVER_TCP) and not self.host:
            raise InvalidValueError(values.needs(given=f"transport: {self.transport}", field="host"))
        return self

    def settings(self, common: PollerSettings) -> PollerSettings:
        """Return the settings of `.env`, overridden by those of this entry."""
        wire = {
            "inverter_name": self.name,
            "modbus_transport": self.transport,
            "modbus_host": self.host,
            "modbus_port": self.port,
            "modbus_serial_port": self.serial_port,
            "modbus_unit_id": self.unit_id,
        }
        own = {
            "modbus_baudrate": self.baudrate,
            "modbus_timeout": self.timeout,
            "local_ip": self.local_ip,
            "dongle_port": self.dongle_port,
            "dongle_broadcast": self.dongle_broadcast,
            "inverter_model": self.model,
            "poll_interval": self.poll_interval,
            "invert_battery_current": self.invert_battery_current,
        }
        return common.model_copy(update=wire | {name: value for name, value in own.items() if value is not None})
