"""Queries for charts and shades. Without a database every result is empty; `recorded` tells."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.exc import DatabaseError

from shared.conditions import storage
from shared.errors import StorageError
from shared.history.database_errors import diagnose, is_not_created
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
from shared.history.grid_run import SILENCE, GridRun
from shared.history.grid_runs import runs_from_rows, stored_runs
from shared.history.homes import home_of, in_home, of_home, split_name
from shared.history.readings import Span, ends, last_hours, readings
from shared.history.tables import MILLISECOND, compressed_hour, from_ms, grid_state, to_ms
from shared.messages import Grid

SETTLES = timedelta(minutes=15)
"""Upkeep runs every minute: only what is still due after this long is worth reporting."""

T = TypeVar("T")


@dataclass(frozen=True)
class Series:
    """Averages over equal buckets of time by field, with the lowest and the highest value.

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
        """Whether there is no value at all."""
        return all(value is None for column in self.values.values() for value in column)


@dataclass(frozen=True)
class GridSpan:
    """A time during which the grid was in one state."""

    state: Grid
    start: datetime
    end: datetime


def recorded(engine: Engine) -> bool:
    """Return whether there is a database with at least one reading."""
    return bool(devices(engine))


def devices(engine: Engine, source: Source = INVERTERS) -> list[str]:
    """Return the names of all recorded inverters or batteries."""
    return list(latest(engine, source))


def latest(engine: Engine, source: Source = INVERTERS) -> dict[str, datetime]:
    """Return when each device was last recorded."""
    return _ask(engine, lambda connection: _latest(connection, source.raw), {})


