"""What is read from the database. Where nothing is recorded yet every answer is empty, and `recorded` says so."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Row, Select, case, func, select
from sqlalchemy.exc import DatabaseError

from shared.errors import StorageError
from shared.history.derived import (
    DAY,
    FIVE_MINUTES,
    HOUR,
    INVERTERS,
    MINUTE_MS,
    Source,
    grid_run,
    rollup_due,
)
from shared.history.tables import MILLISECOND, from_ms, grid_state, to_ms
from shared.messages import Grid

SILENCE = timedelta(minutes=5)
"""Beyond its last row a state of the grid is believed this long; then nobody knows."""

COARSE = 4
"""So many rows of a roll-up in a bucket, and it no longer matters where its edges lie."""

NOTHING_YET = ("no such table", "unable to open database file", 'relation "')


@dataclass(frozen=True)
class Series:
    """Averages over equal buckets of time, by field, and between which values they lie.

    None is a gap: nothing was recorded, or the value was unknown.
    """

    start: datetime
    step: timedelta
    values: Mapping[str, Sequence[float | None]]
    low: Mapping[str, Sequence[float | None]] = field(default_factory=dict)
    high: Mapping[str, Sequence[float | None]] = field(default_factory=dict)

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


def devices(engine: Engine, source: Source = INVERTERS) -> list[str]:
    """Return the names of all inverters, or batteries, that ever were recorded."""
    return list(latest(engine, source))


def latest(engine: Engine, source: Source = INVERTERS) -> dict[str, datetime]:
    """Return when each device was last recorded. A seek a device, where DISTINCT would read the whole table."""
    table = source.raw.c
    found: dict[str, datetime] = {}
    name = ""
    while rows := rows_of(engine, select(table.device).where(table.device > name).order_by(table.device).limit(1)):
        name = rows[0].device
        last = rows_of(engine, select(func.max(table.at).label("at")).where(table.device == name))
        found[name] = from_ms(last[0].at)
    return found


def series(
    engine: Engine,
    device: str,
    fields: Sequence[str],
    *,
    start: datetime,
    end: datetime,
    buckets: int,
    source: Source = INVERTERS,
) -> Series:
    """Return some fields of a device from `start` up to `end`, in at most `buckets` buckets.

    Of the roll-up that is fine enough, and of the raw rows what no roll-up has yet.
    """
    first, last = to_ms(start), to_ms(end)
    step = max(1, -(-(last - first) // buckets))
    count = -(-(last - first) // step)
    sums = _Sums(fields, count)
    minutes = _fine_enough(first, step) if set(fields) <= set(source.fields) else None
    until = first
    if minutes:
        until = min(_made_until(engine, source.raw.name, device, first, last), _rolled_until(engine, source, device))
        until = max(first, until)
        if minutes == HOUR:  # of the hour that is not over yet, which would else count in part twice
            until = max(first, until // (HOUR * MINUTE_MS) * HOUR * MINUTE_MS)
        sums.add(rows_of(engine, _of_rollup(source, device, fields, minutes, (first, until, step))))
    if until < last:
        sums.add(rows_of(engine, _of_raw(source, device, fields, (first, until, last, step))))
    return Series(start, step * MILLISECOND, sums.means(), sums.low, sums.high)


def _fine_enough(first: int, step: int) -> int | None:
    """Return the coarsest roll-up whose rows fit the buckets, or are so many in each that edges do not show."""
    for minutes in (DAY, HOUR, FIVE_MINUTES):
        width = minutes * MINUTE_MS
        if step >= COARSE * width or (minutes != DAY and step % width == 0 and first % width == 0):
            return minutes
    return None


def _made_until(engine: Engine, name: str, device: str, first: int, last: int) -> int:
    """Return up to when roll-ups hold all that was recorded: what is due later is read from the raw rows."""
    due = rollup_due.c
    here = (due.source == name, due.device == device, due.at >= first - DAY * MINUTE_MS, due.at < last)
    earliest = rows_of(engine, select(func.min(due.at).label("at")).where(*here))
    if not earliest or earliest[0].at is None:
        return last
    return min(last, max(first, int(earliest[0].at) - FIVE_MINUTES * MINUTE_MS))


def _rolled_until(engine: Engine, source: Source, device: str) -> int:
    """Return where the roll-ups of a device end; whatever may be recorded later is in the raw rows only."""
    table = source.rollup.c
    here = (table.device == device, table.step == FIVE_MINUTES)
    newest = rows_of(engine, select(func.max(table.at).label("at")).where(*here))
    return int(newest[0].at) + FIVE_MINUTES * MINUTE_MS if newest and newest[0].at is not None else 0


def _of_rollup(
    source: Source, device: str, fields: Sequence[str], minutes: int, span: tuple[int, int, int]
) -> Select[Any]:
    first, until, step = span
    table = source.rollup.c
    bucket = ((table.at - first) // step).label("bucket")
    columns = []
    for index, name in enumerate(fields):
        low, mean, high = (table[f"{name}_{kind}"] for kind in ("min", "mean", "max"))
        columns += [
            func.sum(mean * table.n).label(f"sum{index}"),
            func.sum(case((mean.is_not(None), table.n))).label(f"n{index}"),
            func.min(low).label(f"low{index}"),
            func.max(high).label(f"high{index}"),
        ]
    here = (table.device == device, table.step == minutes, table.at >= first, table.at < until)
    return select(bucket, *columns).where(*here).group_by(bucket)


def _of_raw(source: Source, device: str, fields: Sequence[str], span: tuple[int, int, int, int]) -> Select[Any]:
    first, since, last, step = span
    table = source.raw.c
    bucket = ((table.at - first) // step).label("bucket")
    columns = []
    for index, name in enumerate(fields):
        columns += [
            func.sum(table[name]).label(f"sum{index}"),
            func.count(table[name]).label(f"n{index}"),
            func.min(table[name]).label(f"low{index}"),
            func.max(table[name]).label(f"high{index}"),
        ]
    here = (table.device == device, table.at >= since, table.at < last)
    return select(bucket, *columns).where(*here).group_by(bucket)


class _Sums:
    """Sums, counts, lows and highs by bucket, of as many answers as there are."""

    def __init__(self, fields: Sequence[str], count: int) -> None:
        self._totals = {name: [(0.0, 0)] * count for name in fields}
        self.low: dict[str, list[float | None]] = {name: [None] * count for name in fields}
        self.high: dict[str, list[float | None]] = {name: [None] * count for name in fields}

    def add(self, rows: Iterable[Row[Any]]) -> None:
        """Take the rows (bucket, then sum, count, low and high of each field)."""
        for row in rows:
            bucket, *figures = tuple(row)
            for index, (name, totals) in enumerate(self._totals.items()):
                total, count, low, high = tuple(figures[4 * index : 4 * index + 4])
                if count:
                    before, number = totals[bucket]
                    totals[bucket] = before + float(total), number + int(count)
                    self.low[name][bucket] = min(low, _or(self.low[name][bucket], low))
                    self.high[name][bucket] = max(high, _or(self.high[name][bucket], high))

    def means(self) -> dict[str, list[float | None]]:
        """Return the averages; None where nothing is known."""
        return {
            name: [total / count if count else None for total, count in totals] for name, totals in self._totals.items()
        }


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


@dataclass(frozen=True)
class _Run:
    """Rows that say the same: the state, since when, the first row and the last."""

    state: Grid
    since: int
    at: int
    last: int


def grid_spans(engine: Engine, *, start: datetime, end: datetime) -> list[GridSpan]:
    """Return the states of the grid one after the other, cut to `start` and `end`; what nobody recorded is left out.

    A state that comes back after `unknown` has its old `since` again, so it is the runs of equal rows that count.
    """
    first, last = to_ms(start), to_ms(end)
    made = rows_of(engine, select(func.max(grid_run.c.last).label("last")).where(grid_run.c.at < last))
    until = _made_until(engine, grid_state.name, "grid", first, last)
    if made:
        until = max(first, min(until, (made[0].last or first - 1) + 1))
    runs = [*_runs_made(engine, first, until), *_runs_told(engine, until, last)]
    return list(_joined(_spans(_runs(runs), start, end)))


def _runs_made(engine: Engine, first: int, until: int) -> list[_Run]:
    """Return the runs between two moments, with the two before that may still last or tell when a state began."""
    run = grid_run.c
    columns = select(run.at, run.last, run.state, run.since)
    before = rows_of(engine, columns.where(run.at < first).order_by(run.at.desc()).limit(2))
    within = rows_of(engine, columns.where(run.at >= first, run.at < until).order_by(run.at))
    rows = [*reversed(before), *within]
    return [_Run(Grid(row.state), row.since, row.at, min(row.last, max(until, row.at))) for row in rows]


def _runs_told(engine: Engine, first: int, last: int) -> list[_Run]:
    """Return the runs of the raw rows between two moments."""
    if first >= last:
        return []
    table = grid_state.c
    here = (table.device == "grid", table.at >= first, table.at < last)
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
    rows = rows_of(
        engine, select(column.at, column.state, column.since, column.at_before).where(changed).order_by(column.at)
    )
    if not rows:
        return []
    final = rows_of(engine, select(func.max(table.at).label("at")).where(*here))[0].at
    ends = [*(row.at_before for row in rows[1:]), final]
    return [_Run(Grid(row.state), row.since, row.at, ended) for row, ended in zip(rows, ends, strict=True)]


def outages(engine: Engine, *, start: datetime, end: datetime) -> list[GridSpan]:
    """Return the times without grid and the times when nobody could tell, which are no outages."""
    return [span for span in grid_spans(engine, start=start, end=end) if span.state is not Grid.ON]


def _runs(runs: Iterable[_Run]) -> Iterator[tuple[Grid, datetime, datetime]]:
    """Return state, beginning and end of each; one that says again what was before another one began with its row."""
    before: _Run | None = None
    for run in runs:
        again = before is not None and run.since < before.at
        yield run.state, from_ms(run.at if again else run.since), from_ms(run.last)
        before = run


def _spans(runs: Iterable[tuple[Grid, datetime, datetime]], start: datetime, end: datetime) -> Iterator[GridSpan]:
    """Let each state last until the next one began, but not much longer than it was recorded."""
    known = list(runs)
    followers = [*known[1:], None] if known else []
    for (state, began, last), following in zip(known, followers, strict=True):
        since = max(start, began)
        finish = min(following[1], last + SILENCE, end) if following else min(last, end)
        if finish > since:
            yield GridSpan(state, since, finish)


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


def rows_of(engine: Engine, query: Select[Any]) -> Sequence[Row[Any]]:
    """Return the answer to a query, none where nothing was recorded yet; raises StorageError."""
    try:
        with engine.connect() as connection:
            return connection.execute(query).all()
    except DatabaseError as error:
        if any(text in str(error.orig) for text in NOTHING_YET):
            return []
        raise StorageError(f"The history cannot be read: {error.orig}.") from None
