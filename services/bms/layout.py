"""Which of the three cell frames a battery sends, pure.

The content proves it: a layout whose mask of cells names as many as have a voltage. The software version says the same
by a rule of thumb. Where both speak they should agree; a wrong choice shows right cells beside garbage for all else.
"""

from dataclasses import dataclass
from enum import StrEnum

from services.bms.fields import JK02_24S, JK02_32S, JK04
from services.bms.values import cell_values, number_at


class Layout(StrEnum):
    """How the cell frame is laid out."""

    JK02_24S = "JK02_24S"
    JK02_32S = "JK02_32S"
    JK04 = "JK04"


CELL_FRAMES = {Layout.JK02_24S: JK02_24S, Layout.JK02_32S: JK02_32S, Layout.JK04: JK04}
FIRST_32S = 11
"""The software version from which on JK02 has 32 slots."""
JK04_LEAST_V = 0.3
"""A float below this is no cell: it is what the zeros and integers of the other layouts look like."""


@dataclass(frozen=True)
class Choice:
    """The layout, or None where none is proven, and what is odd about it in one sentence."""

    layout: Layout | None
    doubt: str | None = None


def choose(data: bytes, software: str | None, known: Layout | None = None) -> Choice:
    """Choose by a cell frame and the software version; a layout proven before stands where nothing speaks now."""
    if known and is_proven(known, data):
        return Choice(known, _disagreement(known, software))
    proven = [layout for layout in Layout if is_proven(layout, data)]
    expected = by_version(software)
    if len(proven) == 1:
        return Choice(proven[0], _disagreement(proven[0], software))
    if known and (not proven or known in proven):
        return Choice(known)
    if expected and (not proven or expected in proven) and has_gaps_only(expected, data):
        return Choice(expected, f"its cells prove no layout, so it is read as {expected} by its software {software}")
    return Choice(None, f"neither its cells nor its software ({software or 'unknown'}) prove how frames are laid out")


def _disagreement(layout: Layout, software: str | None) -> str | None:
    """Return what is odd about a proven layout; JK04 has software of any number."""
    expected = by_version(software)
    if expected in (None, layout) or layout is Layout.JK04:
        return None
    return f"its software {software} should send {expected}, but its cells prove {layout}, and so it is read"


def by_version(software: str | None) -> Layout | None:
    """Return what a software version such as 11.284 or 9.01M3 means; JK04 has no rule, and 3 may be either."""
    major = (software or "").partition(".")[0]
    if not major.isascii() or not major.isdecimal():
        return None
    if int(major) >= FIRST_32S:
        return Layout.JK02_32S
    return Layout.JK02_24S if int(major) > 3 else None


def is_proven(layout: Layout, data: bytes) -> bool:
    """Whether the cells that have a voltage are exactly the first ones, as the mask says."""
    frame = CELL_FRAMES[layout]
    mask = number_at("u32", data, frame.mask)
    volts = cell_values(frame.voltages, data, frame.slots)
    present = [volt for volt in volts if volt]
    if layout is Layout.JK04 and not all(JK04_LEAST_V <= volt <= frame.voltages.range[1] for volt in present):
        return False
    return bool(present) and int(mask) == (1 << len(present)) - 1


def has_gaps_only(layout: Layout, data: bytes) -> bool:
    """Whether a pack with a dead cell or gaps would look like this: more cells in the mask than have a voltage."""
    frame = CELL_FRAMES[layout]
    mask = int(number_at("u32", data, frame.mask))
    slots = cell_values(frame.voltages, data, frame.slots)
    present = {slot for slot, volt in enumerate(slots) if volt}
    named = {slot for slot in range(frame.slots) if mask >> slot & 1}
    return mask < 1 << frame.slots and bool(present) and present <= named
