"""Register words to values, pure. Whatever the words are, the result is a value that can be true, or None."""

from collections.abc import Mapping
from datetime import datetime

from services.poller.registers import Layout, Register
from shared.conditions import CONDITIONS, Reason, inverter
from shared.live_figures import load_w
from shared.messages import InverterInfo, InverterState, Mode

Words = Mapping[int, int]
"""What was read: address to word."""
Value = int | float | str | None
Decoded = dict[str, Value | tuple[Reason, ...]]
"""The value of every name that a layout has for a protocol number."""

MODES: dict[object, Mode] = dict(
    enumerate((Mode.POWER_ON, Mode.STANDBY, Mode.MAINS, Mode.OFF_GRID, Mode.BYPASS, Mode.CHARGING, Mode.FAULT))
)


FED_BY_GRID = (Mode.MAINS, Mode.BYPASS)
LEAST_BATTERY_V = 5
"""No battery of 12 V or more has less, however empty; the clamps of a unit without one were seen at 0.2 V."""
LEAST_IMPORT_W, LEAST_IMPORT = 150, 0.1
"""What sun and battery do not account for, in watts and as a share of the load, beyond what is measured wrongly."""
SIGNED = ("battery_power_w", "battery_current_a", "battery_current_average_a")
"""Values that are positive while charging."""


def value(register: Register, words: Words) -> Value:
    """Return one value, or None if it was not read completely or cannot be true."""
    read = [words.get(address) for address in register.addresses]
    raw = b"".join(word.to_bytes(2, "big") for word in read if word is not None)
    if len(raw) < 2 * len(read):
        return None
    return _text(raw) if register.type == "ascii" else _number(register, raw)


def _text(raw: bytes) -> str | None:
    text = raw.rstrip(b"\0").decode("latin-1").strip()
    return text if text and text.isascii() and text.isprintable() else None


def _number(register: Register, raw: bytes) -> Value:
    number = int.from_bytes(raw, "big", signed=register.type.startswith("int"))
    if register.enum is not None:
        return register.enum.get(number, number)
    result = number if register.divide_by == 1 else number / register.divide_by
    if register.range is None:
        return result
    low, high = register.range
    if register.zero_from is not None and register.zero_from <= result < 0:
        return 0
    return result if low <= result <= high else None


def decode(layout: Layout, protocol: int, words: Words) -> Decoded:
    """Return all values by name, and what their bits mean: faults beside fault_bits."""
    registers = layout.registers_for(protocol)
    read = {register.name: value(register, words) for register in registers}
    values = read | {
        register.name: _or_backup(read[register.name], read[register.backup])
        for register in registers
        if register.backup is not None
    }
    return {**values, **{r.reasons_name: reasons(r.bits, values[r.name]) for r in registers if r.bits is not None}}


def _or_backup(first: Value, backup: Value) -> Value:
    """Return the backup where the first is unknown or zero: a register that a unit lacks reads as zero."""
    return first if first or backup is None else backup


def reasons(bits: Mapping[int, str], number: Value) -> tuple[Reason, ...] | None:
    """Return the conditions of all bits that are set, lowest bit first."""
    if not isinstance(number, int):
        return None
    return tuple(_reason(bits, bit) for bit in range(number.bit_length()) if number >> bit & 1)


def _reason(bits: Mapping[int, str], bit: int) -> Reason:
    return CONDITIONS[bits[bit]]() if bit in bits else inverter.unknown_bit(bit=bit)


def number(value: Value | tuple[Reason, ...]) -> float | None:
    """Return a value that is a number, else None."""
    return value if isinstance(value, int | float) else None


def to_state(decoded: Decoded, at: datetime, *, inverted_battery: bool = False) -> InverterState:
    """Return the state to publish; the signs of a unit that shows charging as negative are inverted."""
    mode = MODES.get(decoded.get("mode_code"), Mode.UNKNOWN)
    inverted = {name: _negative(decoded.get(name)) for name in SIGNED if inverted_battery}
    state = InverterState.model_validate({**decoded, **inverted, "at": at, "mode": mode})
    contradicted = {"grid_power_w": _hides_import(state), "battery_soc_percent": _has_no_battery(state)}
    return state.model_copy(update={name: None for name, is_so in contradicted.items() if is_so})


def _has_no_battery(state: InverterState) -> bool:
    """Whether the charge is that of no battery: there is none, or its BMS has switched it off.

    Clamps without a voltage are given some charge all the same: 5 % at 0.2 V (attilagyurman/anenji-local-modbus) and at
    0 V (svitgrid/home-assistant-svitgrid). 0 % is that of an empty battery, unless the unit warns that it has none.
    """
    if state.battery_voltage_v is not None and state.battery_voltage_v < LEAST_BATTERY_V:
        return True
    codes = {warning.code for warning in state.warnings or ()}
    return inverter.BATTERY_NOT_CONNECTED.code in codes and state.battery_soc_percent == 0


def _hides_import(state: InverterState) -> bool:
    """Whether the grid's power reads 0 W while the grid feeds the home: some units do not measure it.

    Seen on ANJ-11KW-48V-WIFI-P (groove-max/ha-eybond-local#13).
    """
    load, sun, battery = load_w(state), state.pv_power_w, state.battery_power_w
    if state.grid_power_w != 0 or state.mode not in FED_BY_GRID or load is None or sun is None or battery is None:
        return False
    return load + battery - sun > max(LEAST_IMPORT_W, LEAST_IMPORT * load)


def _negative(given: Value | tuple[Reason, ...]) -> float | None:
    known = number(given)
    return None if known is None else -known


def to_info(decoded: Decoded, at: datetime, layout: Layout) -> InverterInfo:
    """Return what the inverter is and how it is set, to publish."""
    device_type = decoded.get("device_type")
    model = layout.models.get(device_type) if isinstance(device_type, int) else None
    names = dict.fromkeys(register.name for register in layout.settings.registers)
    settings = {name: decoded[name] for name in names if name in decoded}
    info = {**decoded, "at": at, "layout": layout.name, "model": model or layout.title, "settings": settings}
    return InverterInfo.model_validate(info)


VOLTAGES = ("battery", "output", "inverter", "grid", "bus", "pv1", "pv2")


def has_power(decoded: Decoded) -> bool:
    """Whether there is a voltage anywhere. An inverter runs on something; without any, its gateway answers."""
    return any(decoded.get(f"{name}_voltage_v") for name in VOLTAGES)


def warns_of_lost_grid(decoded: Decoded) -> bool:
    """Whether the inverter itself warns that the grid is gone."""
    warnings = decoded.get("warnings")
    return isinstance(warnings, tuple) and any(warning.code == inverter.MAINS_LOST.code for warning in warnings)


def all_zero(words: Words) -> bool:
    """Whether a whole reading is zeros. No inverter that has power reads so: its gateway has lost it."""
    return not any(words.values())
