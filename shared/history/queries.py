"""What is read from the database. Where nothing is recorded yet every answer is empty, and `recorded` says so."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, Select, func, select
from sqlalchemy.exc import DatabaseError

from shared.errors import StorageError
from shared.history.tables import MILLISECOND, from_ms, grid_state, inverter_state, to_ms
from shared.messages import Grid

SILENCE = timedelta(minutes=5)
"""Beyond its last row a state of the grid is believed this long; then nobody knows."""

NOTHING_YET = ("no such table", "unable to open database file")


@dataclass(frozen=True)
class Series:
    """Averages over equal buckets of time, by field. None is a gap: nothing was recorded, or the value was unknown."""

    start: datetime
    step: timedelta
    values: Mapping[str, Sequence[float | None]]

    @property
    def moments(self) -> list[datetime]:
        """The middle of each bucket."""
        count = max((len(column) for column in self.values.values()), default=0)
        return [self.start + (index + 0.5) * self.step for index in range(count)]

    @property
    def empty(self) -> bool:
        """Whether there is not one value."""
        return all(value is None for column in self.values.values() for value in column)


@dataclass(frozen=True)
class GridSpan:
    """A time during which the grid stayed in one state, as far as it was recorded."""

    state: Grid
    start: datetime
    end: datetime


def recorded(engine: Engine) -> bool:
    """Return whether there is a database with at least one reading in it."""
    return bool(devices(engine))


def devices(engine: Engine) -> list[str]:
    """Return the names of all inverters that ever were recorded."""
    return list(latest(engine))


def latest(engine: Engine) -> dict[str, datetime]:
    """Return when each inverter was last recorded. A seek a device, where DISTINCT would read the whole table."""
    table = inverter_state.c
    found: dict[str, datetime] = {}
    name = ""
    while rows := _rows(engine, select(table.device).where(table.device > name).order_by(table.device).limit(1)):
        name = rows[0].device
        found[name] = from_ms(_rows(engine, select(func.max(table.at).label("at")).where(table.device == name))[0].at)
    return found


def series(
    engine: Engine, device: str, fields: Sequence[str], *, start: datetime, end: datetime, buckets: int
) -> Series:
    """Return the averages of some fields of an inverter from `start` up to `end`, in at most `buckets` buckets."""
    first, step = to_ms(start), max(1, -(-(to_ms(end) - to_ms(start)) // buckets))
    table = inverter_state.c
    bucket = ((table.at - first) // step).label("bucket")
    query = (
        select(bucket, *(func.avg(table[field]).label(field) for field in fields))
        .where(table.device == device, table.at >= first, table.at < to_ms(end))
        .group_by(bucket)
    )
    count = -(-(to_ms(end) - first) // step)
    values: dict[str, list[float | None]] = {field: [None] * count for field in fields}
    for row in _rows(engine, query):
        for field in fields:
            values[field][row.bucket] = getattr(row, field)
    return Series(start, step * MILLISECOND, values)


def grid_spans(engine: Engine, *, start: datetime, end: datetime) -> list[GridSpan]:
    """Return the states of the grid one after the other, cut to `start` and `end`; what nobody recorded is left out.

    A state that comes back after `unknown` has its old `since` again, so it is the runs of equal rows that count.
    """
    table = grid_state.c
    here = (table.device == "grid", table.at >= to_ms(start), table.at < to_ms(end))
    told = (
        select(
            table.at,
            table.state,
            table.since,
            func.lag(table.at).over(order_by=table.at).label("at_before"),
            func.lag(table.state).over(order_by=table.at).label("state_before"),
            func.lag(table.since).over(order_by=table.at).label("since_before"),
        )
        .where(*here)
        .subquery()
    )
    column = told.c
    changed = (column.state_before.is_distinct_from(column.state)) | (column.since_before != column.since)
    runs = _rows(engine, select(column.at, column.state, column.since, column.at_before).where(changed))
    if not runs:
        return []
    last = _rows(engine, select(func.max(table.at).label("at")).where(*here))[0].at
    return list(_joined(_spans(_runs(runs, last), start, end)))


def outages(engine: Engine, *, start: datetime, end: datetime) -> list[GridSpan]:
    """Return the times without grid and the times when nobody could tell, which are no outages."""
    return [span for span in grid_spans(engine, start=start, end=end) if span.state is not Grid.ON]


@dataclass(frozen=True)
class _Run:
    """Rows that say the same: the state, when it began, the last row."""

    state: Grid
    began: datetime
    last: datetime


def _runs(rows: Sequence[Row[Any]], last: int) -> Iterator[_Run]:
    """Turn the first row of each run, and the last row before it, into runs."""
    seen: set[tuple[str, int]] = set()
    for row, ended in zip(rows, [*(row.at_before for row in rows[1:]), last], strict=True):
        again = (row.state, row.since) in seen
        seen.add((row.state, row.since))
        yield _Run(Grid(row.state), from_ms(row.at if again else row.since), from_ms(ended))


def _spans(runs: Iterable[_Run], start: datetime, end: datetime) -> Iterator[GridSpan]:
    """Let each state last until the next one began, but not much longer than it was recorded."""
    known = list(runs)
    for run, following in zip(known, [*known[1:], None], strict=True):
        since = max(start, run.began)
        finish = min(following.began, run.last + SILENCE) if following else run.last
        if finish > since:
            yield GridSpan(run.state, since, min(finish, end))


def _joined(spans: Iterable[GridSpan]) -> Iterator[GridSpan]:
    """Make one of neighbours in the same state."""
    held: GridSpan | None = None
    for span in spans:
        if held and held.state is span.state and held.end == span.start:
            held = GridSpan(held.state, held.start, span.end)
            continue
        if held:
            yield held
        held = span
    if held:
        yield held


def _rows(engine: Engine, query: Select[Any]) -> Sequence[Row[Any]]:
    try:
        with engine.connect() as connection:
            return connection.execute(query).all()
    except DatabaseError as error:
        if any(text in str(error.orig) for text in NOTHING_YET):
            return []
        raise StorageError(f"The history cannot be read: {error.orig}.") from None
