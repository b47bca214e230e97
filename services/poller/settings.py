"""What the poller reads from the environment."""

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from services.poller.grid import Limits
from shared.settings import ServiceSettings
from shared.topics import NAME

MODELS = {
    "auto": None,
    "ISOLAR_SMG_II_4K": "classic",
    "ISOLAR_SMG_II_6K": "classic",
    "ISOLAR_SMG_II_11K": "k11",
}
"""Trade names that people know, and the register layout each stands for. The device itself has the last word."""


class PollerSettings(ServiceSettings):
    """Where the inverter is, what it is called, and how often it is read."""

    modbus_transport: Literal["tcp"] = "tcp"
    modbus_host: str = Field(default="", pattern=r"^[^/\s]*$")
    modbus_port: int = Field(default=502, ge=1, le=65535)
    modbus_unit_id: int = Field(default=1, ge=1, le=247)
    modbus_timeout: float = Field(default=3.0, ge=0.1, le=60)
    inverter_name: str = Field(default="main", max_length=64, pattern=f"^{NAME}$")
    inverter_model: str = "auto"
    poll_interval: float = Field(default=5.0, ge=0.5, le=3600)
    grid_present_v: float = Field(default=160, ge=50, le=300)
    grid_lost_v: float = Field(default=100, ge=10, le=300)
    grid_unknown_after: float = Field(default=15, ge=1, le=600)

    @property
    def grid_limits(self) -> Limits:
        """When the grid counts as present, lost or unknown; a silence of less than three readings is none."""
        patience = max(self.grid_unknown_after, 3 * self.poll_interval)
        return Limits(present_v=self.grid_present_v, lost_v=self.grid_lost_v, patience=timedelta(seconds=patience))

    @model_validator(mode="after")
    def _lost_is_lower(self) -> Self:
        if self.grid_lost_v >= self.grid_present_v:
            raise ValueError("GRID_LOST_V must be lower than GRID_PRESENT_V")
        return self

    @field_validator("inverter_model")
    @classmethod
    def _known(cls, model: str) -> str:
        if model not in MODELS:
            raise ValueError(f"unknown model; use one of {', '.join(MODELS)}")
        return model
