"""The settings of the BMS service."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator

from services.bms.listed_battery import LAST_BUS_ADDRESS, ONE_AT_THE_PORT, Dialect, ListedBattery
from shared.conditions import bms
from shared.settings import ServiceSettings
from shared.settings_metadata import InCompose, Section
from shared.validation import InvalidValueError, first_fault, form

PORT = r"(/[^\s#]+|tcp://[^\s#/]+:[0-9]{1,5})?"
PACKS = r"([0-9]{1,2}(-[0-9]{1,2})?(, *[0-9]{1,2}(-[0-9]{1,2})?)*)?"


class BmsSettings(ServiceSettings):
    """The list of batteries, how often they are read, and the limits of their cells."""

    section = Section.BATTERIES

    devices_file: Annotated[Path, InCompose("/data/jk_devices.yaml")] = Field(
        default=Path("data/jk_devices.yaml"),
        description="The list of batteries. Discovered batteries are added to it; edit it as you like.",
    )
    jk_line_port: Annotated[str, form(PORT, "/dev/ttyUSB0, tcp://192.168.1.5:8899")] = Field(
        default="",
        description="Batteries on a wire: a serial port such as /dev/ttyUSB0, or a gateway's raw TCP port such as "
        "tcp://192.168.1.5:8899. Further wires go into DEVICES_FILE. In Compose a serial port needs "
        "docker-compose.batteries.yml.",
    )
    jk_line_packs: Annotated[str, form(PACKS, "1-4")] = Field(
        default="",
        description="The addresses of the JK-PB packs on it, as their switches set them, such as 1-4 or 1,2,5. Empty "
        "with an older board (nw, display).",
    )
    jk_line_dialect: Dialect = Field(
        default=Dialect.AUTO,
        description="What is spoken there: auto, trigger, registers or listen with JK-PB packs; nw at the GPS port and "
        "display at the display port of an older board (docs/battery.md).",
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

    @model_validator(mode="after")
    def _line_can_be_read(self) -> Self:
        try:
            found = self.batteries_on_line
        except ValidationError as error:
            raise InvalidValueError(first_fault(error).reason) from None
        if self.jk_line_port and not found:
            raise InvalidValueError(bms.LINE_WITHOUT_PACKS())
        return self

    @property
    def batteries_on_line(self) -> list[ListedBattery]:
        """The batteries at JK_LINE_PORT."""
        if not self.jk_line_port:
            return []
        if self.jk_line_dialect in ONE_AT_THE_PORT:
            return [ListedBattery(address=self.jk_line_port, name="JK", dialect=self.jk_line_dialect)]
        return [
            ListedBattery(address=f"{self.jk_line_port}#{number}", name=f"JK {number}", dialect=self.jk_line_dialect)
            for number in _addresses(self.jk_line_packs)
        ]


def _addresses(text: str) -> list[int]:
    """Return the addresses that a text such as 1-4,7 names, those of packs only."""
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return sorted(found & set(range(LAST_BUS_ADDRESS + 1)))
