"""The registers of an SMG II, typed from the protocol independently of the poller's map, to test that map."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from simulators.battery import MOST_CHARGE_A, MOST_DISCHARGE_A
from simulators.flow import MAX_GRID_CHARGE_A
from simulators.house import CUT_OFF_PERCENT, RATED_W, RECOVERY_PERCENT, Truth
from simulators.mains import KYIV

Words = Mapping[int, int]

SERIAL = "SIM62000000001"
FIRMWARE = "6.28.07.15"
WARNING_MASK = 0xFFFF_EFFF
WHOLE_BLOCKS = ((100, 2), (104, 2), (108, 2), (186, 12), (696, 6), (703, 2))
"""Start and length of blocks that read as zeros unless a request covers all of it."""
IDENTITY = range(171, 198)
"""The identity of the inverter; all zeros if the dongle has lost it."""


class Layout(StrEnum):
    """Which of the family's two register maps the inverter has."""

    CLASSIC = "classic"
    K11 = "k11"


APPARENT_LOAD: Mapping[Layout, int] = {Layout.CLASSIC: 214, Layout.K11: 349}
"""The register of each layout that may count the readings."""


def words_of(layout: Layout, truth: Truth) -> Words:
    """Return every register that is not zero, at one moment."""
    return LAYOUTS[layout](truth)


def answer(words: Words, start: int, count: int) -> list[int]:
    """Return a block as it is read: 0 for unknown addresses and for values of several words that are cut."""
    asked = range(start, start + count)
    cut = {
        address
        for first, length in WHOLE_BLOCKS
        for address in range(first, first + length)
        if first not in asked or first + length - 1 not in asked
    }
    return [0 if address in cut else words.get(address, 0) for address in asked]


def classic(truth: Truth) -> Words:
    """The map of protocol number 1: SMG II up to 6.2 kW."""
    return {
        **_common(truth, device_type=0x1E00, protocol_number=1),
        200: 0x8500,
        201: truth.mode_code,
        202: _tenths(truth.grid_voltage_v),
        203: _hundredths(truth.grid_frequency_hz),
        204: _word(truth.grid_power_w),
        205: _tenths(truth.inverter_voltage_v),
        206: _tenths(truth.inverter_current_a),
        207: _hundredths(truth.inverter_frequency_hz),
        208: _word(truth.inverter_power_w),
        209: _word(truth.grid_charging_power_w),
        210: _tenths(truth.output_voltage_v),
        211: _tenths(truth.output_current_a),
        212: _hundredths(truth.output_frequency_hz),
        213: _word(truth.load_power_w),
        214: _word(truth.load_apparent_power_va),
        215: _tenths(truth.battery_voltage_v),
        216: _tenths(truth.battery_current_a),
        217: _word(truth.battery_power_w),
        218: _tenths(truth.bus_voltage_v),
        219: _tenths(truth.pv_voltage_v),
        220: _tenths(truth.pv_current_a),
        223: _word(truth.pv_power_w),
        224: _word(truth.pv_charging_power_w),
        225: _word(truth.load_percent),
        226: _word(truth.dcdc_temperature_c),
        227: _word(truth.inverter_temperature_c),
        228: _word(truth.pv_temperature_c),
        229: _word(truth.battery_soc_percent),
        231: power_flow(truth),
        232: _tenths(truth.battery_current_a),
        233: _tenths(truth.grid_charging_current_a),
        234: _tenths(truth.pv_charging_current_a),
        **CLASSIC_SETTINGS,
        **_text(626, FIRMWARE, length=8),
        643: RATED_W,
        644: 4,
    }


def k11(truth: Truth) -> Words:
    """The map of protocol number 3: SMG II of 8 and 11 kW."""
    pv1, pv2 = strings(truth)
    local = truth.house_time.astimezone(KYIV)
    high, low = _double(round(truth.pv_energy_total_kwh * 100))
    return {
        **_common(truth, device_type=0x8000, protocol_number=3),
        198: power_flow(truth),
        201: truth.mode_code,
        203: _hundredths(truth.grid_frequency_hz),
        206: _word(truth.grid_charging_power_w),
        207: power_flow_ext(truth),
        227: _hundredths(truth.inverter_frequency_hz),
        230: _tenths(truth.grid_charging_current_a),
        231: _word(truth.inverter_temperature_c),
        253: _hundredths(truth.output_frequency_hz),
        277: _tenths(truth.battery_voltage_v),
        278: _tenths(truth.battery_current_a),
        279: _word(truth.battery_power_w),
        280: _word(truth.battery_soc_percent),
        281: _word(truth.dcdc_temperature_c),
        302: _word(truth.pv_power_w),
        303: _word(truth.pv_charging_power_w),
        304: _tenths(truth.pv_charging_current_a),
        305: _word(truth.pv_temperature_c),
        338: _tenths(truth.grid_voltage_v),
        340: _word(truth.grid_power_w),
        342: _tenths(truth.inverter_voltage_v),
        343: _tenths(truth.inverter_current_a),
        344: _word(truth.inverter_power_w),
        346: _tenths(truth.output_voltage_v),
        347: _tenths(truth.output_current_a),
        348: _word(truth.load_power_w),
        349: _word(truth.load_apparent_power_va),
        350: _word(truth.load_percent),
        351: _tenths(pv1.voltage_v),
        352: _tenths(pv1.current_a),
        353: _word(pv1.power_w),
        389: _tenths(pv2.voltage_v),
        390: _tenths(pv2.current_a),
        391: _word(pv2.power_w),
        **K11_SETTINGS,
        696: local.year,
        697: local.month,
        698: local.day,
        699: local.hour,
        700: local.minute,
        701: local.second,
        702: _hundredths(truth.pv_energy_today_kwh),
        703: high,
        704: low,
    }


