"""Power by direction, and when the power was out: what the chart of a window is drawn of, read from the history."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from services.dashboard.history.time_axis import FINEST, Window
from shared.history import reports
from shared.history.queries import Database, GridSpan, Series, outages, series
from shared.history.reports import Outage

FIELDS = ("pv_power_w", "load_power_w", "grid_power_w", "battery_power_w", "battery_soc_percent")
"""The columns of a reading, with signs: + importing, + charging."""
SOURCES = ("pv_w", "grid_in_w", "battery_out_w")
SINKS = ("battery_in_w", "grid_out_w")
LOAD, CHARGE = "load_w", "battery_soc_percent"

COARSE = timedelta(hours=2)
"""Within a step of this length power went both ways, and the mean of both would say that nothing did."""
DAY = timedelta(days=1)

Values = Sequence[float | None]


@dataclass(frozen=True)
class PowerHistory:
    """Power and charge of a window, the outages in it, and which of them were planned."""

    flows: Series
    spans: Sequence[GridSpan]
    outages: Sequence[Outage]
    window: Window


def read_power(database: Database, inverter: str, window: Window) -> PowerHistory:
    """Read what is drawn of a window."""
    spans = outages(database, start=window.start, end=window.end)
    # in half a year no planned outage is wide enough to be seen
    records = reports.outage_records(database, start=window.start, end=window.end) if window.step < DAY else []
    return PowerHistory(_flows(database, inverter, window.grown), spans, records, window)


def _flows(database: Database, inverter: str, window: Window) -> Series:
    if window.step >= COARSE:
        found = reports.flows(database, inverter, start=window.start, end=window.end, step=window.step)
        if not found.empty:
            return found
    found = _means(database, inverter, window, window.step)
    # single readings may be purged by now, and then there is nothing finer
    return found if window.step >= FINEST or not found.empty else _means(database, inverter, window, FINEST)


def _means(database: Database, inverter: str, window: Window, step: timedelta) -> Series:
    count = max(1, -(-(window.end - window.start) // step))
    end = window.start + count * step
    return by_direction(series(database, inverter, FIELDS, start=window.start, end=end, buckets=count))


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
