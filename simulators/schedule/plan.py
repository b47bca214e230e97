"""The outage plan: the timetable of the simulated house unless a command changes it. Pure: time is an argument.

All times are minutes after local midnight by the wall clock, as the operators publish them, so days with a clock
change need no special care.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from simulators.mains import KYIV, Window

DAY_MIN = 1440
QUEUES = tuple(f"{number}.{half}" for number in range(1, 7) for half in (1, 2))
QUEUE_APART_MIN = DAY_MIN // len(QUEUES)
"""Each queue has the outages of the previous one, shifted by this."""
TOMORROW_APPEARS = time(20)

Span = tuple[int, int]


class PlanKind(StrEnum):
    """What is known about a day."""

    PLANNED = "planned"
    NONE = "none"
    UNKNOWN = "unknown"
    WAITING = "waiting"
    EMERGENCY = "emergency"


@dataclass(frozen=True)
class PlannedDay:
    """The plan of a day, set by command. An emergency suspends the timetable, which some sources keep showing."""

    kind: PlanKind
    definite: tuple[Span, ...] = ()
    possible: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Day:
    """One day of one queue; approved is the operator's timestamp."""

    kind: PlanKind
    approved: datetime
    definite: tuple[Span, ...] = ()
    possible: tuple[Span, ...] = ()

    @property
    def listed(self) -> bool:
        """Whether sources without an emergency status list the day at all."""
        return self.kind not in (PlanKind.UNKNOWN, PlanKind.WAITING)


@dataclass
class OutagePlan:
    """The plan of all queues. The queue of the house follows its timetable, shifted by `differ_min`."""

    timetable: tuple[Window, ...]
    queue: str
    differ_min: int = 0
    tomorrow_published: bool | None = None
    """None: from 20:00 on."""
    _set_days: dict[date | None, PlannedDay] = field(default_factory=dict)
    _changed_at: dict[date | None, datetime] = field(default_factory=dict)

    def set_day(self, day: date | None, planned: PlannedDay | None, now: datetime) -> None:
        """Set the plan of a day, or of all days without their own (None); planned None restores the timetable."""
        if planned:
            self._set_days[day] = planned
        else:
            self._set_days.pop(day, None)
        self._changed_at[day] = now

    def shift(self, minutes: int, now: datetime) -> None:
        """Shift the published plan against the real outages of the house."""
        self.differ_min = minutes
        self._changed_at[None] = now

    def publish_tomorrow(self, published: bool | None, now: datetime) -> None:
        """Publish tomorrow at once, not at all, or at the usual time."""
        self.tomorrow_published = published
        self._changed_at[None] = now

    def days(self, queue: str, now: datetime) -> dict[date, Day]:
        """Return today, tomorrow and the days that were set, in order."""
        today = now.astimezone(KYIV).date()
        dates = {today, today + timedelta(days=1)} | {day for day in self._set_days if day}
        return {day: self.day(day, queue, now) for day in sorted(dates)}

    def day(self, day: date, queue: str, now: datetime) -> Day:
        """Return the plan of one day for a queue."""
        own = self._set_days.get(day)
        planned = own or self._set_days.get(None) or PlannedDay(PlanKind.PLANNED)
        kind, definite = planned.kind, planned.definite
        if not own and not self._published(day, now):
            kind = PlanKind.WAITING if kind in (PlanKind.PLANNED, PlanKind.NONE) else kind
        if kind is PlanKind.EMERGENCY or planned == PlannedDay(PlanKind.PLANNED):
            definite = _later(spans(self.timetable), self.differ_min)
        apart = (QUEUES.index(queue) - QUEUES.index(self.queue)) * QUEUE_APART_MIN
        if kind is PlanKind.PLANNED and not definite and not planned.possible:
            kind = PlanKind.NONE
        return Day(kind, self._approved(day, now), _later(definite, apart), _later(planned.possible, apart))

    def _published(self, day: date, now: datetime) -> bool:
        local = now.astimezone(KYIV)
        if day <= local.date():
            return True
        if day > local.date() + timedelta(days=1):
            return False
        return local.time() >= TOMORROW_APPEARS if self.tomorrow_published is None else self.tomorrow_published

    def _approved(self, day: date, now: datetime) -> datetime:
        """Return the time of the last command or of the last publishing evening, whichever is later."""
        evenings = (datetime.combine(day - timedelta(days=back), TOMORROW_APPEARS, KYIV) for back in (1, 2))
        stamps = (*evenings, self._changed_at.get(day), self._changed_at.get(None))
        return max((moment for moment in stamps if moment and moment <= now), default=now)


def spans(windows: Iterable[Window]) -> tuple[Span, ...]:
    """Return the parts of a day that daily windows cover; one over midnight covers the end and the start."""
    parts: list[Span] = []
    for window in windows:
        if window.begin_min <= window.end_min:
            parts.append((window.begin_min, window.end_min))
        else:
            parts += [(window.begin_min, DAY_MIN), (0, window.end_min)]
    return _merged(parts)


def _later(parts: Iterable[Span], minutes: int) -> tuple[Span, ...]:
    """Shift spans within the day; what passes midnight wraps around."""
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
