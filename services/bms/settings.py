"""The settings of the BMS service."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.conditions import bms
from shared.settings import ServiceSettings
from shared.settings_metadata import InCompose, Section
from shared.validation import InvalidValueError


class BmsSettings(ServiceSettings):
    """The list of batteries, how often they are read, and the limits of their cells."""

    section = Section.BATTERIES

    devices_file: Annotated[Path, InCompose("/data/jk_devices.yaml")] = Field(
        default=Path("data/jk_devices.yaml"),
        description="The list of batteries. Discovered batteries are added to it; edit it as you like.",
    )
    jk_scan_interval: float = Field(
        default=10,
        ge=1,
        le=86_400,
        description="Seconds between readings. From 60 on the service connects for each reading, so that the phone "
        "app can use the battery in between; below 60 it stays connected.",
    )
    jk_rescan_interval: float = Field(
        default=3600, ge=10, le=604_800, description="Seconds between searches for new batteries."
    )
    jk_cell_low_v: float = Field(
        default=2.8,
        ge=0.5,
        le=5,
        description="Voltage below which a cell is too low, unless the list or the BMS sets a limit.",
    )
    jk_cell_high_v: float = Field(
        default=3.6,
        ge=0.5,
        le=5,
        description="Voltage above which a cell is too high, unless the list or the BMS sets a limit.",
    )
    jk_cell_delta_v: float = Field(
        default=0.1,
        ge=0.001,
        le=2,
        description="Difference in volts from which cells are too far apart, unless the list or the BMS sets a limit.",
    )
    ble_backend: str = Field(
        default="",
        description="A Python module to use instead of the system's Bluetooth. Only for the simulated batteries.",
    )
    ble_radio: str = Field(default="", description="Where that module finds its radio, such as 127.0.0.1:8503.")

    @model_validator(mode="after")
    def _low_is_lower(self) -> Self:
        if self.jk_cell_low_v >= self.jk_cell_high_v:
            raise InvalidValueError(bms.LIMITS_CROSSED())
        return self