LAYOUTS: dict[Layout, Callable[[Truth], Words]] = {Layout.CLASSIC: classic, Layout.K11: k11}

CLASSIC_SETTINGS = {
    301: 3,  # mains and sun first, the battery in an outage
    302: 0,
    303: 2,
    304: 1,
    305: 0,
    306: 1,
    308: 1,
    309: 1,
    310: 0,
    314: 0xFFFF,  # warning mask, high word
    315: 0xEFFF,
    320: 2300,
    321: 5000,
    322: 8,  # lithium
    323: 584,
    324: 565,
    325: 552,
    326: 540,
    327: 500,
    329: 480,
    330: 30,
    331: 2,  # charge from the sun and the mains
    332: MOST_CHARGE_A * 10,
    333: MAX_GRID_CHARGE_A * 10,
    334: 584,
    335: 60,
    336: 120,
    337: 30,
    338: 1,
    341: RECOVERY_PERCENT,
    342: 90,
    343: CUT_OFF_PERCENT,
    351: MOST_DISCHARGE_A,
    420: 1,
}

K11_SETTINGS = {
    601: 1,  # mains and sun first, the battery in an outage
    605: 1,
    606: 2300,
    607: 5000,
    630: 8,  # lithium
    631: 584,
    632: 2,  # charge from the sun and the mains
    636: 2,
    637: 565,
    638: 552,
    639: 30,
    640: MOST_CHARGE_A * 10,
    641: MAX_GRID_CHARGE_A * 10,
    642: MOST_DISCHARGE_A,
    643: 540,
    644: 500,
    646: 480,
    647: RECOVERY_PERCENT,
    648: 90,
    650: CUT_OFF_PERCENT,
    652: 584,
    653: 60,
    654: 120,
    655: 30,
    678: 2,
    680: 1,
    682: 1,
    683: 1,
    687: 0xFFFF,  # warning mask, high word
    688: 0xEFFF,
    690: 1,
    694: 1,
}


def power_flow(truth: Truth) -> int:
    """Return the bits of the arrows on the inverter's display."""
    battery = 1 if truth.battery_power_w > 0 else 2 if truth.battery_power_w < 0 else 0
    return (
        (1 << 0 if truth.pv_power_w else 0)
        | (1 << 2 if truth.grid_on else 0)
        | battery << 4
        | (1 << 6 if truth.load_power_w else 0)
        | (1 << 8 if truth.grid_charging_power_w else 0)
        | (1 << 9 if truth.pv_charging_power_w else 0)
    )


def shown_warnings(truth: Truth) -> int:
    """Return the warnings that the mask of the settings lets through."""
    return truth.warning_bits & WARNING_MASK


def power_flow_ext(truth: Truth) -> int:
    """Return the extended bits: connected panel strings and mains input."""
    return (0b11 if truth.pv_power_w else 0) | (1 << 2 if truth.grid_on else 0)


@dataclass(frozen=True)
class PvString:
    """One of two rows of panels."""

    voltage_v: float
    current_a: float
    power_w: int


def strings(truth: Truth) -> tuple[PvString, PvString]:
    """Return the panels as two strings, as the larger inverters have them."""
    first_w = round(truth.pv_power_w * 0.55)
    return _string(truth.pv_voltage_v, first_w), _string(truth.pv_voltage_v * 0.9, truth.pv_power_w - first_w)


def _common(truth: Truth, *, device_type: int, protocol_number: int) -> Words:
    """Return the registers of both layouts: faults, warnings, identity."""
    fault_high, fault_low = _double(truth.fault_bits)
    high, low = _double(truth.warning_bits)
    shown_high, shown_low = _double(shown_warnings(truth))
    return {
        100: fault_high,
        101: fault_low,
        104: high,
        105: low,
        108: shown_high,
        109: shown_low,
        171: device_type,
        **_text(172, "00", length=12),
        184: protocol_number,
        **_text(186, SERIAL, length=12),
    }


def _string(voltage_v: float, power_w: int) -> PvString:
    return PvString(round(voltage_v, 1), round(power_w / voltage_v, 1) if power_w else 0.0, power_w)


def _word(number: int) -> int:
    """Return a whole number as a 16-bit word; a negative one in two's complement."""
    return number & 0xFFFF


def _tenths(value: float) -> int:
    return _word(round(value * 10))


def _hundredths(value: float) -> int:
    return _word(round(value * 100))


def _double(number: int) -> tuple[int, int]:
    """Return 32 bits as two words, the high one first."""
    return number >> 16 & 0xFFFF, number & 0xFFFF


def _text(start: int, text: str, *, length: int) -> Words:
    """Return a text as words, two characters each, the first in the high byte, the rest filled with NUL."""
    raw = text.encode("ascii").ljust(2 * length, b"\0")
    return {start + index: int.from_bytes(raw[2 * index : 2 * index + 2], "big") for index in range(length)}
