"""Detects which of the three cell frame layouts a battery sends. Pure.

The content proves it: in the right layout the mask names exactly those cells that have a voltage. The software version
suggests it, by a rule of thumb. Where both give an answer they should agree; a wrong layout shows correct cell voltages
beside garbage in all other fields.
"""

from dataclasses import dataclass

from services.bms.alarms import CELL_COUNT_BIT
from services.bms.field_values import cell_values, number_at, value
from services.bms.frame_layouts import CELL_FRAMES, Layout
from shared.conditions import Reason, bms

FIRST_32S = 11
"""The first software version whose JK02 frames have 32 slots."""
JK04_MIN_V = 0.3
"""A smaller float is not a cell voltage: it is what zeros and integers of the other layouts look like."""


@dataclass(frozen=True)
class Detection:
    """The detected layout, or None, and why it may be wrong."""

    layout: Layout | None
    doubt: Reason | None = None


def detect(data: bytes, software: str | None, known: Layout | None = None) -> Detection:
    """Detect the layout from a cell frame and the software version; a known layout stays unless another is proven."""
    if known and is_proven(known, data):
        return Detection(known, _disagreement(known, software))
    proven = [layout for layout in Layout if is_proven(layout, data)]
    expected = layout_of_version(software)
    if len(proven) == 1:
        return Detection(proven[0], _disagreement(proven[0], software))
    if known and (not proven or known in proven):
        return Detection(known)
    if expected and (not proven or expected in proven) and has_gaps_only(expected, data):
        return Detection(expected, bms.layout_by_version(layout=expected, software=software or "?"))
    if expected and warns_of_cell_count(expected, data):
        return Detection(expected)
    return Detection(None, bms.layout_unknown(software=software or "?"))


def _disagreement(layout: Layout, software: str | None) -> Reason | None:
    """Return the doubt about a proven layout that the software should not send; JK04 has software of any number."""
    expected = layout_of_version(software)
    if expected in (None, layout) or layout is Layout.JK04:
        return None
    return bms.layout_contradicts_version(software=software or "?", expected=expected or "?", layout=layout)


def layout_of_version(software: str | None) -> Layout | None:
    """Return the layout that a software version such as 11.284 or 9.01M3 suggests; version 3 may be JK02 or JK04."""
    major = (software or "").partition(".")[0]
    if not major.isascii() or not major.isdecimal():
        return None
    if int(major) >= FIRST_32S:
        return Layout.JK02_32S
    return Layout.JK02_24S if int(major) > 3 else None


def is_proven(layout: Layout, data: bytes) -> bool:
    """Whether exactly the first cells have a voltage and the mask names just them."""
    frame = CELL_FRAMES[layout]
    mask = number_at("u32", data, frame.mask)
    volts = cell_values(frame.voltages, data, frame.slots)
    present = [volt for volt in volts if volt]
    if layout is Layout.JK04 and not all(JK04_MIN_V <= volt <= frame.voltages.range[1] for volt in present):
        return False
    return bool(present) and int(mask) == (1 << len(present)) - 1


def warns_of_cell_count(layout: Layout, data: bytes) -> bool:
    """Whether the board itself says why its mask names other cells than have a voltage.

    It is set for fewer or for more cells than it has, or its sense wires are unplugged and it has none.
    """
    bits = next((value(field, data) for field in CELL_FRAMES[layout].fields if field.name == "alarm_bits"), None)
    return bool(int(bits or 0) >> CELL_COUNT_BIT & 1)


def has_gaps_only(layout: Layout, data: bytes) -> bool:
    """Whether a battery with dead cells or gaps would send this: the mask names more cells than have a voltage."""
    frame = CELL_FRAMES[layout]
    mask = int(number_at("u32", data, frame.mask))
    slots = cell_values(frame.voltages, data, frame.slots)
    present = {slot for slot, volt in enumerate(slots) if volt}
    named = {slot for slot in range(frame.slots) if mask >> slot & 1}
    return mask < 1 << frame.slots and bool(present) and present <= named
