"""Queries for charts. Without a database every result is empty; `recorded` says whether there is one.

They read what the recorder keeps up to date with every reading: five-minute steps and the runs of the grid.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import chain, groupby
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    case,
    func,
    inspect,
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
    FIVE_MINUTES,
    HOUR,
    HOUR_MS,
    INVERTERS,
    LONGEST_DAY_MS,
    MINUTE_MS,
    SOURCES,
    STEP_MS,
    ZONE_NOTE,
    Source,
    grid_run,
    rollup_due,
    upkeep_note,
)
from shared.history.grid_run import SILENCE, GridRun
from shared.history.homes import home_of, in_home, of_home, split_name
from shared.history.house import Device, Part, Pause, parts, stretches, whole_sum
from shared.history.local_days import midnight, next_midnight
from shared.history.migration import is_older, revision_of
from shared.history.readings import readings
from shared.history.tables import MILLISECOND, compressed_hour, from_ms, metadata, to_ms
from shared.live_figures import ALL
from shared.messages import Grid

STATES = {state.value: state for state in Grid}
SILENCE_MS = SILENCE // MILLISECOND
WHOLE_DAY_H = 23
SETTLES = timedelta(minutes=15)
"""Upkeep runs every minute: only what is still due after this long is worth reporting."""

T = TypeVar("T")


@dataclass(frozen=True)
class Series:
    """Averages over equal buckets of time, by field; high has the highest values, if requested.

    None is a gap: nothing was recorded, or the value was unknown.
    """

    start: datetime
    step: timedelta
    values: Mapping[str, Sequence[float | None]]
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


class Session:
    """One connection for all queries of an answer, opened by the first of them.

    Every session opens a SQLite file again, to notice a database that appears later or is replaced.
    """

    def __init__(self, engine: Engine) -> None:
        self.recorded: dict[str, list[Device]] = {}
        """The devices of each source, once there are any."""
        self.pauses: dict[str, list[Pause]] = {}
        """When the devices of a source had no sum, once that has been queried."""
        self._engine = engine
        self._connection: Connection | None = None

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def get_execution_options(self) -> Mapping[str, Any]:
        """Return the options of the engine, which name the home whose history is read."""
        return self._engine.get_execution_options()

    def ask(self, work: Callable[[Connection], T], nothing: T) -> T:
        """Run queries; return `nothing` if there is no database yet. Raises StorageError."""
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            return work(self._connection)
        except DatabaseError as error:
            self.__exit__()
            if not is_not_created(
                error, lambda: bool(metadata.tables.keys() - inspect(self._engine).get_table_names())
            ):
                raise StorageError(storage.unreadable(cause=diagnose(error).cause)) from None
            if self._is_older():
                raise StorageError(storage.unreadable(cause=storage.OLDER_SCHEMA())) from None
            return nothing

    def _lacks_tables(self) -> bool:
        return bool(metadata.tables.keys() - inspect(self._engine).get_table_names())

    def _is_older(self) -> bool:
        """Return whether the database is of an earlier version, which the recorder upgrades when it starts."""
        try:
            with self._engine.connect() as connection:
                return is_older(revision_of(connection))
        except DatabaseError:
            return False


Database = Engine | Session
"""Where to read from: an engine opens a connection for each query."""


def recorded(database: Database) -> bool:
    """Return whether there is a database with at least one reading."""
    return bool(devices(database))


def devices(database: Database, source: Source = INVERTERS) -> list[str]:
    """Return the names of all recorded inverters or batteries."""
    return list(latest(database, source))


def latest(database: Database, source: Source = INVERTERS) -> dict[str, datetime]:
    """Return when each device was last recorded, in the order of recorded_devices."""
    return {device.name: device.last for device in recorded_devices(database, source)}


def recorded_devices(database: Database, source: Source = INVERTERS) -> list[Device]:
    """Return all recorded inverters or batteries; the sum of several is first, with the time for which it is known."""
    found = _recorded(database, source)
    whole = whole_sum(found)
    return [whole, *(device for device in found if device.name != ALL)] if whole else found


def _recorded(database: Database, source: Source) -> list[Device]:
    """Return the devices with the time recorded of each, by name."""
    name, home = source.raw.name, home_of(database)
    if isinstance(database, Session) and name in database.recorded:
        return database.recorded[name]
    rows = rows_of(database, _devices_query(name, home))
    named = ((*split_name(row.device), row.first, row.last) for row in rows if row.first is not None)
    found = [Device(name, from_ms(first), from_ms(last)) for of, name, first, last in named if of == home]
    if isinstance(database, Session) and found:
        database.recorded[name] = found
    return found


@lru_cache
def _devices_query(name: str, home: str) -> Select[Any]:
    """Return the query for the devices of a source and their times, with a few seeks for each.

    The oldest readings may be purged, and those of the last days are not compressed yet.
    """
    source = SOURCES[name]
    step, row, hour = source.rollup.c, source.raw.c, compressed_hour.c
    here = of_home(home, step.device)
    first = select(func.min(step.device).label("device")).where(*here).cte("found", recursive=True)
    following = select(func.min(step.device)).where(*here, step.device > first.c.device).scalar_subquery()
    found = first.union_all(select(following).where(first.c.device.is_not(None)))
    device = found.c.device
    oldest = select(func.min(step.at)).where(step.device == device, step.step == FIVE_MINUTES).scalar_subquery()
    newest = select(func.max(row.at)).where(row.device == device).scalar_subquery()
    hours = select(hour.last).where(hour.source == name, hour.device == device).order_by(hour.at.desc()).limit(1)
    steps = select(func.max(step.at)).where(step.device == device, step.step == FIVE_MINUTES).scalar_subquery()
    last = func.coalesce(newest, hours.scalar_subquery(), steps)
    return select(device, oldest.label("first"), last.label("last")).where(device.is_not(None)).order_by(device)


def series(
    database: Database,
    device: str,
    fields: Sequence[str],
    *,
    start: datetime,
    end: datetime,
    buckets: int,
    source: Source = INVERTERS,
    highs: bool = False,
) -> Series:
    """Return fields of a device from `start` up to `end` in at most `buckets` buckets; highs: also the highest values.

    They come from the coarsest roll-up that is fine enough, or from the readings. Buckets of five minutes or more are
    whole roll-ups, so the first may begin before `start` and the last end after `end`.
    """
    first, last = to_ms(start), to_ms(end)
    step = max(1, -(-(last - first) // buckets))
    minutes = _fine_enough(step) if set(fields) <= set(source.fields) else None
    if minutes:
        first, step = _aligned(first, last, buckets, minutes * MINUTE_MS)
    found = parts_of(database, device, first, last, step=minutes or FIVE_MINUTES, source=source)
    selection = _Selection(source, found, fields, first, step, ("mean", "max") if highs else ("mean",))

    def read(connection: Connection) -> Sequence[Sequence[Any]]:
        return list(_from_readings(connection, selection)) if minutes is None else _from_rollup(connection, selection)

    rows: Sequence[Sequence[Any]] = _ask(database, read, ()) if found else ()
    count = -(-(last - first) // step)
    columns: dict[tuple[str, str], list[float | None]] = {column: [None] * count for column in selection.columns}
    for bucket, *figures in rows:
        for column, figure in zip(columns.values(), figures, strict=True):
            column[bucket] = figure
    means, high = ({name: one for (name, kind), one in columns.items() if kind == it} for it in ("mean", "max"))
    return Series(from_ms(first), step * MILLISECOND, means, high)


@dataclass(frozen=True)
class _Selection:
    """Fields recorded in some parts, from `first` on, and the width of the buckets in which they are averaged."""

    source: Source
    parts: Sequence[Part]
    fields: Sequence[str]
    first: int
    step: int
    kinds: tuple[str, ...]

    @property
    def columns(self) -> tuple[tuple[str, str], ...]:
        """The figures of each bucket: field and mean or max, all means first."""
        return tuple((name, kind) for kind in self.kinds for name in self.fields)


def _fine_enough(step: int) -> int | None:
    """Return the coarsest roll-up at least as fine as a bucket; not days, which do not begin at whole buckets."""
    return next((minutes for minutes in (HOUR, FIVE_MINUTES) if step >= minutes * MINUTE_MS), None)


def _aligned(first: int, last: int, buckets: int, width: int) -> tuple[int, int]:
    """Return where the first bucket begins and how wide each is, aligned to roll-ups of a width."""
    first = first // width * width
    return first, -(-(last - first) // (buckets * width)) * width


def parts_of(
    database: Database, device: str, start: int, end: int, *, step: int, source: Source = INVERTERS
) -> list[Part]:
    """Return which roll-ups of a width make up a device between two times, in ms; of the sum, see house.py.

    Their devices are named as in the database.
    """
    if device == ALL:
        found = stretches(ALL, _recorded(database, source), pauses_of(database, source))
    else:
        found = stretches(device, ())
    takes_over = any(not stretch.is_always for stretch in found)
    home, zone = home_of(database), day_zone(database) if step == DAY and takes_over else UTC

    def unit(at: int) -> tuple[int, int]:
        if step == DAY:
            return midnight(at, zone), next_midnight(at, zone)
        return at // HOUR_MS * HOUR_MS, at // HOUR_MS * HOUR_MS + HOUR_MS

    return [replace(part, device=in_home(home, part.device)) for part in parts(found, start, end, step, unit)]


def pauses_of(database: Database, source: Source = INVERTERS) -> list[Pause]:
    """Return when the sum of all devices was not recorded for an hour or more, and which devices were meanwhile."""
    if isinstance(database, Session) and source.raw.name in database.pauses:
        return database.pauses[source.raw.name]
    home, devices = home_of(database), _recorded(database, source)
    found = []
    if any(device.name == ALL for device in devices):
        query = _pauses_query(source.raw.name)
        pauses = sorted({tuple(row) for row in rows_of(database, query, {"device": in_home(home, ALL)})})
        found = [Pause(start, end, _between(database, source, devices, start, end)) for start, end in pauses]
    if isinstance(database, Session):
        database.pauses[source.raw.name] = found
    return found


def _between(database: Database, source: Source, devices: Iterable[Device], start: int, end: int) -> list[Device]:
    """Return the devices, without the sum, with the time recorded of each between two times."""
    home, found = home_of(database), []
    for name in (device.name for device in devices if device.name != ALL):
        parameters = {"device": in_home(home, name), "start": start, "end": end}
        rows = rows_of(database, _ends_query(source.raw.name), parameters)
        found += [Device(name, from_ms(row.first), from_ms(row.last)) for row in rows if row.first is not None]
    return found


@lru_cache
def _ends_query(name: str) -> Select[Any]:
    step = SOURCES[name].rollup.c
    start, end = (bindparam(one, type_=BigInteger()) for one in ("start", "end"))
    within = (step.device == bindparam("device"), step.step == FIVE_MINUTES, step.at >= start, step.at < end)
    first, last = (select(which(step.at)).where(*within).scalar_subquery() for which in (func.min, func.max))
    return select(first.label("first"), last.label("last"))


@lru_cache
def _pauses_query(name: str) -> Select[Any]:
    """Return the query for the times without a roll-up of a device for at least an hour, from one up to the next.

    Only days that lack an hour, or are followed by a gap, are examined by the hour: a year has thousands of hours.
    """
    rollup = SOURCES[name].rollup
    here: Any = bindparam("device")
    day, hour, first, last = rollup.c, *(rollup.alias(one).c for one in ("h", "f", "l"))
    following = func.lead(day.at).over(order_by=day.at)
    days = select(day.at, following.label("next"), day.known_h).where(day.device == here, day.step == DAY).subquery()
    lacking = or_(func.coalesce(days.c.known_h, 0) < WHOLE_DAY_H, days.c.next - days.c.at > LONGEST_DAY_MS)
    suspects = (
        select(days.c.at, (func.coalesce(days.c.next, days.c.at) + LONGEST_DAY_MS).label("until"))
        .where(lacking)
        .subquery()
    )
    following = func.lead(hour.at).over(partition_by=suspects.c.at, order_by=hour.at)
    inside = and_(hour.at >= suspects.c.at, hour.at < suspects.c.until)
    hours = (
        select(hour.at, following.label("next"))
        .select_from(suspects)
        .where(hour.device == here, hour.step == HOUR, inside)
        .subquery()
    )
    # from the end of the last step before it up to the first one after it
    end_of = select(func.max(last.at)).where(
        last.device == here, last.step == FIVE_MINUTES, last.at >= hours.c.at, last.at < hours.c.at + HOUR_MS
    )
    begin_of = select(func.min(first.at)).where(
        first.device == here, first.step == FIVE_MINUTES, first.at >= hours.c.next, first.at < hours.c.next + HOUR_MS
    )
    end, begin = (one.scalar_subquery() for one in (end_of, begin_of))
    return select(end + STEP_MS, begin).where(hours.c.next - hours.c.at > HOUR_MS)


def day_zone(database: Database) -> tzinfo:
    """Return the time zone of the recorded days."""
    rows = rows_of(database, select(upkeep_note.c.value).where(upkeep_note.c.name == ZONE_NOTE))
    return ZoneInfo(rows[0].value) if rows else UTC


def in_parts(rollup: Table, count: int) -> ColumnElement[bool]:
    """Return the condition for the roll-ups of this many parts, whose parameters `named` returns."""
    column = rollup.c

    def of_part(index: int) -> ColumnElement[bool]:
        start, end = (bindparam(f"{name}{index}", type_=BigInteger()) for name in ("since", "until"))
        this = column.device == bindparam(f"device{index}"), column.step == bindparam(f"minutes{index}")
        return and_(*this, column.at >= start, column.at < end)

    return or_(*map(of_part, range(count)))


def named(found: Iterable[Part]) -> dict[str, Any]:
    """Return the parameters of parts."""
    names = ("device", "minutes", "since", "until")
    return {
        f"{name}{index}": value
        for index, part in enumerate(found)
        for name, value in zip(names, (part.device, part.step, part.start, part.end), strict=True)
    }


def due_since(database: Database, table: Table, device: str, *, start: datetime, end: datetime) -> datetime | None:
    """Return the first time in a period whose roll-ups or records are due; None if they are up to date."""
    earliest, source = [], SOURCES.get(table.name, INVERTERS)  # the grid is not a source, and has no sum
    for part in parts_of(database, device, to_ms(start), to_ms(end), step=FIVE_MINUTES, source=source):
        parameters = {"source": table.name, "device": part.device, "start": part.start, "end": part.end}
        earliest += [row.at for row in rows_of(database, _due_query(), parameters) if row.at is not None]
    return from_ms(min(earliest)) if earliest else None


@lru_cache
def _due_query() -> Select[Any]:
    due = rollup_due.c
    start, end = (bindparam(name, type_=BigInteger()) for name in ("start", "end"))
    these = (due.source == bindparam("source"), due.device == bindparam("device"))
    return select(func.min(due.at).label("at")).where(*these, due.at >= start, due.at < end)


def _from_rollup(connection: Connection, selection: _Selection) -> Sequence[Row[Any]]:
    one_each = all(part.step * MINUTE_MS == selection.step for part in selection.parts)
    make = _rollup_query if one_each else _rollups_query
    query = make(selection.source.rollup, selection.columns, len(selection.parts))
    buckets = {"start": selection.first, "step": selection.step}
    return connection.execute(query, named(selection.parts) | buckets).all()


@lru_cache(maxsize=64)
def _rollup_query(rollup: Table, asked: tuple[tuple[str, str], ...], count: int) -> Select[Any]:
    """Return the query for figures of some fields if a bucket is a single roll-up: there is nothing to add up."""
    columns: list[ColumnElement[Any]] = [_bucket(rollup), *(rollup.c[f"{name}_{kind}"] for name, kind in asked)]
    return select(*columns).where(in_parts(rollup, count))


@lru_cache(maxsize=64)
def _rollups_query(rollup: Table, asked: tuple[tuple[str, str], ...], count: int) -> Select[Any]:
    """Return the query for figures of some fields by bucket; building it takes longer than running it."""
    columns = [_bucket(rollup), *(_together(rollup, name, kind) for name, kind in asked)]
    return select(*columns).where(in_parts(rollup, count)).group_by(literal_column("bucket"))


def _together(rollup: Table, name: str, kind: str) -> ColumnElement[Any]:
    one, n = rollup.c[f"{name}_{kind}"], rollup.c.n
    return func.max(one) if kind == "max" else func.sum(one * n) / func.sum(case((one.is_not(None), n)))


def _bucket(rollup: Table) -> ColumnElement[Any]:
    start, step = (bindparam(name, type_=BigInteger()) for name in ("start", "step"))
    return ((rollup.c.at - start) // step).label("bucket")


def _from_readings(connection: Connection, selection: _Selection) -> Iterator[Sequence[Any]]:
    """Aggregate readings by bucket, in the shape of a roll-up query."""
    samples = chain.from_iterable(
        readings(connection, selection.source.raw, part.device, selection.fields, (part.start, part.end))
        for part in selection.parts
    )
    for bucket, group in groupby(samples, lambda sample: (sample[0] - selection.first) // selection.step):
        _, *columns = zip(*group, strict=True)
        known = [[value for value in column if value is not None] for column in columns]
        figures = [sum(values) / len(values) if values else None for values in known]
        if "max" in selection.kinds:
            figures += [max(values, default=None) for values in known]
        yield bucket, *figures


def grid_spans(database: Database, *, start: datetime, end: datetime) -> list[GridSpan]:
    """Return the successive states of the grid between `start` and `end`, without times that have no recorded state.

    A state that returns after `unknown` has its old beginning again, so each run counts separately.
    """
    return [_grid_span(span) for span in _spans_between(database, start, end)]


def outages(database: Database, *, start: datetime, end: datetime) -> list[GridSpan]:
    """Return the spans without power, and those with an unknown state, which are not outages."""
    return [_grid_span(span) for span in _spans_between(database, start, end) if span[0] is not Grid.ON]


_Span = tuple[Grid, int, int]
"""A state, its beginning and its end in ms: a thousand datetimes per year would be slow."""


def _grid_span(span: _Span) -> GridSpan:
    state, since, until = span
    return GridSpan(state, from_ms(since), from_ms(until))


def _spans_between(database: Database, start: datetime, end: datetime) -> list[_Span]:
    first, last = to_ms(start), to_ms(end)
    runs: list[GridRun] = _ask(database, lambda connection: _runs_between(connection, first, last), [])
    return list(_joined(_spans(_beginnings(runs), first, last)))


def _runs_between(connection: Connection, first: int, last: int) -> list[GridRun]:
    """Return the runs between two times, and the two before: one may still last, or show when a state began."""
    rows = connection.execute(_runs_query(), {"home": home_of(connection), "first": first, "last": last})
    return [GridRun(at, until, STATES[state], since) for at, until, state, since in rows.all()]


@lru_cache
def _runs_query() -> Select[Any]:
    run = grid_run.c
    first, last = (bindparam(name, type_=BigInteger()) for name in ("first", "last"))
    here = run.home == bindparam("home")
    latest_two = select(run.at).where(here, run.at < first).order_by(run.at.desc()).limit(2)
    within = or_(run.at.in_(latest_two), and_(run.at >= first, run.at < last))
    return select(run.at, run.last, run.state, run.since).where(here, within).order_by(run.at)


def _beginnings(runs: Iterable[GridRun]) -> Iterator[_Span]:
    """Yield state, beginning and last row of each run; a state that was interrupted begins again with its first row."""
    before: GridRun | None = None
    for run in runs:
        interrupted = before is not None and run.since < before.at
        yield run.state, run.at if interrupted else run.since, run.last
        before = run


def _spans(runs: Iterable[_Span], start: int, end: int) -> Iterator[_Span]:
    """Extend each state until the next one began, but not beyond the time it is assumed to hold."""
    known = list(runs)
    followers = [*known[1:], None] if known else []
    for (state, began, last), following in zip(known, followers, strict=True):
        since = max(start, began)
        finish = min(following[1], last + SILENCE_MS, end) if following else min(last, end)
        if finish > since:
            yield state, since, finish


def _joined(spans: Iterable[_Span]) -> Iterator[_Span]:
    """Merge adjacent spans in the same state."""
    held: _Span | None = None
    for span in spans:
        if held and held[0] is span[0] and held[2] == span[1]:
            held = held[0], held[1], span[2]
            continue
        if held:
            yield held
        held = span
    if held:
        yield held


def rows_of(database: Database, query: Select[Any], parameters: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
    """Return the rows of a query, none if there is no database yet. Raises StorageError."""
    return _ask(database, lambda connection: connection.execute(query, parameters).all(), [])


def _ask(database: Database, work: Callable[[Connection], T], nothing: T) -> T:
    """Run queries on the connection of a session, or on a new one."""
    if isinstance(database, Session):
        return database.ask(work, nothing)
    with Session(database) as session:
        return session.ask(work, nothing)
