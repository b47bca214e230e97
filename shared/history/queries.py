"""What is read from the database. Where nothing is recorded yet every answer is empty, and `recorded` says so."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Connection, Engine, Row, Select, Table, bindparam, case, func, literal_column, select
from sqlalchemy.exc import DatabaseError

from shared.errors import StorageError
from shared.history.derived import (
    DAY,
    DAY_MS,
    FIVE_MINUTES,
    HOUR,
    HOUR_MS,
    INVERTERS,
    MINUTE_MS,
    STEP_MS,
    Source,
    grid_run,
    rollup_due,
)
from shared.history.readings import Span, readings
from shared.history.readings import devices as recorded_devices
from shared.history.tables import MILLISECOND, from_ms, grid_state, packed, to_ms
from shared.messages import Grid

SILENCE = timedelta(minutes=5)
"""Beyond its last row a state of the grid is believed this long; then nobody knows."""
SETTLES = timedelta(minutes=15)
"""What was recorded is summed up each minute: only what is older than this and still due is worth a word."""

T = TypeVar("T")

NOTHING: Mapping[str, Any] = MappingProxyType({})

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
    """Return when each device was last recorded."""
    return _ask(engine, lambda connection: _latest(connection, source.raw), {})


def _latest(connection: Connection, table: Table) -> dict[str, datetime]:
    row, hour = table.c, packed.c
    found = {}
    for name in recorded_devices(connection, table):
        rows = select(func.max(row.at)).where(row.device == name)
        hours = select(hour.last).where(hour.source == table.name, hour.device == name).order_by(hour.at.desc())
        moments = (connection.execute(query).scalar() for query in (rows, hours.limit(1)))
        found[name] = from_ms(max(at for at in moments if at is not None))
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

    Of the roll-up that is fine enough, and of the readings what no roll-up has yet. Buckets of five minutes and more
    are whole roll-ups, so that the first may begin a little before `start` and the last hold a little after `end`.
    """
    wanted = _Wanted(source, device, fields)
    first, last = to_ms(start), to_ms(end)
    step = max(1, -(-(last - first) // buckets))
    minutes = _fine_enough(step) if set(fields) <= set(source.fields) else None
    if minutes:
        first, step = _aligned(first, last, buckets, min(minutes, HOUR) * MINUTE_MS)
        if minutes != FIVE_MINUTES:  # whose buckets do not begin at whole hours
            minutes = _fine_enough(step)
    sums = _Sums(fields, -(-(last - first) // step))
    until = _made_until(engine, wanted, first, last) if minutes else first
    for piece in _pieces(engine, wanted, minutes, first, until) if minutes else ():
        sums.add(_of_rollup(engine, wanted, piece, first, step))
    if until < last:
        _ask(engine, lambda connection: sums.add(_of_readings(connection, wanted, (until, last), first, step)), None)
    return Series(from_ms(first), step * MILLISECOND, sums.means(), sums.low, sums.high)


@dataclass(frozen=True)
class _Wanted:
    """Some fields of a device."""

    source: Source
    device: str
    fields: Sequence[str]


def _fine_enough(step: int) -> int | None:
    """Return the coarsest roll-up that is no coarser than a bucket."""
    return next((minutes for minutes in (DAY, HOUR, FIVE_MINUTES) if step >= minutes * MINUTE_MS), None)


def _aligned(first: int, last: int, buckets: int, width: int) -> tuple[int, int]:
    """Return where the first bucket begins, and how long each is, in whole roll-ups of a width."""
    first = first // width * width
    return first, -(-(last - first) // (buckets * width)) * width


def _made_until(engine: Engine, wanted: _Wanted, first: int, last: int) -> int:
    """Return up to when roll-ups hold all that was recorded: what is due later is in the readings only."""
    table = wanted.source.rollup.c
    here = (table.device == wanted.device, table.step == FIVE_MINUTES)
    newest = rows_of(engine, select(func.max(table.at).label("at")).where(*here))
    if not newest or newest[0].at is None:
        return first
    settled = _settled_until(engine, wanted.source.raw.name, wanted.device, first, last)
    return max(first, min(settled, int(newest[0].at) + STEP_MS))


def _settled_until(engine: Engine, name: str, device: str, first: int, last: int) -> int:
    """Return up to when nothing that was recorded is still to be worked in."""
    due = rollup_due.c
    here = (due.source == name, due.device == device, due.at >= first - DAY_MS, due.at < last)
    earliest = rows_of(engine, select(func.min(due.at).label("at")).where(*here))
    if not earliest or earliest[0].at is None:
        return last
    return min(last, max(first, int(earliest[0].at) - STEP_MS))


def due_since(engine: Engine, table: Table, device: str, *, start: datetime, end: datetime) -> datetime | None:
    """Return from when on sums and records lack something recorded in a period; None where they lack nothing."""
    due = rollup_due.c
    here = (due.source == table.name, due.device == device, due.at >= to_ms(start), due.at < to_ms(end))
    earliest = rows_of(engine, select(func.min(due.at).label("at")).where(*here))
    return from_ms(earliest[0].at) if earliest and earliest[0].at is not None else None


@dataclass(frozen=True)
class _Piece:
    """A part of a period, and the roll-up to read it from."""

    minutes: int
    start: int
    end: int


def _pieces(engine: Engine, wanted: _Wanted, minutes: int, first: int, until: int) -> list[_Piece]:
    """Cut a period: whole hours or days, and of those that reach beyond it the five minutes within."""
    if first == until:
        return []
    begin, end = first, until
    if minutes == HOUR:
        end = max(first, until // HOUR_MS * HOUR_MS)
    elif minutes == DAY:
        day = wanted.source.rollup.c
        here = (day.device == wanted.device, day.step == DAY, day.at >= first, day.at < until)
        (days,) = rows_of(engine, select(func.min(day.at).label("first"), func.max(day.at).label("last")).where(*here))
        begin, end = (until, until) if days.first is None else (days.first, days.last)
    pieces = (_Piece(FIVE_MINUTES, first, begin), _Piece(minutes, begin, end), _Piece(FIVE_MINUTES, end, until))
    return [piece for piece in pieces if piece.start < piece.end]


def _of_rollup(engine: Engine, wanted: _Wanted, piece: _Piece, first: int, step: int) -> Sequence[Row[Any]]:
    # a day by its middle: it may begin an hour earlier or later than the ones before
    origin = first - DAY_MS // 2 if piece.minutes == DAY else first
    given = {"device": wanted.device, "minutes": piece.minutes, "start": piece.start, "end": piece.end}
    query = _rollup_query(wanted.source.rollup, tuple(wanted.fields))
    return rows_of(engine, query, given | {"origin": origin, "step": step})


@lru_cache(maxsize=64)
def _rollup_query(rollup: Table, fields: tuple[str, ...]) -> Select[Any]:
    """Return the query of some fields, which takes longer to be put together than to be answered."""
    table = rollup.c
    bucket = ((table.at - bindparam("origin", type_=BigInteger())) // bindparam("step", type_=BigInteger())).label(
        "bucket"
    )
    columns = []
    for index, name in enumerate(fields):
        low, mean, high = (table[f"{name}_{kind}"] for kind in ("min", "mean", "max"))
        columns += [
            func.sum(mean * table.n).label(f"sum{index}"),
            func.sum(case((mean.is_not(None), table.n))).label(f"n{index}"),
            func.min(low).label(f"low{index}"),
            func.max(high).label(f"high{index}"),
        ]
    here = (table.device == bindparam("device"), table.step == bindparam("minutes"))
    span = (table.at >= bindparam("start"), table.at < bindparam("end"))
    return select(bucket, *columns).where(*here, *span).group_by(literal_column("bucket"))


def _of_readings(connection: Connection, wanted: _Wanted, span: Span, first: int, step: int) -> Iterator[Sequence[Any]]:
    """Yield of each bucket what a roll-up would say."""
    told = readings(connection, wanted.source.raw, wanted.device, wanted.fields, span)
    for bucket, some in groupby(told, lambda reading: (reading[0] - first) // step):
        _, *columns = zip(*some, strict=True)
        figures: list[Any] = []
        for column in columns:
            known = [value for value in column if value is not None]
            figures += [sum(known), len(known), min(known, default=None), max(known, default=None)]
        yield bucket, *figures


class _Sums:
    """Sums, counts, lows and highs by bucket, of as many answers as there are."""

    def __init__(self, fields: Sequence[str], count: int) -> None:
        self._totals = {name: [(0.0, 0)] * count for name in fields}
        self.low: dict[str, list[float | None]] = {name: [None] * count for name in fields}
        self.high: dict[str, list[float | None]] = {name: [None] * count for name in fields}

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
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
    until = _settled_until(engine, grid_state.name, "grid", first, last)
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


def rows_of(engine: Engine, query: Select[Any], given: Mapping[str, Any] = NOTHING) -> Sequence[Row[Any]]:
    """Return the answer to a query, none where nothing was recorded yet; raises StorageError."""
    return _ask(engine, lambda connection: connection.execute(query, given).all(), [])


def _ask(engine: Engine, question: Callable[[Connection], T], nothing: T) -> T:
    """Return the answer to a question, `nothing` where nothing was recorded yet; raises StorageError."""
    try:
        with engine.connect() as connection:
            return question(connection)
    except DatabaseError as error:
        if any(text in str(error.orig) for text in NOTHING_YET):
            return nothing
        raise StorageError(f"The history cannot be read: {error.orig}.") from None
