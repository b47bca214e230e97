"""A battery as its owner lists it, pure."""

import re

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.bms.frame_layouts import Layout
from shared.conditions import bms
from shared.live_figures import ALL
from shared.validation import InvalidValueError

ADDRESS = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")


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
    invert_current: bool = False
    cell_low_v: float | None = Field(default=None, ge=0.5, le=5)
    cell_high_v: float | None = Field(default=None, ge=0.5, le=5)
    cell_delta_v: float | None = Field(default=None, ge=0.001, le=2)
    capacity_ah: float | None = Field(default=None, gt=0, le=100_000)

    @field_validator("address")
    @classmethod
    def _is_an_address(cls, address: str) -> str:
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
        return self.id or self.address.lower().replace(":", "")

    @property
    def title(self) -> str:
        """The battery's name for people."""
        return self.name or self.address
