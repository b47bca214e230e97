"""Rows of readings to a few bytes and back, pure. Nothing is rounded and nothing left out.

Column by column, as JSON under zlib: neighbours differ by little, and a column that says the same all the time is said
once. A column that is not named was NULL throughout, as is one that came with a later version.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise, repeat
from typing import Any

Reading = Sequence[Any]
"""The moment of a reading in milliseconds, then its values."""


def pack(names: Sequence[str], readings: Sequence[Reading]) -> bytes:
    """Return readings (at, *names), of which there is at least one, in order of time."""
    ats, *columns = zip(*readings, strict=True)
    told = {name: _once(column) for name, column in zip(names, columns, strict=True)}
    said = {name: value for name, value in told.items() if value is not None}
    said["at"] = [ats[0], *(after - before for before, after in pairwise(ats))]
    return zlib.compress(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())


def unpack(data: bytes, names: Sequence[str]) -> Iterator[Reading]:
    """Return the readings (at, *names) again."""
    said = json.loads(zlib.decompress(data))
    columns = (said.get(name) for name in names)
    return zip(
        accumulate(said["at"]),
        *(column if isinstance(column, list) else repeat(column) for column in columns),
        strict=False,  # what is the same all the time has no end
    )


def _once(column: Sequence[Any]) -> Any:
    """Return the one value of a column, or all of them as a list; no value is a list itself."""
    return column[0] if column.count(column[0]) == len(column) else list(column)
