"""Power by direction: what came from where and went where, and the surfaces stacked of it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from shared.history.queries import Series

Values = Sequence[float | None]

FIELDS = ("pv_power_w", "load_power_w", "grid_power_w", "battery_power_w", "battery_soc_percent")
"""What a reading says, with signs: + importing, + charging."""
SOURCES = ("pv_w", "grid_in_w", "battery_out_w")
SINKS = ("battery_in_w", "grid_out_w")
LOAD, CHARGE = "load_w", "battery_soc_percent"


def by_direction(series: Series) -> Series:
    """Return the powers of readings, each direction by itself; of an unknown power both are unknown."""
    pv, load, grid, battery, charge = (series.values[name] for name in FIELDS)
    return replace(
        series,
        values={
            "pv_w": pv,
            LOAD: load,
            "grid_in_w": _positive(grid, 1),
            "grid_out_w": _positive(grid, -1),
            "battery_in_w": _positive(battery, 1),
            "battery_out_w": _positive(battery, -1),
            CHARGE: charge,
        },
    )


def _positive(values: Values, sign: int) -> list[float | None]:
    return [None if value is None else max(0, sign * value) for value in values]


def signed(positive: Values, negative: Values) -> list[float | None]:
    """Return one power of its two directions."""
    pairs = zip(positive, negative, strict=True)
    return [None if plus is None or minus is None else plus - minus for plus, minus in pairs]


Outline = tuple[list[float | None], list[float | None]]


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
