"""The alarm bits of a JK BMS as conditions, by generation of its firmware; words of 16 and of 32 bits share one table.

The GPS port has a table of its own.

Sources: syssi/esphome-jk-bms; mr-manuel/venus-os_dbus-serialbattery for bit 4 (11.48 to 11.55).
"""

import re
from collections.abc import Mapping

from shared.conditions import Condition, Reason, battery

CELL_COUNT_BIT = 2
ALARMS: Mapping[int, Condition[[]]] = {
    0: battery.WIRE_RESISTANCE_TOO_HIGH,
    1: battery.MOSFET_TOO_HOT,
    CELL_COUNT_BIT: battery.CELL_COUNT_DIFFERS_FROM_THE_SETTINGS,
    3: battery.CURRENT_SENSOR_ABNORMAL,
    5: battery.PACK_VOLTAGE_TOO_HIGH,
    6: battery.CHARGING_CURRENT_TOO_HIGH,
    7: battery.SHORT_CIRCUIT_WHILE_CHARGING,
    8: battery.TOO_HOT_TO_CHARGE,
    9: battery.TOO_COLD_TO_CHARGE,
    10: battery.NO_COMMUNICATION_WITH_THE_COPROCESSOR,
    11: battery.CELL_VOLTAGE_TOO_LOW,
    12: battery.PACK_VOLTAGE_TOO_LOW,
    13: battery.DISCHARGING_CURRENT_TOO_HIGH,
    14: battery.SHORT_CIRCUIT_WHILE_DISCHARGING,
    15: battery.TOO_HOT_TO_DISCHARGE,
    16: battery.CHARGING_MOSFET_ABNORMAL,
    17: battery.DISCHARGING_MOSFET_ABNORMAL,
    18: battery.GPS_DISCONNECTED,
    20: battery.DISCHARGING_COULD_NOT_BE_SWITCHED_ON,
    21: battery.BATTERY_TOO_HOT,
    22: battery.TEMPERATURE_SENSOR_ABNORMAL,
    23: battery.PARALLEL_MODULE_ABNORMAL,
    24: battery.SHORT_CIRCUIT_PROTECTION_WAS_NOT_RELEASED,
    25: battery.DISCHARGING_CURRENT_TOO_HIGH_SECOND_LEVEL,
    26: battery.DISCHARGING_CURRENT_TOO_HIGH_THIRD_LEVEL,
    27: battery.TOO_COLD_TO_DISCHARGE,
    28: battery.LOCKED_BY_GPS,
}
NW_ALARMS: Mapping[int, Condition[[]]] = {
    1: battery.MOSFET_TOO_HOT,
    2: battery.PACK_VOLTAGE_TOO_HIGH,
    3: battery.PACK_VOLTAGE_TOO_LOW,
    4: battery.BATTERY_TOO_HOT,
    5: battery.CHARGING_CURRENT_TOO_HIGH,
    6: battery.DISCHARGING_CURRENT_TOO_HIGH,
    7: battery.CELLS_TOO_FAR_APART,
    8: battery.ENCLOSURE_TOO_HOT,
    9: battery.BATTERY_TOO_COLD,
    10: battery.CELL_VOLTAGE_TOO_HIGH,
    11: battery.CELL_VOLTAGE_TOO_LOW,
}
NW_LOW_CHARGE_BIT = 0
"""The charge is low, which the charge itself says: not an alarm."""
FULL_BIT = 4
CELL_OVERVOLTAGE_GENERATION = ((11, 48), (11, 55))
"""From and to which software bit 4 is an overvoltage of a cell; otherwise it says that the battery is full."""
VERSION = re.compile(r"(\d+)\.(\d+)")
DEFAULT_PASSWORD_BIT = 19
"""'Modify the password in time': always set while a battery has the factory's password. Not an alarm."""


def alarms(bits: int | None, software: str | None) -> tuple[Reason, ...] | None:
    """Return the alarms whose bits are set, lowest bit first, or None if the bits are unknown.

    What bit 4 means is unknown without a software version such as 11.52 or 15.38.
    """
    if bits is None:
        return None
    table = alarm_table(software)
    numbers = (bit for bit in range(bits.bit_length()) if bits >> bit & 1 and bit != DEFAULT_PASSWORD_BIT)
    return tuple(table[bit]() if bit in table else battery.unknown_alarm(bit=bit) for bit in numbers)


def nw_alarms(bits: int | None) -> tuple[Reason, ...] | None:
    """Return the alarms of the old dialect of the GPS port, whose bits have other meanings."""
    if bits is None:
        return None
    numbers = (bit for bit in range(bits.bit_length()) if bits >> bit & 1 and bit != NW_LOW_CHARGE_BIT)
    return tuple(NW_ALARMS[bit]() if bit in NW_ALARMS else battery.unknown_alarm(bit=bit) for bit in numbers)


def alarm_table(software: str | None) -> Mapping[int, Condition[[]]]:
    """Return the conditions of the bits for a software version."""
    version = VERSION.match(software or "")
    if not version:
        return ALARMS
    first, last = CELL_OVERVOLTAGE_GENERATION
    is_overvoltage = first <= (int(version[1]), int(version[2])) <= last
    return {**ALARMS, FULL_BIT: battery.CELL_VOLTAGE_TOO_HIGH if is_overvoltage else battery.BATTERY_FULLY_CHARGED}
