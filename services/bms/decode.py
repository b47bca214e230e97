"""Decodes frames to values, pure. The pass codes in the device frame are never read, so they cannot leak."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.bms.alarms import alarms
from services.bms.field_values import Number, cell_values, number_at, text, value
from services.bms.frame_layouts import (
    CELL_FRAMES,
    DEVICE_INFO,
    SERIAL_NUMBER,
    SERIAL_NUMBER_OF_OLD_FIRMWARE,
    SETTINGS,
    SETTINGS_JK04,
    Field,
    Layout,
)
from services.bms.layout_detection import layout_of_version
from shared.messages import Balancing

FIVE_SENSORS = 14
"""The first software version with real temperatures 3 to 5; older ones send 0.0."""
SWITCHES = ("charge_switch", "discharge_switch", "balancer_switch")
FLAGS = ("charging_mosfet", "discharging_mosfet", "precharging", "heating")
INTEGERS = ("alarm_bits", "wire_warning_bits", "cycles", "runtime_s", "soh_percent")
MEASURED_FROM_CELLS = ("voltage_v", "remaining_ah", "soc_whole_percent")
BALANCERS = ("JK_DZ", "JK-DZ")
"""Models that only balance. They have neither shunt nor MOSFETs, and send 0 for what they do not measure.