def _latest(connection: Connection, table: Table) -> dict[str, datetime]:
    home = home_of(connection)
    found = last_hours(connection, table, *of_home(home, compressed_hour.c.device))
    for device, at in ends(connection, table, func.max, *of_home(home, table.c.device)).items():
        found[device] = max(at, found.get(device, at))
    names = {device: split_name(device) for device in sorted(found)}
    return {name: from_ms(found[device]) for device, (of, name) in names.items() if of == home}


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
    """Return fields of a device from `start` up to `end` in at most `buckets` buckets.

    They come from the coarsest roll-up that is fine enough, and from the readings that no roll-up has yet. Buckets of
    five minutes or more are whole roll-ups, so the first may begin before `start` and the last end after `end`.
    """
    first, last = to_ms(start), to_ms(end)
    step = max(1, -(-(last - first) // buckets))
    minutes = _fine_enough(step) if set(fields) <= set(source.fields) else None
    if minutes:
        first, step = _aligned(first, last, buckets, min(minutes, HOUR) * MINUTE_MS)
        if minutes != FIVE_MINUTES:  # whose buckets do not begin at whole hours
            minutes = _fine_enough(step)
    device = in_home(home_of(engine), device)
    sums, selection = _Sums(fields, -(-(last - first) // step)), _Selection(source, device, fields, first, step)
    _ask(engine, lambda connection: _sum_up(connection, sums, selection, last, minutes), None)
    return Series(from_ms(first), step * MILLISECOND, sums.means(), sums.low, sums.high)


@dataclass(frozen=True)
class _Selection:
    """Fields of a device, and the buckets they are averaged in: where the first begins, and their width."""

    source: Source
    device: str
    fields: Sequence[str]
    first: int
    step: int


def _sum_up(connection: Connection, sums: "_Sums", selection: _Selection, last: int, minutes: int | None) -> None:
    """Add up the roll-ups of a width as far as they are complete, then the readings."""
    until = _rolled_up_until(connection, selection, last) if minutes else selection.first
    for section in _sections(connection, selection, minutes, until) if minutes else ():
        sums.add(_from_rollup(connection, selection, section))
    if until < last:
        sums.add(_from_readings(connection, selection, (until, last)))


def _fine_enough(step: int) -> int | None:
    """Return the coarsest roll-up that is at least as fine as a bucket."""
    return next((minutes for minutes in (DAY, HOUR, FIVE_MINUTES) if step >= minutes * MINUTE_MS), None)


def _aligned(first: int, last: int, buckets: int, width: int) -> tuple[int, int]:
    """Return where the first bucket begins and how wide each is, aligned to roll-ups of a width."""
    first = first // width * width
    return first, -(-(last - first) // (buckets * width)) * width


def _rolled_up_until(connection: Connection, selection: _Selection, last: int) -> int:
    """Return up to when the roll-ups are complete; after that only the readings are."""
    step = selection.source.rollup.c
    newest = select(func.max(step.at)).where(step.device == selection.device, step.step == FIVE_MINUTES)
    newest_at: int | None = connection.execute(newest).scalar()
    if newest_at is None:
        return selection.first
    settled = _settled_until(connection, selection.source.raw.name, selection.device, selection.first, last)
    return max(selection.first, min(settled, newest_at + STEP_MS))


def _settled_until(connection: Connection, name: str, device: str, first: int, last: int) -> int:
    """Return up to when nothing recorded is still due."""
    due = rollup_due.c
    where = (due.source == name, due.device == device, due.at >= first - DAY_MS, due.at < last)
    earliest: int | None = connection.execute(select(func.min(due.at)).where(*where)).scalar()
    return last if earliest is None else min(last, max(first, earliest - STEP_MS))


def due_since(engine: Engine, table: Table, device: str, *, start: datetime, end: datetime) -> datetime | None:
    """Return the first time in a period whose roll-ups or records are due; None if they are up to date."""
    due = rollup_due.c
    of_device = (due.source == table.name, due.device == in_home(home_of(engine), device))
    where = (*of_device, due.at >= to_ms(start), due.at < to_ms(end))
    earliest = rows_of(engine, select(func.min(due.at).label("at")).where(*where))
    return from_ms(earliest[0].at) if earliest and earliest[0].at is not None else None


@dataclass(frozen=True)
class _Section:
    """A part of a period, and the roll-up to read it from."""

    minutes: int
    start: int
    end: int


def _sections(connection: Connection, selection: _Selection, minutes: int, until: int) -> list[_Section]:
    """Split a period into whole hours or days, and five-minute steps at its ends."""
    first = selection.first
    if first == until:
        return []
    begin, end = first, until
    if minutes == HOUR:
        end = max(first, until // HOUR_MS * HOUR_MS)
    elif minutes == DAY:
        day = selection.source.rollup.c
        where = (day.device == selection.device, day.step == DAY, day.at >= first, day.at < until)
        first_day, last_day = connection.execute(select(func.min(day.at), func.max(day.at)).where(*where)).one()
        begin, end = (until, until) if first_day is None else (first_day, last_day)
    sections = (_Section(FIVE_MINUTES, first, begin), _Section(minutes, begin, end), _Section(FIVE_MINUTES, end, until))
    return [section for section in sections if section.start < section.end]


def _from_rollup(connection: Connection, selection: _Selection, section: _Section) -> Sequence[Row[Any]]:
    # a day is assigned by its middle, as it may begin an hour earlier or later than the others
    origin = selection.first - DAY_MS // 2 if section.minutes == DAY else selection.first
    parameters = {"device": selection.device, "minutes": section.minutes, "start": section.start, "end": section.end}
    query = _rollup_query(selection.source.rollup, tuple(selection.fields))
    return connection.execute(query, parameters | {"origin": origin, "step": selection.step}).all()


@lru_cache(maxsize=64)
def _rollup_query(rollup: Table, fields: tuple[str, ...]) -> Select[Any]:
    """Return the query for some fields; building it takes longer than running it."""
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
    where = (table.device == bindparam("device"), table.step == bindparam("minutes"))
    span = (table.at >= bindparam("start"), table.at < bindparam("end"))
    return select(bucket, *columns).where(*where, *span).group_by(literal_column("bucket"))


def _from_readings(connection: Connection, selection: _Selection, span: Span) -> Iterator[Sequence[Any]]:
    """Aggregate readings by bucket, in the shape of a roll-up query."""
    samples = readings(connection, selection.source.raw, selection.device, selection.fields, span)
    for bucket, group in groupby(samples, lambda sample: (sample[0] - selection.first) // selection.step):
        _, *columns = zip(*group, strict=True)
        figures: list[Any] = []
        for column in columns:
            known = [value for value in column if value is not None]
            figures += [sum(known), len(known), min(known, default=None), max(known, default=None)]
        yield bucket, *figures


class _Sums:
    """Sums, counts, lowest and highest values by bucket, accumulated over several queries."""

    def __init__(self, fields: Sequence[str], count: int) -> None:
        self._totals = {name: [(0.0, 0)] * count for name in fields}
        self.low: dict[str, list[float | None]] = {name: [None] * count for name in fields}
        self.high: dict[str, list[float | None]] = {name: [None] * count for name in fields}

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows of (bucket, then sum, count, low and high of each field)."""
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
        """Return the averages, None for an empty bucket."""
        return {
            name: [total / count if count else None for total, count in totals] for name, totals in self._totals.items()
        }


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def grid_spans(engine: Engine, *, start: datetime, end: datetime) -> list[GridSpan]:
    """Return the successive states of the grid within `start` and `end`; times without a recorded state are left out.

    A state that returns after `unknown` has its old beginning again, so each run counts on its own.
    """
    runs: list[GridRun] = _ask(engine, lambda connection: _grid_runs(connection, to_ms(start), to_ms(end)), [])
    return list(_joined(_spans(_beginnings(runs), start, end)))


def _grid_runs(connection: Connection, first: int, last: int) -> list[GridRun]:
    """Return the runs between two times and the two before, of which one may still last or tell when a state began.

    Stored runs are used as far as they are up to date, and the rows of grid_state after that.
    """
    run, home = grid_run.c, home_of(connection)
    stored = connection.execute(select(func.max(run.last)).where(run.home == home, run.at < last)).scalar()
    settled = _settled_until(connection, grid_state.name, in_home(home, "grid"), first, last)
    until = max(first, min(settled, (stored or first - 1) + 1))
    latest_two = select(run.at).where(run.home == home, run.at < first).order_by(run.at.desc()).limit(2)
    runs = stored_runs(connection, home, or_(run.at.in_(latest_two), and_(run.at >= first, run.at < until)))
    cut = [replace(one, last=min(one.last, max(until, one.at))) for one in runs]
    return [*cut, *runs_from_rows(connection, home, until, last)]


def outages(engine: Engine, *, start: datetime, end: datetime) -> list[GridSpan]:
    """Return the spans without power and those when the state was unknown, which are no outages."""
    return [span for span in grid_spans(engine, start=start, end=end) if span.state is not Grid.ON]


def _beginnings(runs: Iterable[GridRun]) -> Iterator[tuple[Grid, datetime, datetime]]:
    """Yield state, beginning and last row of each run; a state that was interrupted begins again with its first row."""
    before: GridRun | None = None
    for run in runs:
        interrupted = before is not None and run.since < before.at
        yield run.state, from_ms(run.at if interrupted else run.since), from_ms(run.last)
        before = run


def _spans(runs: Iterable[tuple[Grid, datetime, datetime]], start: datetime, end: datetime) -> Iterator[GridSpan]:
    """Extend each state until the next one began, but not beyond the time it is assumed to hold."""
    known = list(runs)
    followers = [*known[1:], None] if known else []
    for (state, began, last), following in zip(known, followers, strict=True):
        since = max(start, began)
        finish = min(following[1], last + SILENCE, end) if following else min(last, end)
        if finish > since:
            yield GridSpan(state, since, finish)


def _joined(spans: Iterable[GridSpan]) -> Iterator[GridSpan]:
    """Merge adjacent spans in the same state."""
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
    """Return the rows of a query, none if there is no database yet; raises StorageError."""
    return _ask(engine, lambda connection: connection.execute(query).all(), [])


def _ask(engine: Engine, work: Callable[[Connection], T], nothing: T) -> T:
    """Run queries on one connection; return `nothing` if there is no database yet; raises StorageError."""
    try:
        with engine.connect() as connection:
            return work(connection)
    except DatabaseError as error:
        if is_not_created(error):
            return nothing
        raise StorageError(storage.unreadable(cause=diagnose(error).cause)) from None
