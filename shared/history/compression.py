"""Lossless compression of samples: column by column as JSON under zlib. Pure.

Times are stored as differences, and a constant column as its single value. A column that is missing was NULL
throughout, as is one that a later version added.
"""

import json
import zlib
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise, repeat
from typing import Any

FORMAT = 1
"""The version of the format, stored with each hour."""

Sample = Sequence[Any]
"""A time in ms, then the values."""


def compress(names: Sequence[str], samples: Sequence[Sample]) -> bytes:
    """Compress at least one sample (at, *names), ordered by time."""
    times, *columns = zip(*samples, strict=True)
    values = {name: _shortened(column) for name, column in zip(names, columns, strict=True)}
    content = {name: value for name, value in values.items() if value is not None}
    content["at"] = [times[0], *(after - before for before, after in pairwise(times))]
    return zlib.compress(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())


def intact(data: bytes, version: int = FORMAT) -> bool:
    """Return whether an hour can be decompressed: a bad disk may have damaged it, which SQLite does not notice.

    An hour of a newer version counts as intact, as it cannot be judged here.
    """
    return version > FORMAT or _inflated(data) is not None


def decompress(data: bytes, names: Sequence[str]) -> Iterator[Sample]:
    """Return the samples (at, *names), none for a damaged hour."""
    text = _inflated(data)
    if text is None:
        return iter(())
    content = json.loads(text)
    columns = (content.get(name) for name in names)
    return zip(
        accumulate(content["at"]),
        *(column if isinstance(column, list) else repeat(column) for column in columns),
        strict=False,  # constant columns are endless
    )


def _inflated(data: bytes) -> bytes | None:
    try:
        return zlib.decompress(data)
    except (zlib.error, TypeError):  # TypeError: the damage has changed the type
        return None


def _shortened(column: Sequence[Any]) -> Any:
    """Return the single value of a constant column, otherwise a list; no value is itself a list."""
    return column[0] if column.count(column[0]) == len(column) else list(column)