Seen on JK_DZ11B2A24S, software 11.55 (patman15/BMS_BLE-HA#636).
"""
NOT_OF_BALANCERS = (
    *("current_a", "power_w", "soc_percent", "remaining_ah", "full_ah", "lifetime_ah", "cycles", "soh_percent"),
    *(*FLAGS, "mosfet_temperature_c"),
)
BALANCING_CODES = {0: Balancing.OFF, 1: Balancing.CHARGING, 2: Balancing.DISCHARGING}


@dataclass(frozen=True)
class DeviceInfo:
    """What the BMS reports about itself."""

    model: str | None
    hardware: str | None
    software: str | None
    name: str | None
    manufactured: str | None
    serial_number: str | None


@dataclass(frozen=True)
class Reading:
    """One reading as fields of BatteryState, and what else was said with it."""

    values: Mapping[str, object]
    device: DeviceInfo | None = None
    settings: dict[str, float | bool | None] = field(default_factory=dict)


def major_version(software: str | None) -> int:
    """Return the major software version, or 0 if unknown."""
    major = (software or "").partition(".")[0]
    return int(major) if major.isascii() and major.isdecimal() else 0


def device_info(data: bytes) -> DeviceInfo:
    """Decode a device frame."""
    texts = {one.name: text(one, data) for one in DEVICE_INFO}
    is_new = layout_of_version(texts["software"]) is Layout.JK02_32S
    return DeviceInfo(**texts, serial_number=text(SERIAL_NUMBER if is_new else SERIAL_NUMBER_OF_OLD_FIRMWARE, data))


def settings(data: bytes, layout: Layout) -> dict[str, float | bool | None]:
    """Decode a settings frame: values by name, with the unit in the name."""
    fields = SETTINGS_JK04 if layout is Layout.JK04 else SETTINGS
    return {one.name: _setting(one, data) for one in fields}


def is_balancer(device: DeviceInfo | None) -> bool:
    """Whether a device only balances."""
    return bool(device and device.model and device.model.startswith(BALANCERS))


def cells_of(data: bytes, layout: Layout, software: str | None, device: DeviceInfo | None) -> dict[str, object]:
    """Decode a cell frame of a device; what a balancer does not measure is unknown."""
    read = cells(data, layout, software)
    if not is_balancer(device):
        return read
    temperatures = read["temperatures_c"]
    first = temperatures[:1] if isinstance(temperatures, tuple) else None
    return {**read, **dict.fromkeys(NOT_OF_BALANCERS), "temperatures_c": first}


def cells(data: bytes, layout: Layout, software: str | None) -> dict[str, object]:
    """Decode a cell frame to fields of BatteryState. Power is voltage x current because the BMS's own figure lags.

    A board that sees no cell sends zeros for voltage and charge, which are unknown then.
    """
    frame = CELL_FRAMES[layout]
    read = {one.name: value(one, data) for one in frame.fields}
    mask = int(number_at("u32", data, frame.mask))
    count = min(mask.bit_length(), frame.slots)
    volts = [_rounded(volt, 4) for volt in cell_values(frame.voltages, data, count)]
    ohms = [_rounded(ohm, 4) for ohm in cell_values(frame.resistances, data, count)]
    present = [(volt, slot + 1) for slot, volt in enumerate(volts) if volt is not None and mask >> slot & 1]
    if not any(volts):
        read |= dict.fromkeys(MEASURED_FROM_CELLS)
    voltage = (
        read.get("voltage_v") if layout is not Layout.JK04 else _sum([volt for volt, _ in present], mask.bit_count())
    )
    current = read.get("current_a")
    bits = read.get("alarm_bits")
    return {
        **{name: None if (number := read.get(name)) is None else int(number) for name in INTEGERS},
        **{name: None if (flag := read.get(name)) is None else bool(flag) for name in FLAGS},
        "voltage_v": voltage,
        "current_a": current,
        "power_w": None if voltage is None or current is None else round(voltage * current, 1) + 0.0,
        "soc_percent": soc_percent(read.get("remaining_ah"), read.get("full_ah"), read.get("soc_whole_percent")),
        "remaining_ah": read.get("remaining_ah"),
        "full_ah": read.get("full_ah"),
        "lifetime_ah": read.get("lifetime_ah"),
        "cell_voltages_v": tuple(volts),
        "cell_resistances_ohm": tuple(ohms),
        **cell_spread(present),
        "temperatures_c": _temperatures(read, layout, major_version(software)),
        "mosfet_temperature_c": read.get("mosfet_temperature_c"),
        "balancing": BALANCING_CODES.get(int(code)) if (code := read.get("balancing_code")) is not None else None,
        "balance_current_a": _rounded(read.get("balance_current_a"), 3),
        "alarms": alarms(None if bits is None else int(bits), software),
    }


def _sum(volts: list[float], cells: int) -> float | None:
    """Return the voltage of a pack from those of its cells; the sum does not know what one of them does not."""
    return round(sum(volts), 3) if volts and len(volts) == cells else None


def says_nothing(values: Mapping[str, object]) -> bool:
    """Whether a cell frame has neither a cell nor an alarm: zeros, as a board may send them while it starts."""
    volts = values["cell_voltages_v"]
    return not (isinstance(volts, tuple) and any(volts)) and not values["alarm_bits"]


def soc_percent(remaining_ah: float | None, full_ah: float | None, whole: Number | None) -> float | None:
    """Return the charge to a tenth, from the capacities; the BMS's whole percent wins where they contradict it."""
    if remaining_ah is None or not full_ah:
        return whole
    precise = round(100 * remaining_ah / full_ah, 1)
    if whole is None:
        return precise if precise <= 100 else None
    return precise if precise <= 100 and abs(precise - whole) <= 1 else whole


def _setting(setting: Field, data: bytes) -> float | bool | None:
    number = value(setting, data)
    if number is None:
        return None
    return bool(number) if setting.name in SWITCHES else round(number, 4)


def cell_spread(present: list[tuple[float, int]]) -> dict[str, float | int | None]:
    """Return the lowest and the highest of cells with their numbers; a frame's own figures lag and name others."""
    if not present:
        return {}
    (low, low_number), (high, _) = min(present), max(present)
    high_number = next(number for volt, number in present if volt == high)
    return {
        "cell_min_v": low,
        "cell_max_v": high,
        "cell_delta_v": round(high - low, 4),
        "cell_min_number": low_number,
        "cell_max_number": high_number,
    }


def _temperatures(
    read: dict[str, Number | None], layout: Layout, software_major: int
) -> tuple[float | None, ...] | None:
    if layout is Layout.JK04:
        return None
    count = 4 if layout is Layout.JK02_32S and software_major >= FIVE_SENSORS else 2
    return tuple(read.get(f"temperature_{number}_c") for number in range(1, count + 1))


def _rounded(number: Number | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)
