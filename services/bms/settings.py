"""The settings of the BMS service."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from shared.settings import ServiceSettings


class BmsSettings(ServiceSettings):
    """The list of batteries, how often they are read, and the limits of their cells."""

    devices_file: Path = Path("data/jk_devices.yaml")
    jk_scan_interval: float = Field(default=10, ge=1, le=86_400)
    jk_rescan_interval: float = Field(default=3600, ge=10, le=604_800)
    jk_cell_low_v: float = Field(default=2.8, ge=0.5, le=5)
    jk_cell_high_v: float = Field(default=3.6, ge=0.5, le=5)
    jk_cell_delta_v: float = Field(default=0.1, ge=0.001, le=2)
    ble_backend: str = ""
    ble_radio: str = ""

    @model_validator(mode="after")
    def _low_is_lower(self) -> Self:
        if self.jk_cell_low_v >= self.jk_cell_high_v:
            raise ValueError("JK_CELL_LOW_V must be lower than JK_CELL_HIGH_V")
        return self
