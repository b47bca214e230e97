"""A battery as its owner lists it, pure."""

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from services.bms.frame_layouts import Layout
from shared.conditions import bms
from shared.live_figures import ALL
from shared.validation import InvalidValueError, form

LINE_ADDRESS = re.compile(r"(/[^\s#]+|tcp://[^\s#/]+:\d{1,5})(?:#(\d{1,2}))?")
"""A battery on a wire: the serial port or the gateway, and the address that the switches of a pack on RS485 set."""
TCP, LAST_TCP_PORT = "tcp://", 65_535
PASSKEY = re.compile(r"[0-9]{1,6}")
LAST_BUS_ADDRESS = 15
ADDRESS = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")


class Dialect(StrEnum):
    """How batteries on a wire are read.

    Packs on RS485: by what is heard there, by triggers, by registers, or without ever sending. Older boards: in the
    dialect of the GPS port, or by what they send to their display.
    """

    AUTO = "auto"
    TRIGGER = "trigger"
    REGISTERS = "registers"
    LISTEN = "listen"
    NW = "nw"
    DISPLAY = "display"


ONE_AT_THE_PORT = frozenset((Dialect.NW, Dialect.DISPLAY))
BAUD, DISPLAY_BAUD = 115_200, 2400


class ListedBattery(BaseModel):
    """One entry of the list."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    name: str = ""
    id: Annotated[str, form(r"[A-Za-z0-9_-]*", "pack_1")] = Field(default="", max_length=40)
    model: str | None = None
    layout: Layout | None = None
    enabled: bool = True
    pin: SecretStr | None = None
    """The passkey that the BMS wants when it is paired over Bluetooth; most want none."""
    adapter: Annotated[str, form(r"(hci(0|[1-9][0-9]*))?", "hci1")] = ""
    baud: int | None = Field(default=None, ge=1200, le=1_000_000)
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
            if on_line[1].startswith(TCP) and not 0 < int(on_line[1].rpartition(":")[2]) <= LAST_TCP_PORT:
                raise InvalidValueError(bms.NOT_AN_ADDRESS())
            if on_line[2] is None:
                return address
            if int(on_line[2]) > LAST_BUS_ADDRESS:
                raise InvalidValueError(bms.NO_BUS_ADDRESS())
            return f"{on_line[1]}#{int(on_line[2])}"
        if not ADDRESS.fullmatch(address.upper()):
            raise InvalidValueError(bms.NOT_AN_ADDRESS())
        return address.upper()

    @field_validator("pin")
    @classmethod
    def _is_a_passkey(cls, pin: SecretStr | None) -> SecretStr | None:
        if pin is not None and not PASSKEY.fullmatch(pin.get_secret_value()):
            raise InvalidValueError(bms.NOT_A_PASSKEY())
        return pin

    @field_validator("id")
    @classmethod
    def _is_not_reserved(cls, id_: str) -> str:
        if id_ == ALL:
            raise InvalidValueError(bms.RESERVED_ID())
        return id_

    @model_validator(mode="after")
    def _has_an_address_where_there_are_several(self) -> Self:
        if self.port and ("#" in self.address) == (self.dialect in ONE_AT_THE_PORT):
            is_alone = self.dialect in ONE_AT_THE_PORT
            raise InvalidValueError(bms.ONE_BATTERY_AT_THE_PORT() if is_alone else bms.NO_BUS_ADDRESS())
        return self

    @property
    def key(self) -> str:
        """The battery's name in topics."""
        if self.port and not self.id:
            return re.sub(r"[^a-z0-9]+", "_", self.address.lower()).strip("_")
        return self.id or self.address.lower().replace(":", "")

    @property
    def port(self) -> str:
        """The serial port, or tcp://HOST:PORT of the gateway, of a battery on a wire; empty with Bluetooth."""
        on_line = LINE_ADDRESS.fullmatch(self.address)
        return on_line[1] if on_line else ""

    @property
    def bus_address(self) -> int:
        """The address of a pack on RS485."""
        on_line = LINE_ADDRESS.fullmatch(self.address)
        return int(on_line[2] or 0) if on_line else 0

    @property
    def line_baud(self) -> int:
        """The speed of the serial port."""
        return self.baud or (DISPLAY_BAUD if self.dialect is Dialect.DISPLAY else BAUD)

    @property
    def title(self) -> str:
        """The battery's name for people."""
        return self.name or self.address
