"""Bytes to single values, pure. Whatever the bytes are, the answer is a value that can be true, or None."""

import math
import struct
from functools import cache

from services.bms.fields import FORMATS, Cells, Field, Kind, Text

Number = int | float


def number_at(kind: Kind, data: bytes, offset: int) -> Number:
    """Return the number at an offset; a frame is long enough for every field of the tables."""
    number: Number = FORMATS[kind].unpack_from(data, offset)[0]
    return number


def value(field: Field, data: bytes) -> Number | None:
    """Return one value, or None if it cannot be true: -200 C is a sensor that is not there."""
    return _true(number_at(field.kind, data, field.offset), field.divide_by, field.range)


def cell_values(cells: Cells, data: bytes, slots: int) -> list[Number | None]:
    """Return the value of every slot, whether there is a cell or not."""
    row = _row(cells.kind, slots).unpack_from(data, cells.offset)
    return [_true(number, cells.divide_by, cells.range) for number in row]


@cache
def _row(kind: Kind, slots: int) -> struct.Struct:
    return struct.Struct(f"<{slots}{FORMATS[kind].format[1:]}")


def text(field: Text, data: bytes) -> str | None:
    """Return a text up to its NUL, or None where there is none; odd bytes are left out, for names hold all sorts."""
    raw = data[field.offset : field.offset + field.size].partition(b"\0")[0]
    shown = "".join(letter for letter in raw.decode("utf-8", "ignore") if letter.isprintable()).strip()
    return shown or None


def _true(number: Number, divide_by: int, limits: tuple[float, float]) -> Number | None:
    if isinstance(number, float) and not math.isfinite(number):
        return None
    result = number if divide_by == 1 else number / divide_by
    return result if limits[0] <= result <= limits[1] else None
