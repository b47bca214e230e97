"""Runs of the grid's states and outages as records, kept up with what comes in."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import TypeAdapter
from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from services.recorder.integrate import GAP_MS, energy
from services.recorder.plan import Match, Off, Plan, Run, joined, match, outages
from shared.history.derived import MINUTE_MS, grid_run, outage
from shared.history.readings import devices, readings
from shared.history.tables import from_ms, grid_state, inverter_state, outage_schedule, to_ms
from shared.messages import DayPlan, Grid, Window

SILENCE_MS = 5 * MINUTE_MS
WINDOWS = TypeAdapter(list[Window])
DAYS = TypeAdapter(dict[date, DayPlan])


def renew(connection: Connection, start: int, end: int, zone: tzinfo, now: datetime) -> None:
    """Make the runs and outages anew that rows of grid_state from `start` up to `end` have a part in."""
    _renew_runs(connection, start, end)
    _renew_outages(connection, start, end, zone, now)


def _renew_runs(connection: Connection, start: int, end: int) -> None:
    """Cut the runs at `start` and `end`, put what the rows in between say there, and join what fits together."""
    left, right = _left(connection, start), _right(connection, end)
    made = joined([*left, *_told(connection, start, end), *right])
    inside = grid_run.c.at >= (left[0].at if left else start), grid_run.c.at <= (right[0].last if right else end - 1)
    connection.execute(delete(grid_run).where(*inside))
    if made:
        connection.execute(insert(grid_run), [vars(run) for run in made])


def _left(connection: Connection, start: int) -> list[Run]:
    run = grid_run.c
    row = connection.execute(select(grid_run).where(run.at < start).order_by(run.at.desc()).limit(1)).first()
    if row is None:
        return []
    last = row.last if row.last < start else _edge(connection, func.max, grid_state.c.at < start)
    return [Run(row.at, last or row.at, row.state, row.since)]


def _right(connection: Connection, end: int) -> list[Run]:
    """Return the run that goes on at `end`, without its part before, or else the one that begins next."""
    run = grid_run.c
    row = connection.execute(select(grid_run).where(run.last >= end).order_by(run.at).limit(1)).first()
    if row is None:
        return []
    at = row.at if row.at >= end else _edge(connection, func.min, grid_state.c.at >= end)
    return [Run(at or row.last, row.last, row.state, row.since)]


def _edge(connection: Connection, which: Any, condition: Any) -> int | None:
    return connection.execute(select(which(grid_state.c.at)).where(grid_state.c.device == "grid", condition)).scalar()


def _told(connection: Connection, start: int, end: int) -> Iterable[Run]:
    row = grid_state.c
    query = select(row.at, row.state, row.since).where(row.device == "grid", row.at >= start, row.at < end)
    for at, state, since in connection.execute(query.order_by(row.at)):
        yield Run(at, at, state, since)


def _renew_outages(connection: Connection, start: int, end: int, zone: tzinfo, now: datetime) -> None:
    """From the mains before to the mains after, so that no outage is cut."""
    run = grid_run.c
    on = run.state == Grid.ON
    before = connection.execute(select(func.max(run.at)).where(on, run.last < start)).scalar()
    after = connection.execute(select(func.min(run.at)).where(on, run.at >= end)).scalar()
    here = [run.at >= before] if before is not None else []
    here += [run.at <= after] if after is not None else []
    rows = connection.execute(select(run.at, run.last, run.state, run.since).where(*here).order_by(run.at))
    runs = [Run(*row) for row in rows]
    here = [outage.c.start >= before] if before is not None else []
    here += [outage.c.start <= after] if after is not None else []
    connection.execute(delete(outage).where(*here))
    for off in outages(runs, SILENCE_MS):
        values = _figures(connection, off, now) | _plan(connection, off, zone, now)
        connection.execute(insert(outage), {"start": off.start, "end": off.end, **values})


def renew_figures(connection: Connection, start: int, end: int, now: datetime) -> None:
    """Measure the outages anew that readings of an inverter from `start` up to `end` have a part in."""
    overlapping = and_(outage.c.start < end + GAP_MS, or_(outage.c.end.is_(None), outage.c.end >= start - GAP_MS))
    for off in _stored(connection, overlapping):
        values = _figures(connection, off, now)
        connection.execute(update(outage).where(outage.c.start == off.start).values(values))


def renew_plans(connection: Connection, start: int, zone: tzinfo, now: datetime) -> None:
    """Compare the outages with the plan anew that began when a version of it from `start` on was known."""
    for off in _stored(connection, outage.c.start >= start):
        values = _plan(connection, off, zone, now)
        connection.execute(update(outage).where(outage.c.start == off.start).values(values))


def _stored(connection: Connection, condition: Any) -> list[Off]:
    return [Off(*row) for row in connection.execute(select(outage.c.start, outage.c.end).where(condition))]


def _plan(connection: Connection, off: Off, zone: tzinfo, now: datetime) -> dict[str, Any]:
    known = outage_schedule.c
    columns = (known.windows, known.days, known.time_zone)
    newest = select(*columns).where(known.at <= off.start).order_by(known.at.desc()).limit(1)
    row = connection.execute(newest).first()
    start, end = from_ms(off.start), None if off.end is None else from_ms(off.end)
    plan = Plan(WINDOWS.validate_json(row.windows), DAYS.validate_json(row.days)) if row else None
    found = match(plan, start, end, now, start.astimezone(_zone(row.time_zone, zone) if row else zone).date())
    return _columns(found)


def _columns(found: Match) -> dict[str, Any]:
    def minutes(late: Any) -> float | None:
        return None if late is None else late.total_seconds() / 60

    return {
        "planned": found.planned,
        "plan_start": found.window and to_ms(found.window.start),
        "plan_end": found.window and to_ms(found.window.end),
        "start_late_min": minutes(found.start_late),
        "end_late_min": minutes(found.end_late),
    }


def _zone(name: str | None, otherwise: tzinfo) -> tzinfo:
    try:
        return ZoneInfo(name) if name else otherwise
    except (ValueError, ZoneInfoNotFoundError):
        return otherwise


def _figures(connection: Connection, off: Off, now: datetime) -> dict[str, Any]:
    """Return what the battery gave and how far its charge fell; of several inverters the sum, and the mean charge."""
    end = to_ms(now) if off.end is None else off.end
    told = [
        _of_inverter(connection, name, off.start, max(end, off.start + 1))
        for name in devices(connection, inverter_state)
    ]

    def known(name: str) -> list[float]:
        return [value for figures in told if (value := figures[name]) is not None]

    kwh, begin, finish, load = (known(name) for name in ("kwh", "from", "to", "load"))
    return {
        "battery_kwh": sum(kwh) if kwh else None,
        "soc_from_percent": sum(begin) / len(begin) if begin else None,
        "soc_to_percent": sum(finish) / len(finish) if finish else None,
        "load_max_w": sum(load) if load else None,
    }


def _of_inverter(connection: Connection, name: str, start: int, end: int) -> Mapping[str, float | None]:
    fields = ("battery_power_w", "battery_soc_percent", "load_power_w")
    told = list(readings(connection, inverter_state, name, fields, (start - GAP_MS, end + GAP_MS + 1)))
    (flow,) = energy([(at, watts) for at, watts, _, _ in told if watts is not None], [start, end])
    inside = [reading for reading in told if start <= reading[0] <= end]
    charges, loads = ([reading[index] for reading in inside if reading[index] is not None] for index in (2, 3))
    return {
        "kwh": flow.given if flow else None,
        "from": charges[0] if charges else None,
        "to": charges[-1] if charges else None,
        "load": max(loads, default=None),
    }
