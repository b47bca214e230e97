"""Finds outages in the runs of the grid, and matches them with the schedule that was known at the time. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType

from shared.freshness import SAME_STATE_WITHIN
from shared.history.grid_run import GridRun
from shared.messages import DayState, Grid, Window
from shared.outages import planned_window


@dataclass(frozen=True)
class OutageSpan:
    """When the power was off, in ms; the end is None while it still is."""

    start: int
    end: int | None


Transitions = Mapping[int, str | None]
"""By the first moment of a run, the id of the change of the grid that it goes back to."""


def find_outages(
    runs: Sequence[GridRun], silence_ms: int, transitions: Transitions = MappingProxyType({})
) -> Iterator[OutageSpan]:
    """Yield the outages within runs that are ordered by time.

    An outage that reappears with the same beginning is the same one. So is one that cannot have begun anew: `since` was
    moved with the clock, or the poller was away for a while and does not know how long. It ends when the next known
    state began; if nobody knew by then, at the last moment it was still assumed.
    """
    off: list[GridRun] = []
    before: GridRun | None = None  # the last run with power
    unknown: GridRun | None = None
    for run in runs:
        if run.state == Grid.UNKNOWN:
            unknown = unknown or (run if off else None)
            continue
        if off and (run.state == Grid.ON or not _is_same(off, run, transitions)):
            yield OutageSpan(_start(off[0], before), _end(off[-1], unknown or run, silence_ms))
            off = []
        if run.state == Grid.OFF:
            off.append(run)
        else:
            before = run
        unknown = None
    if off:
        yield OutageSpan(_start(off[0], before), _end(off[-1], unknown, silence_ms) if unknown else None)


def _is_same(off: Sequence[GridRun], run: GridRun, transitions: Transitions) -> bool:
    if run.since <= off[-1].last:
        return True
    transition = transitions.get(off[-1].at)
    is_near = run.since - off[-1].last <= SAME_STATE_WITHIN // timedelta(milliseconds=1)
    return is_near and transition is not None and transition == transitions.get(run.at)


def _start(first: GridRun, before: GridRun | None) -> int:
    return max(first.since, before.last) if before else first.since


def _end(last: GridRun, following: GridRun, silence_ms: int) -> int:
    return max(last.last, min(following.since, last.last + silence_ms))


@dataclass(frozen=True)
class ScheduleVersion:
    """A published version of the outage schedule: its windows and the state of each day."""

    windows: Sequence[Window]
    days: dict[date, DayState] = field(default_factory=dict)


@dataclass(frozen=True)
class ScheduleMatch:
    """The window an outage belongs to and its delays, negative if early; planned is None if no schedule was known."""

    planned: bool | None
    window: Window | None = None
    start_delay: timedelta | None = None
    end_delay: timedelta | None = None


def match_schedule(schedule: ScheduleVersion | None, start: datetime, end: datetime | None, day: date) -> ScheduleMatch:
    """Match an outage with the schedule that was known when it began; `day` is its local date."""
    if schedule is None:
        return ScheduleMatch(None)
    state = schedule.days.get(day, DayState.UNKNOWN)
    best = planned_window(schedule.windows, start)
    if best is None or state is DayState.EMERGENCY:
        return ScheduleMatch(None if state in (DayState.UNKNOWN, DayState.WAITING) else False)
    return ScheduleMatch(True, best, start - best.start, end - best.end if end else None)
