"""Keeps the tables of grid runs and outages up to date as rows arrive, in any order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from services.recorder.energy import integrate
from services.recorder.outage_rules import OutageSpan, ScheduleMatch, find_outages, match_schedule
from shared.energy import GAP_MS
from shared.history.derived import grid_run, outage
from shared.history.grid_run import SILENCE, GridRun, merge_runs
from shared.history.grid_runs import runs_from_rows, stored_runs
from shared.history.homes import in_home, split_name
from shared.history.past_schedules import COLUMNS, versions_of
from shared.history.readings import ALWAYS, devices, readings
from shared.history.tables import MILLISECOND, from_ms, grid_state, inverter_state, outage_schedule, to_ms
from shared.live_figures import ALL
from shared.messages import Grid, OutageSchedule

VARIABLES = 500
"""The most variables in one statement: SQLite has a limit."""
PUBLISHED_WITHIN = timedelta(days=3)
"""How long after the beginning of an outage a version of the schedule may still include it."""


@dataclass(frozen=True)
class Scope:
    """The home whose outages are recomputed, the zone of its days, and the present time as the end of a running one."""

    home: str
    zone: tzinfo
    now: datetime


def refresh(connection: Connection, scope: Scope, start: int, end: int) -> None:
    """Recompute the runs and outages that overlap the rows of grid_state from `start` up to `end`."""
    refresh_runs(connection, scope.home, start, end)
    _refresh_outages(connection, scope, start, end)


def refresh_runs(connection: Connection, home: str, start: int, end: int) -> None:
    """Replace the runs between `start` and `end` by those of the rows, and merge across the borders."""
    left, right = _run_before(connection, home, start), _run_after(connection, home, end)
    runs = merge_runs([*left, *runs_from_rows(connection, home, start, end), *right])
    replaced = grid_run.c.at >= (left[0].at if left else start), grid_run.c.at <= (right[0].last if right else end - 1)
    connection.execute(delete(grid_run).where(grid_run.c.home == home, *replaced))
    if runs:
        connection.execute(insert(grid_run), [run._asdict() | {"home": home, "state": run.state.value} for run in runs])


def _run_before(connection: Connection, home: str, start: int) -> list[GridRun]:
    """Return the last run that began before `start`, up to its last row before it."""
    newest = select(func.max(grid_run.c.at)).where(grid_run.c.home == home, grid_run.c.at < start).scalar_subquery()
    runs = stored_runs(connection, home, grid_run.c.at == newest)
    return [
        run
        if run.last < start
        else GridRun(run.at, _edge(connection, home, func.max, grid_state.c.at < start) or run.at, run.state, run.since)
        for run in runs
    ]


def _run_after(connection: Connection, home: str, end: int) -> list[GridRun]:
    """Return the first run with rows at or after `end`, from its first row there."""
    oldest = select(func.min(grid_run.c.at)).where(grid_run.c.home == home, grid_run.c.last >= end).scalar_subquery()
    runs = stored_runs(connection, home, grid_run.c.at == oldest)
    return [run if run.at >= end else _cut(connection, home, run, end) for run in runs]


def _cut(connection: Connection, home: str, run: GridRun, end: int) -> GridRun:
    first = _edge(connection, home, func.min, grid_state.c.at >= end) or run.last
    return GridRun(first, run.last, run.state, run.since)


def _edge(connection: Connection, home: str, which: Any, condition: Any) -> int | None:
    device = grid_state.c.device == in_home(home, "grid")
    return connection.execute(select(which(grid_state.c.at)).where(device, condition)).scalar()


def _refresh_outages(connection: Connection, scope: Scope, start: int, end: int) -> None:
    """Recompute from the run with power before until the one after, so that no outage is cut in two."""
    run = grid_run.c
    on = (run.home == scope.home, run.state == Grid.ON.value)
    before = connection.execute(select(func.max(run.at)).where(*on, run.last < start)).scalar() or ALWAYS[0]
    after = connection.execute(select(func.min(run.at)).where(*on, run.at >= end)).scalar() or ALWAYS[1]
    runs = stored_runs(connection, scope.home, run.at >= before, run.at <= after)
    # the outage that follows the run at `after` may start at that very moment, and stays
    replaced = outage.c.home == scope.home, outage.c.start >= before, outage.c.start < after
    connection.execute(delete(outage).where(*replaced))
    for span in find_outages(runs, SILENCE // MILLISECOND, _transitions(connection, scope.home, runs)):
        values = _figures(connection, scope, span) | _schedule_columns(connection, scope, span)
        connection.execute(insert(outage), {"home": scope.home, "start": span.start, "end": span.end, **values})


def _transitions(connection: Connection, home: str, runs: Sequence[GridRun]) -> dict[int, str | None]:
    """Return the change of the grid that began each run without power, if its first row is still kept."""
    row, found = grid_state.c, dict[int, str | None]()
    starts = [run.at for run in runs if run.state is Grid.OFF]
    for first in range(0, len(starts), VARIABLES):
        these = (row.device == in_home(home, "grid"), row.at.in_(starts[first : first + VARIABLES]))
        query = select(row.at, row.transition_id).where(*these)
        found |= {one.at: one.transition_id for one in connection.execute(query)}
    return found


def homes_with_outages(connection: Connection, homes: Sequence[str], start: int, end: int) -> list[str]:
    """Return which of some homes have outages that overlap readings of an inverter from `start` up to `end`."""
    query = select(outage.c.home).where(outage.c.home.in_(homes), _overlapping(start, end)).distinct()
    return sorted(connection.execute(query).scalars())


def _overlapping(start: int, end: int) -> Any:
    return and_(outage.c.start < end + GAP_MS, or_(outage.c.end.is_(None), outage.c.end >= start - GAP_MS))


def refresh_figures(connection: Connection, scope: Scope, start: int, end: int) -> None:
    """Recompute the figures of the outages that overlap readings of an inverter from `start` up to `end`."""
    for span in _stored_spans(connection, scope.home, _overlapping(start, end)):
        _update(connection, scope.home, span, _figures(connection, scope, span))


def refresh_schedule(connection: Connection, scope: Scope, start: int) -> None:
    """Match again the outages that a version of the schedule received at `start` may include."""
    lasted = or_(outage.c.end.is_(None), outage.c.end >= start)
    unknown = and_(outage.c.planned.is_(None), outage.c.start >= start - PUBLISHED_WITHIN // MILLISECOND)
    for span in _stored_spans(connection, scope.home, or_(lasted, unknown)):
        _update(connection, scope.home, span, _schedule_columns(connection, scope, span))


def _update(connection: Connection, home: str, span: OutageSpan, values: dict[str, Any]) -> None:
    this = outage.c.home == home, outage.c.start == span.start
    connection.execute(update(outage).where(*this).values(values))


def _stored_spans(connection: Connection, home: str, condition: Any) -> list[OutageSpan]:
    query = select(outage.c.start, outage.c.end).where(outage.c.home == home, condition)
    return [OutageSpan(*row) for row in connection.execute(query)]


def _schedule_columns(connection: Connection, scope: Scope, span: OutageSpan) -> dict[str, Any]:
    start, end = from_ms(span.start), None if span.end is None else from_ms(span.end)
    return _columns(match_schedule(_versions(connection, scope.home, span.start), start, end, scope.now))


def _versions(connection: Connection, home: str, start: int) -> list[OutageSchedule]:
    """Return the version that was known when an outage began, and those after it that may still include it."""
    at, of_home = outage_schedule.c.at, outage_schedule.c.device == in_home(home, "outage")
    known = select(func.max(at)).where(of_home, at <= start).scalar_subquery()
    later = (at >= func.coalesce(known, start), at <= start + PUBLISHED_WITHIN // MILLISECOND)
    return versions_of(connection.execute(select(*COLUMNS).where(of_home, *later).order_by(at)))


def _columns(match: ScheduleMatch) -> dict[str, Any]:
    def minutes(delay: timedelta | None) -> float | None:
        return None if delay is None else delay.total_seconds() / 60

    return {
        "planned": match.planned,
        "plan_start": match.window and to_ms(match.window.start),
        "plan_end": match.window and to_ms(match.window.end),
        "start_late_min": minutes(match.start_delay),
        "end_late_min": minutes(match.end_delay),
    }


class _Figures(NamedTuple):
    """What one inverter measured during an outage."""

    battery_kwh: float | None
    soc_from_percent: float | None
    soc_to_percent: float | None
    load_max_w: float | None


def _figures(connection: Connection, scope: Scope, span: OutageSpan) -> dict[str, Any]:
    """Return the figures of an outage: those of several inverters are summed, their states of charge averaged."""
    end = to_ms(scope.now) if span.end is None else span.end
    each_name = ((name, *split_name(name)) for name in devices(connection, inverter_state, scope.home))
    names = [name for name, home, inverter in each_name if home == scope.home and inverter != ALL]
    each = [_figures_of(connection, name, span.start, max(end, span.start + 1)) for name in names]
    return {
        "battery_kwh": _total(one.battery_kwh for one in each),
        "soc_from_percent": _mean(one.soc_from_percent for one in each),
        "soc_to_percent": _mean(one.soc_to_percent for one in each),
        "load_max_w": _total(one.load_max_w for one in each),
    }


def _total(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _figures_of(connection: Connection, name: str, start: int, end: int) -> _Figures:
    fields = ("battery_power_w", "battery_soc_percent", "load_power_w")
    samples = list(readings(connection, inverter_state, name, fields, (start - GAP_MS, end + GAP_MS + 1)))
    (energy,) = integrate([(at, watts) for at, watts, _, _ in samples if watts is not None], [start, end])
    within = [sample for sample in samples if start <= sample[0] <= end]
    charges, loads = ([sample[index] for sample in within if sample[index] is not None] for index in (2, 3))
    return _Figures(
        battery_kwh=energy.negative if energy else None,
        soc_from_percent=charges[0] if charges else None,
        soc_to_percent=charges[-1] if charges else None,
        load_max_w=max(loads, default=None),
    )
