"""The fields of every frame: one table for each kind of frame and layout. Little endian; a value is raw / divide_by.

Sources: syssi/esphome-jk-bms, patman15/aiobmsble, fl4p/batmon-ha, checked against 55 captured cell frames. The cell
frame of JK02_32S is that of JK02_24S with 16 more bytes from offset 54 on, and 32 more from offset 112 on.
"""

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Layout(StrEnum):
    """The layouts of the cell frame."""

    JK02_24S = "JK02_24S"
    JK02_32S = "JK02_32S"
    JK04 = "JK04"


Kind = Literal["u8", "u16", "i16", "u32", "i32", "f32"]
FORMATS: dict[Kind, struct.Struct] = {
    "u8": struct.Struct("<B"),
    "u16": struct.Struct("<H"),
    "i16": struct.Struct("<h"),
    "u32": struct.Struct("<I"),
    "i32": struct.Struct("<i"),
    "f32": struct.Struct("<f"),
}


@dataclass(frozen=True)
class Field:
    """One value: its offset, how it is encoded, and the range outside of which it is unknown."""

    name: str
    offset: int
    kind: Kind
    divide_by: int = 1
    range: tuple[float, float] = (0, 2**32)


@dataclass(frozen=True)
class Text:
    """A text that ends with a NUL."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True)
class Cells:
    """One value per cell, side by side."""

    offset: int
    kind: Kind
    divide_by: int
    range: tuple[float, float]


@dataclass(frozen=True)
class CellFrame:
    """The cell frame of one layout. At the offset `mask` is a bit field of the cells that are present."""

    slots: int
    mask: int
    voltages: Cells
    resistances: Cells
    fields: tuple[Field, ...]


AMPERE = (-1000.0, 1000.0)
CELSIUS = (-60.0, 150.0)
AMPERE_HOURS = (0.0, 100_000.0)
CELL_V = (0.0, 5.5)
OHM = (0.0, 60.0)

# Precharging is not read from JK02_24S: no two sources agree where it is.
JK02_24S = CellFrame(
    slots=24,
    mask=54,
    voltages=Cells(6, "u16", 1000, CELL_V),
    resistances=Cells(64, "u16", 1000, OHM),
    fields=(
        Field("wire_warning_bits", 114, "u32"),
        Field("voltage_v", 118, "u32", 1000, (0, 1000)),
        Field("current_a", 126, "i32", 1000, AMPERE),
        Field("temperature_1_c", 130, "i16", 10, CELSIUS),
        Field("temperature_2_c", 132, "i16", 10, CELSIUS),
        Field("mosfet_temperature_c", 134, "i16", 10, CELSIUS),
        Field("alarm_bits", 136, "u16"),
        Field("balance_current_a", 138, "i16", 1000, (-30, 30)),
        Field("balancing_code", 140, "u8", range=(0, 2)),
        Field("soc_whole_percent", 141, "u8", range=(0, 100)),
        Field("remaining_ah", 142, "u32", 1000, AMPERE_HOURS),
        Field("full_ah", 146, "u32", 1000, AMPERE_HOURS),
        Field("cycles", 150, "u32", range=(0, 1_000_000)),
        Field("lifetime_ah", 154, "u32", 1000, (0, 4_294_967)),
        Field("soh_percent", 158, "u8", range=(1, 100)),
        Field("runtime_s", 162, "u32"),
        Field("charging_mosfet", 166, "u8", range=(0, 1)),
        Field("discharging_mosfet", 167, "u8", range=(0, 1)),
        Field("heating", 183, "u8", range=(0, 1)),
    ),
)

JK02_32S = CellFrame(
    slots=32,
    mask=70,
    voltages=Cells(6, "u16", 1000, CELL_V),
    resistances=Cells(80, "u16", 1000, OHM),
    fields=(
        Field("mosfet_temperature_c", 144, "i16", 10, CELSIUS),
        Field("wire_warning_bits", 146, "u32"),
        Field("voltage_v", 150, "u32", 1000, (0, 1000)),
        Field("current_a", 158, "i32", 1000, AMPERE),
        Field("temperature_1_c", 162, "i16", 10, CELSIUS),
        Field("temperature_2_c", 164, "i16", 10, CELSIUS),
        Field("alarm_bits", 166, "u32"),
        Field("balance_current_a", 170, "i16", 1000, (-30, 30)),
        Field("balancing_code", 172, "u8", range=(0, 2)),
        Field("soc_whole_percent", 173, "u8", range=(0, 100)),
        Field("remaining_ah", 174, "u32", 1000, AMPERE_HOURS),
        Field("full_ah", 178, "u32", 1000, AMPERE_HOURS),
        Field("cycles", 182, "u32", range=(0, 1_000_000)),
        Field("lifetime_ah", 186, "u32", 1000, (0, 4_294_967)),
        Field("soh_percent", 190, "u8", range=(1, 100)),
        Field("runtime_s", 194, "u32"),
        Field("charging_mosfet", 198, "u8", range=(0, 1)),
        Field("discharging_mosfet", 199, "u8", range=(0, 1)),
        Field("precharging", 200, "u8", range=(0, 1)),
        Field("heating", 215, "u8", range=(0, 1)),
        Field("heating_current_a", 236, "i16", 1000, (-30, 30)),
        Field("temperature_4_c", 256, "i16", 10, CELSIUS),  # temperatures 3 and 4 since software 14
        Field("temperature_3_c", 258, "i16", 10, CELSIUS),
    ),
)

JK04 = CellFrame(
    slots=24,
    mask=214,
    voltages=Cells(6, "f32", 1, CELL_V),
    resistances=Cells(102, "f32", 1, OHM),
    fields=(
        Field("balancing_code", 220, "u8", range=(0, 2)),
        Field("balance_current_a", 222, "f32", 1, (-30, 30)),
        Field("runtime_s", 286, "u32"),
    ),
)

CELL_FRAMES = {Layout.JK02_24S: JK02_24S, Layout.JK02_32S: JK02_32S, Layout.JK04: JK04}

DEVICE_INFO = (  # offsets 62, 97 and 118 hold pass codes: they are left out of this table, so they are never read
    Text("model", 6, 16),
    Text("hardware", 22, 8),
    Text("software", 30, 8),
    Text("name", 46, 16),
    Text("manufactured", 78, 8),
)
SERIAL_NUMBER = Text("serial_number", 86, 16)
SERIAL_NUMBER_OF_OLD_FIRMWARE = Text("serial_number", 86, 11)
"""In old firmware a pass code follows at 97."""

VOLT, LIMIT_A = (0.0, 1000.0), (0.0, 2000.0)
SETTINGS = (
    Field("smart_sleep_v", 6, "u32", 1000, VOLT),
    Field("cell_undervoltage_v", 10, "u32", 1000, CELL_V),
    Field("cell_undervoltage_recovery_v", 14, "u32", 1000, CELL_V),
    Field("cell_overvoltage_v", 18, "u32", 1000, CELL_V),
    Field("cell_overvoltage_recovery_v", 22, "u32", 1000, CELL_V),
    Field("balance_trigger_v", 26, "u32", 1000, CELL_V),
    Field("soc_100_v", 30, "u32", 1000, CELL_V),
    Field("soc_0_v", 34, "u32", 1000, CELL_V),
    Field("charge_request_v", 38, "u32", 1000, CELL_V),
    Field("float_request_v", 42, "u32", 1000, CELL_V),
    Field("power_off_v", 46, "u32", 1000, CELL_V),
    Field("max_charge_current_a", 50, "u32", 1000, LIMIT_A),
    Field("max_discharge_current_a", 62, "u32", 1000, LIMIT_A),
    Field("max_balance_current_a", 78, "u32", 1000, (0, 30)),
    Field("charge_overtemperature_c", 82, "i32", 10, CELSIUS),
    Field("discharge_overtemperature_c", 90, "i32", 10, CELSIUS),
    Field("charge_undertemperature_c", 98, "i32", 10, CELSIUS),
    Field("mosfet_overtemperature_c", 106, "i32", 10, CELSIUS),
    Field("cell_count", 114, "u32", range=(1, 32)),
    Field("charge_switch", 118, "u32", range=(0, 1)),
    Field("discharge_switch", 122, "u32", range=(0, 1)),
    Field("balancer_switch", 126, "u32", range=(0, 1)),
    Field("nominal_ah", 130, "u32", 1000, AMPERE_HOURS),
    Field("start_balance_v", 138, "u32", 1000, CELL_V),
)
SETTINGS_JK04 = (
    Field("cell_count", 34, "u8", range=(1, 24)),
    Field("power_off_v", 38, "f32", 1, CELL_V),
    Field("start_balance_v", 98, "f32", 1, CELL_V),
    Field("balance_trigger_v", 106, "f32", 1, CELL_V),
    Field("max_balance_current_a", 110, "f32", 1, (0, 30)),
    Field("balancer_switch", 114, "u8", range=(0, 1)),
)
