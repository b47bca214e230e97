"""What a plan of outages says about a moment and a day: pure, so bot, dashboard and recorder agree.

A day that nobody published is unknown, which is never the same as a day without outages.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from shared.messages import Certainty, DayPlan, OutageSchedule, PlannedDay, Window

EARLY = timedelta(minutes=30)
"""The operator switches so long before the plan, and that still is the plan."""
STALE_AFTER = timedelta(days=1)
"""A plan that no source has confirmed for so long is called stale."""

FIRM = (DayPlan.PLANNED, DayPlan.NO_OUTAGES)
"""The states of a day whose hours can be relied on."""

BY_WEIGHT = (Certainty.DEFINITE, Certainty.UNKNOWN, Certainty.POSSIBLE)
"""Where planned outages overlap, the surer one holds; an undocumented mark of the operator's counts as nearly sure."""


class Expected(StrEnum):
    """What the plan promises for a moment."""

    LIGHT = "light"
    OUTAGE = "outage"
    POSSIBLE_OUTAGE = "possible_outage"
    EMERGENCY = "emergency"
    WAITING = "waiting"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Status:
    """What is expected at a moment: the window it lies in, and whether the plan behind it is stale."""

    expected: Expected
    window: Window | None = None
    stale: bool = False


@dataclass(frozen=True)
class Change:
    """The next time that the plan switches the light off or on.

    is_open says that the plan ends there, so that an outage may well go on: the next day is not published yet.
    """

    at: datetime
    light: bool
    window: Window
    is_open: bool = False


@dataclass(frozen=True)
class Day:
    """A day as people read it: its state, its windows cut at midnight, and the time without light in total."""

    day: date
    state: DayPlan
    windows: tuple[Window, ...] = ()
    total: timedelta = timedelta()
    possible: timedelta = timedelta()
    confirmed_at: datetime | None = None


def status_at(plan: OutageSchedule | None, now: datetime) -> Status:
    """Return what the plan promises for a moment."""
    if plan is None:
        return Status(Expected.UNKNOWN)
    stale, today = is_stale(plan, now), local_day(now, plan.time_zone)
    window = next((one for one in plan.windows if one.start <= now < one.end), None)
    state = state_of(plan, today)
    if state is DayPlan.EMERGENCY:
        return Status(Expected.EMERGENCY, window, stale)
    if window:
        possible = window.certainty is Certainty.POSSIBLE
        return Status(Expected.POSSIBLE_OUTAGE if possible else Expected.OUTAGE, window, stale)
    by_state = {DayPlan.WAITING: Expected.WAITING, DayPlan.UNKNOWN: Expected.UNKNOWN}
    return Status(by_state.get(state, Expected.LIGHT), None, stale)


def next_outage(plan: OutageSchedule | None, now: datetime, *, possible: bool = False) -> Window | None:
    """Return the planned outage we are in, or else the nearest one ahead; merely possible ones only where asked for."""
    windows = plan.windows if plan else ()
    return next((one for one in windows if one.end > now and (possible or one.certainty in BY_WEIGHT[:2])), None)


def next_change(plan: OutageSchedule | None, now: datetime, *, possible: bool = False) -> Change | None:
    """Return when the light goes or comes back next by plan, across days; None where nothing known says so."""
    window = next_outage(plan, now, possible=possible)
    if plan is None or window is None:
        return None
    if window.start > now:
        return Change(window.start, light=False, window=window)
    return Change(window.end, light=True, window=window, is_open=not _is_followed(plan, window.end))


def days_ahead(plan: OutageSchedule | None, now: datetime, count: int = 3) -> list[Day]:
    """Return today and the days after it; those of which nothing is known are `unknown`."""
    zone = plan.time_zone if plan else "Europe/Kyiv"
    today = local_day(now, zone)
    return [day_of(plan, today + timedelta(days=ahead)) for ahead in range(count)]


