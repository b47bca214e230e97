"""Outages from the runs of the grid's states, and what was planned of them, pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from shared.messages import Certainty, DayPlan, Grid, Window
from shared.outages import EARLY, overlap


@dataclass(frozen=True)
class Run:
    """Rows of grid_state that say the same: the first, the last, the state, since when it holds."""

    at: int
    last: int
    state: str
    since: int


@dataclass(frozen=True)
class Off:
    """The mains was away from `start` to `end`, or still is."""

    start: int
    end: int | None


def joined(runs: Iterable[Run]) -> list[Run]:
    """Make one of neighbours that say the same."""
    made: list[Run] = []
    for run in runs:
        if made and (made[-1].state, made[-1].since) == (run.state, run.since):
            made[-1] = Run(made[-1].at, run.last, run.state, run.since)
        else:
            made.append(run)
    return made


def outages(runs: Sequence[Run], silence_ms: int) -> Iterator[Off]:
    """Return the outages among runs in order of time.

    One that shows the same beginning again after `unknown` is the same one. Its end is the beginning of the next state
    that was confirmed; where nobody could tell by then, the last moment at which it was believed.
    """
    off: list[Run] = []
    before: Run | None = None  # the last run with the mains
    unknown: Run | None = None
    for run in runs:
        if run.state == Grid.UNKNOWN:
            unknown = unknown or (run if off else None)
            continue
        if off and (run.state == Grid.ON or run.since != off[-1].since):
            yield Off(_start(off[0], before), _end(off[-1], unknown or run, silence_ms))
            off = []
        if run.state == Grid.OFF:
            off.append(run)
        else:
            before = run
        unknown = None
    if off:
        yield Off(_start(off[0], before), _end(off[-1], unknown, silence_ms) if unknown else None)


def _start(first: Run, before: Run | None) -> int:
    return max(first.since, before.last) if before else first.since


def _end(last: Run, following: Run, silence_ms: int) -> int:
    return max(last.last, min(following.since, last.last + silence_ms))


@dataclass(frozen=True)
class Plan:
    """A version of the schedule: its windows, and what it said of each day."""

    windows: Sequence[Window]
    days: dict[date, DayPlan] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """Whether an outage was planned (None: nobody knew a plan), by which window, and how late it was: - is early."""

    planned: bool | None
    window: Window | None = None
    start_late: timedelta | None = None
    end_late: timedelta | None = None


def match(plan: Plan | None, start: datetime, end: datetime | None, now: datetime, day: date) -> Match:
    """Compare an outage with the plan that was known when it began; `day` is its local date."""
    if plan is None:
        return Match(None)
    finish = end or max(now, start)
    near = [window for window in plan.windows if window.start - EARLY <= finish and window.end >= start]
    if not near:
        known = plan.days.get(day, DayPlan.UNKNOWN) not in (DayPlan.UNKNOWN, DayPlan.WAITING)
        return Match(False if known else None)
    best = max(near, key=lambda window: (overlap(start, finish, window), window.certainty is Certainty.DEFINITE))
    return Match(True, best, start - best.start, end - best.end if end else None)
