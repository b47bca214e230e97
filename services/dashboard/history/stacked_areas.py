"""Areas stacked on each other, as outlines for a chart, pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

Values = Sequence[float | None]
Outline = tuple[list[float | None], list[float | None]]
"""The x and the y of a line around an area; None parts its pieces."""


def stacked(hours: Sequence[float], columns: Mapping[str, Values]) -> dict[str, Outline]:
    """Return the outline of each column's surface, one on the other; None stands between its parts.

    What lies on something unknown has no place of its own, so the gap goes all the way up. A column that is never
    known, or never anything but zero, is left out.
    """
    base: list[float | None] = [0.0] * len(hours)
    found: dict[str, Outline] = {}
    for name, values in columns.items():
        if all(value is None for value in values):
            continue
        top = [
            None if under is None or value is None else under + value for under, value in zip(base, values, strict=True)
        ]
        if any(values):
            found[name] = _outline(hours, base, top)
        base = top
    return found


def _outline(hours: Sequence[float], base: Values, top: Values) -> Outline:
    """Go along the top and back along the base, a part at a time, each as wide as its points stand for."""
    half = round((hours[1] - hours[0]) / 2, 4) if len(hours) > 1 else 0.5
    x: list[float | None] = []
    y: list[float | None] = []
    for there in _known(top):
        first, last = there.start, there.stop
        along = [round(hours[first] - half, 4), *hours[first:last], round(hours[last - 1] + half, 4)]
        over = [top[first], *top[first:last], top[last - 1]]
        under = [base[first], *base[first:last], base[last - 1]]
        x += [*along, *reversed(along), None]
        y += [*over, *reversed(under), None]
    return x[:-1], y[:-1]


def _known(values: Values) -> Iterator[slice]:
    """Yield each stretch without a gap."""
    for known, group in groupby(range(len(values)), key=lambda index: values[index] is not None):
        if known:
            indices = list(group)
            yield slice(indices[0], indices[-1] + 1)
