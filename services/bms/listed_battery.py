"""A battery as its owner lists it, pure."""

import re
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.bms.frame_layouts import Layout
from shared.conditions import bms
from shared.live_figures import ALL
from shared.validation import InvalidValueError

LINE_ADDRESS = re.compile(r"(/\S+|tcp://[^\s#/]+:\d{1,5})#(\d{1,2})")
"""A pack on RS485: the serial port or the gateway, and the address that its switches set."""
LAST_BUS_ADDRESS = 15
ADDRESS = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")


class Dialect(StrEnum):
    """How packs on RS485 are read: by what is heard, by triggers, by registers, or without ever sending."""

    AUTO = "auto"
    TRIGGER = "trigger"
    REGISTERS = "registers"
    LISTEN = "listen"


class ListedBattery(BaseModel):
    """One entry of the list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    name: str = ""
    id: str = Field(default="", pattern=r"^[A-Za-z0-9_-]*$", max_length=40)
    model: str | None = None
    layout: Layout | None = None
    enabled: bool = True
    adapter: str = Field(default="", pattern=r"^(hci\d+)?$")
    baud: int = Field(default=115_200, ge=1200, le=1_000_000)
    dialect: Dialect = Dialect.AUTO
    invert_current: bool = False
    cell_low_v: float | None = Field(default=None, ge=0.5, le=5)
    cell_high_v: float | None = Field(default=None, ge=0.5, le=5)
    cell_delta_v: float | None = Field(default=None, ge=0.001, le=2)
    capacity_ah: float | None = Field(default=None, gt=0, le=100_000)

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
        on_line = LINE_ADDRESS.fullmatch(address)
        if on_line:
            if int(on_line[2]) > LAST_BUS_ADDRESS:
                raise InvalidValueError(bms.NO_BUS_ADDRESS())
            return address
        if not ADDRESS.fullmatch(address.upper()):
            raise InvalidValueError(bms.NOT_AN_ADDRESS())
        return address.upper()

    @field_validator("id")
    @classmethod
    def _is_not_reserved(cls, id_: str) -> str:
        if id_ == ALL:
            raise InvalidValueError(bms.RESERVED_ID())
        return id_

    @property
    def key(self) -> str:
        """The battery's name in topics."""
        if self.port and not self.id:
            return re.sub(r"[^a-z0-9]+", "_", self.address.lower()).strip("_")
        return self.id or self.address.lower().replace(":", "")

    @property
    def port(self) -> str:
        """The serial port, or tcp://HOST:PORT of the gateway, of a pack on RS485; empty with Bluetooth."""
        on_line = LINE_ADDRESS.fullmatch(self.address)
        return on_line[1] if on_line else ""

    @property
    def bus_address(self) -> int:
        """The address of a pack on RS485."""
        on_line = LINE_ADDRESS.fullmatch(self.address)
        return int(on_line[2]) if on_line else 0

    @property
    def title(self) -> str:
        """The battery's name for people."""
        return self.name or self.address
