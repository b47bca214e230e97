"""What the alarm bits mean; the same texts for 16 and for 32 bits. Source: syssi/esphome-jk-bms."""

TEXTS = {
    0: "wire resistance too high",
    1: "MOSFET too hot",
    2: "cell count differs from the settings",
    3: "current sensor abnormal",
    4: "battery fully charged",
    5: "pack voltage too high",
    6: "charging current too high",
    7: "short circuit while charging",
    8: "too hot to charge",
    9: "too cold to charge",
    10: "no communication with the coprocessor",
    11: "cell voltage too low",
    12: "pack voltage too low",
    13: "discharging current too high",
    14: "short circuit while discharging",
    15: "too hot to discharge",
    16: "charging MOSFET abnormal",
    17: "discharging MOSFET abnormal",
    18: "GPS disconnected",
    20: "discharging could not be switched on",
    21: "battery too hot",
    22: "temperature sensor abnormal",
    23: "parallel module abnormal",
    24: "short circuit protection was not released",
    25: "discharging current too high, second level",
    26: "discharging current too high, third level",
    27: "too cold to discharge",
    28: "locked by GPS",
}
NAG = 19
"""'Modify the password in time': a healthy pack with the factory's password says so for ever. No alarm."""


def alarms(bits: int | None) -> tuple[str, ...] | None:
    """Return the words for all bits that are set, lowest first, without the nag; None where the bits are unknown."""
    if bits is None:
        return None
    numbers = (bit for bit in range(bits.bit_length()) if bits >> bit & 1 and bit != NAG)
    return tuple(TEXTS.get(bit, f"unknown alarm {bit}") for bit in numbers)
