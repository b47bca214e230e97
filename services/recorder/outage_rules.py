"""Finds outages in the runs of the grid, and matches them with the schedule that was known at the time. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from shared.freshness import SAME_STATE_WITHIN
from shared.history.grid_run import GridRun
from shared.messages import Grid, OutageSchedule, Window
from shared.outages import Expected, Judgement, judge, succession


@dataclass(frozen=True)
class OutageSpan:
    """When the power was off, in ms; the end is None while it still is."""

    start: int
    end: int | None


Transitions = Mapping[int, str | None]
"""The id of the change of the grid that began a run, by the run's first moment."""


def find_outages(
    runs: Sequence[GridRun], silence_ms: int, transitions: Transitions = MappingProxyType({})
) -> Iterator[OutageSpan]:
    """Yield the outages within runs that are ordered by time.

    An outage that reappears with the same beginning is the same one. So is one that cannot be a new one: `since` was
    moved with the clock, or the poller was away for an unknown time. It ends when the next known state began, or, if
    that came too late, at the last moment at which it was still assumed.
    """
    off: list[GridRun] = []
    before: GridRun | None = None  # the last run with power
    unknown: GridRun | None = None
    for run in runs:
        if run.state == Grid.UNKNOWN:
            unknown = unknown or run
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
class ScheduleMatch:
    """The window an outage belongs to and its delays, negative if early; planned is None if no schedule was known."""

    planned: bool | None
    window: Window | None = None
    start_delay: timedelta | None = None
    end_delay: timedelta | None = None


RESOLUTION = timedelta(minutes=1)
PLANNED = {
    Expected.OUTAGE: True,
    Expected.POSSIBLE_OUTAGE: True,
    Expected.POWER: False,
    Expected.EMERGENCY: False,
    Expected.WAITING: None,
    Expected.UNKNOWN: None,
}


def match_schedule(
    versions: Sequence[OutageSchedule], start: datetime, end: datetime | None, now: datetime
) -> ScheduleMatch:
    """Match an outage with the schedule, as page and bot judge it at its end, or now while it lasts.

    versions begin with the one that was known when it began. The window has its beginning by the first of them and its
    end by the last. If nothing was known by its end, the first version that includes its day decides.
    """
    until, found, first = end or now, Judgement(Expected.UNKNOWN), None
    for version in succession(versions):
        if version.at > until and PLANNED[found.expected] is not None:
            break
        found = judge(version, start, until)
        first = first or found.planned
    if found.planned is None or first is None:
        return ScheduleMatch(PLANNED[found.expected])
    window = found.planned.model_copy(update={"start": min(first.start, found.planned.end - RESOLUTION)})
    return ScheduleMatch(True, window, start - first.start, end - window.end if end else None)
