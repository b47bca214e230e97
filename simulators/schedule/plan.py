"""What is planned: the timetable of the simulated house, unless told otherwise. Pure: the time is an argument.

Everything is minutes of the wall clock after local midnight, as the operators write it, so a day on which the clock
changes needs no care here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from simulators.mains import KYIV, Window

DAY_MIN = 1440
QUEUES = tuple(f"{number}.{half}" for number in range(1, 7) for half in (1, 2))
QUEUE_APART_MIN = DAY_MIN // len(QUEUES)
"""Every queue has the outages of the one before it, so much later."""
TOMORROW_APPEARS = time(20)

Span = tuple[int, int]


class PlanKind(StrEnum):
    """What is known of a day."""

    PLANNED = "planned"
    NONE = "none"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    EMERGENCY = "emergency"


@dataclass(frozen=True)
class Told:
    """What somebody commanded for a day. An emergency suspends the timetable, which some sources go on showing."""

    kind: PlanKind
    definite: tuple[Span, ...] = ()
    possible: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Day:
    """One day of one queue; approved is the operator's stamp."""

    kind: PlanKind
    approved: datetime
    definite: tuple[Span, ...] = ()
    possible: tuple[Span, ...] = ()

    @property
    def listed(self) -> bool:
        """Whether a source that knows no emergency shows the day at all."""
        return self.kind not in (PlanKind.UNKNOWN, PlanKind.WAITING)


@dataclass
class Plan:
    """The plan of all queues. The queue of the house has its timetable, `differ_min` later where they shall differ."""

    timetable: tuple[Window, ...]
    queue: str
    differ_min: int = 0
    tomorrow_published: bool | None = None
    """None: from 20:00 on."""
    _told: dict[date | None, Told] = field(default_factory=dict)
    _told_at: dict[date | None, datetime] = field(default_factory=dict)

    def tell(self, day: date | None, told: Told | None, now: datetime) -> None:
        """Set the plan of a day, or of every day that has none of its own; None leaves it to the timetable again."""
        if told:
            self._told[day] = told
        else:
            self._told.pop(day, None)
        self._told_at[day] = now

    def differ(self, minutes: int, now: datetime) -> None:
        """Let the plan be so much later than what the house does."""
        self.differ_min = minutes
        self._told_at[None] = now

    def publish_tomorrow(self, published: bool | None, now: datetime) -> None:
        """Publish tomorrow at once, not at all, or at the usual time."""
        self.tomorrow_published = published
        self._told_at[None] = now

    def days(self, queue: str, now: datetime) -> dict[date, Day]:
        """Return today, tomorrow and the days that were told, in order."""
        today = now.astimezone(KYIV).date()
        dates = {today, today + timedelta(days=1)} | {day for day in self._told if day}
        return {day: self.day(day, queue, now) for day in sorted(dates)}

    def day(self, day: date, queue: str, now: datetime) -> Day:
        """Return what a queue is told of a day."""
        own = self._told.get(day)
        told = own or self._told.get(None) or Told(PlanKind.PLANNED)
        kind, definite = told.kind, told.definite
        if not own and not self._published(day, now):
            kind = PlanKind.WAITING if kind in (PlanKind.PLANNED, PlanKind.NONE) else kind
        if kind is PlanKind.EMERGENCY or told == Told(PlanKind.PLANNED):
            definite = _later(spans(self.timetable), self.differ_min)
        apart = (QUEUES.index(queue) - QUEUES.index(self.queue)) * QUEUE_APART_MIN
        if kind is PlanKind.PLANNED and not definite and not told.possible:
            kind = PlanKind.NONE
        return Day(kind, self._approved(day, now), _later(definite, apart), _later(told.possible, apart))

    def _published(self, day: date, now: datetime) -> bool:
        local = now.astimezone(KYIV)
        if day <= local.date():
            return True
        if day > local.date() + timedelta(days=1):
            return False
        return local.time() >= TOMORROW_APPEARS if self.tomorrow_published is None else self.tomorrow_published

    def _approved(self, day: date, now: datetime) -> datetime:
        """Return the last command or the evening before that has passed: reading changes no stamp."""
        evenings = (datetime.combine(day - timedelta(days=back), TOMORROW_APPEARS, KYIV) for back in (1, 2))
        stamps = (*evenings, self._told_at.get(day), self._told_at.get(None))
        return max((moment for moment in stamps if moment and moment <= now), default=now)


def spans(windows: Iterable[Window]) -> tuple[Span, ...]:
    """Return what daily windows cover of a day; one over midnight covers its end and its beginning."""
    parts: list[Span] = []
    for window in windows:
        if window.begin_min <= window.end_min:
            parts.append((window.begin_min, window.end_min))
        else:
            parts += [(window.begin_min, DAY_MIN), (0, window.end_min)]
    return _merged(parts)


def _later(parts: Iterable[Span], minutes: int) -> tuple[Span, ...]:
    """Return the same day begun so much later: what leaves it at midnight comes in at the other end."""
    moved: list[Span] = []
    for begin, end in parts:
        start = (begin + minutes) % DAY_MIN
        stop = start + end - begin
        moved += [(start, min(stop, DAY_MIN)), (0, stop - DAY_MIN)]
    return _merged(moved)


def _merged(parts: Iterable[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for begin, end in sorted(part for part in parts if part[0] < part[1]):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return tuple(merged)
