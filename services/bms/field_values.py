"""Reads single values from bytes, pure. Whatever the bytes are, the result is a plausible value or None."""

import math
import struct
from functools import cache

from services.bms.frame_layouts import FORMATS, Cells, Field, Kind, Text

Number = int | float


def number_at(kind: Kind, data: bytes, offset: int) -> Number:
    """Return the number at an offset; every frame is long enough for all fields of the tables."""
    number: Number = FORMATS[kind].unpack_from(data, offset)[0]
    return number


def value(field: Field, data: bytes) -> Number | None:
    """Return one value, or None if it is out of range: -200 C is a missing sensor."""
    return _plausible(number_at(field.kind, data, field.offset), field.divide_by, field.range)


def cell_values(cells: Cells, data: bytes, slots: int) -> list[Number | None]:
    """Return the value of every slot, with or without a cell."""
    row = _row(cells.kind, slots).unpack_from(data, cells.offset)
    return [_plausible(number, cells.divide_by, cells.range) for number in row]


@cache
def _row(kind: Kind, slots: int) -> struct.Struct:
    return struct.Struct(f"<{slots}{FORMATS[kind].format[1:]}")


def text(field: Text, data: bytes) -> str | None:
    """Return a text up to its NUL, or None if it is empty. Bytes that cannot be shown are dropped."""
    raw = data[field.offset : field.offset + field.size].partition(b"\0")[0]
    printable = "".join(letter for letter in raw.decode("utf-8", "ignore") if letter.isprintable()).strip()
    return printable or None


def _plausible(number: Number, divide_by: int, limits: tuple[float, float]) -> Number | None:
    if isinstance(number, float) and not math.isfinite(number):
        return None
    result = number if divide_by == 1 else number / divide_by
    return result if limits[0] <= result <= limits[1] else None