def day_of(plan: OutageSchedule | None, day: date) -> Day:
    """Return what the plan says of a day."""
    known = _known(plan, day)
    if plan is None or known is None:
        return Day(day, DayPlan.UNKNOWN)
    windows = within(plan.windows, *bounds(day, plan.time_zone))
    total = sum((one.end - one.start for one in windows if one.certainty is not Certainty.POSSIBLE), timedelta())
    every = sum((one.end - one.start for one in windows), timedelta())
    return Day(day, known.state, windows, total, every - total, known.confirmed_at)


def state_of(plan: OutageSchedule | None, day: date) -> DayPlan:
    """Return the state of a day, unknown where the plan does not name it."""
    known = _known(plan, day)
    return known.state if known else DayPlan.UNKNOWN


def is_stale(plan: OutageSchedule, now: datetime) -> bool:
    """Return whether there is a plan that no source has confirmed for a day."""
    return plan.fetched_at is not None and now - plan.fetched_at > STALE_AFTER


def local_day(now: datetime, zone: str) -> date:
    """Return the date on the wall at a moment."""
    return now.astimezone(ZoneInfo(zone)).date()


def bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """Return the first moment of a day and of the next: 23, 24 or 25 hours."""
    return wall(day, 0, zone), wall(day, 1440, zone)


def wall(day: date, minute: int, zone: str) -> datetime:
    """Return the moment when the wall clock shows so many minutes after midnight; 1440 is the next midnight.

    A time that the clock skips in spring is the moment of the skip; of the one shown twice in autumn it is the first.
    """
    tz = ZoneInfo(zone)
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    while not _exists(local, tz):
        local += timedelta(minutes=1)
    return local.replace(tzinfo=tz).astimezone(UTC)


def overlap(start: datetime, end: datetime, window: Window) -> timedelta:
    """Return how much of a time lies in a window; less than nothing is how far they are apart."""
    return min(window.end, end) - max(window.start, start)


def within(windows: Iterable[Window], start: datetime, end: datetime) -> tuple[Window, ...]:
    """Return windows cut to a time."""
    return tuple(
        one.model_copy(update={"start": max(one.start, start), "end": min(one.end, end)})
        for one in windows
        if one.start < end and one.end > start
    )


def merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Return windows sorted, those that touch made one, and each moment in one window only: the surest."""
    given, taken = list(windows), list[Window]()
    for certainty in BY_WEIGHT:
        alike = _joined(one for one in given if one.certainty is certainty)
        taken += [part for one in alike for part in _without(one, taken)]
    return tuple(sorted(taken, key=lambda one: one.start))


def _joined(windows: Iterable[Window]) -> list[Window]:
    result: list[Window] = []
    for one in sorted(windows, key=lambda window: window.start):
        if result and one.start <= result[-1].end:
            result[-1] = result[-1].model_copy(update={"end": max(result[-1].end, one.end)})
        else:
            result.append(one)
    return result


def _without(window: Window, others: Sequence[Window]) -> list[Window]:
    """Cut out of a window what others cover."""
    left, start = list[Window](), window.start
    for other in sorted(others, key=lambda one: one.start):
        if other.end <= start or other.start >= window.end:
            continue
        if other.start > start:
            left.append(window.model_copy(update={"start": start, "end": other.start}))
        start = max(start, other.end)
    if start < window.end:
        left.append(window.model_copy(update={"start": start}))
    return left


def _known(plan: OutageSchedule | None, day: date) -> PlannedDay | None:
    return next((one for one in plan.days if one.day == day), None) if plan else None


def _is_followed(plan: OutageSchedule, end: datetime) -> bool:
    """Whether the plan knows what comes after an outage's end."""
    return state_of(plan, local_day(end, plan.time_zone)) in FIRM


def _exists(local: datetime, tz: ZoneInfo) -> bool:
    return local.replace(tzinfo=tz).astimezone(UTC).astimezone(tz).replace(tzinfo=None) == local
