"""A period as a file of comma-separated values, written while it is read: its length takes no memory."""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import Engine

from services.dashboard.history.flows import FIELDS
from services.dashboard.history.periods import Period
from shared.history.queries import Series, series

FINE, COARSE = timedelta(minutes=5), timedelta(hours=1)
FINE_DAYS = 62
"""Of more days than that the file has hours."""
AT_ONCE = timedelta(days=2)


def lines(engine: Engine, device: str, period: Period, *, zone: tzinfo, now: datetime) -> Iterator[str]:
    """Yield the head, then a line for each five minutes, or hour, of which something is known: means, by local time."""
    yield f"{','.join(('at', *FIELDS))}\r\n"
    start, end = period.bounds(zone)
    end = min(end, now)
    step = FINE if (period.last - period.first).days <= FINE_DAYS else COARSE
    while start < end:
        until = min(end, start + AT_ONCE * (step // FINE))
        count = -(-(until - start) // step)
        read = series(engine, device, FIELDS, start=start, end=start + count * step, buckets=count)
        yield "".join(_lines(read, zone))
        start = until


def _lines(read: Series, zone: tzinfo) -> Iterator[str]:
    for index, middle in enumerate(read.moments):
        values = [read.values[name][index] for name in FIELDS]
        if any(value is not None for value in values):
            at = (middle - read.step / 2).astimezone(zone)
            yield f"{','.join((at.isoformat(timespec='seconds'), *map(_number, values)))}\r\n"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}".removesuffix(".0")


def file_name(period: Period) -> str:
    """Return a name that says which days are in it."""
    return f"easun-{period.first}-{period.last - timedelta(days=1)}.csv"
