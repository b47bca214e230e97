"""What the outage schedule says about a time or a day; shared, so that bot, dashboard and recorder agree. Pure.

A day that was not published is unknown, which is never the same as a day without outages.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from shared.messages import Certainty, DayState, OutageSchedule, PlannedDay, Window

EARLY = timedelta(minutes=30)
"""How much earlier than scheduled an outage may begin and still count as scheduled."""
STALE_AFTER = timedelta(days=1)
"""A schedule is stale when no source has confirmed it for this long."""

FIRM = (DayState.PLANNED, DayState.NO_OUTAGES)
"""The states of a day with reliable hours."""

BY_WEIGHT = (Certainty.DEFINITE, Certainty.UNKNOWN, Certainty.POSSIBLE)
"""If planned outages overlap, the more certain one wins; an undocumented mark of the operator is nearly certain."""


class Expected(StrEnum):
    """What the schedule says about a time."""

    POWER = "light"
    """The value is the one that version 0.1 stored in the alerts waiting to be sent."""
    OUTAGE = "outage"
    POSSIBLE_OUTAGE = "possible_outage"
    EMERGENCY = "emergency"
    WAITING = "waiting"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Status:
    """What is expected at a time, the window it lies in, and whether the schedule is stale."""

    expected: Expected
    window: Window | None = None
    stale: bool = False


@dataclass(frozen=True)
class Judgement:
    """What the schedule says about an outage at a moment: the same judgement for page, bot and record.

    expected is what the schedule said about its beginning; POWER means that it is not scheduled. planned is the
    scheduled outage that it belongs to, back the one whose end should bring the power back, None if no end is known.
    is_open means that what follows that end is not published, in_emergency that no schedule is valid now.
    """

    expected: Expected
    planned: Window | None = None
    back: Window | None = None
    is_open: bool = False
    in_emergency: bool = False
    stale: bool = False

    @property
    def is_overdue(self) -> bool:
        """Whether power should be back by now."""
        return self.planned is not None and self.back is None and not self.is_open and not self.in_emergency


@dataclass(frozen=True)
class Change:
    """The next time the power is scheduled to go off or to return.

    is_open means that the next day is not published yet, so the outage may continue.
    """

    at: datetime
    power: bool
    window: Window
    is_open: bool = False


@dataclass(frozen=True)
class Day:
    """A day: its state, its windows cut at midnight, and the total hours without power."""

    day: date
    state: DayState
    windows: tuple[Window, ...] = ()
    total: timedelta = timedelta()
    possible: timedelta = timedelta()
    confirmed_at: datetime | None = None


def status_at(schedule: OutageSchedule | None, now: datetime) -> Status:
    """Return what the schedule says about a time."""
    if schedule is None:
        return Status(Expected.UNKNOWN)
    stale, today = is_stale(schedule, now), local_day(now, schedule.time_zone)
    window = next((one for one in schedule.windows if one.start <= now < one.end), None)
    state = state_of(schedule, today)
    if state is DayState.EMERGENCY:
        return Status(Expected.EMERGENCY, window, stale)
    if window:
        return Status(_promised(window), window, stale)
    by_state = {DayState.WAITING: Expected.WAITING, DayState.UNKNOWN: Expected.UNKNOWN}
    return Status(by_state.get(state, Expected.POWER), None, stale)


def planned_window(windows: Iterable[Window], start: datetime) -> Window | None:
    """Return the planned outage that an outage with this beginning belongs to, or None.

    Only the beginning counts, so that the answer never changes: it lies within the window, or at most EARLY before it.
    """
    near = [one for one in windows if one.start - EARLY <= start < one.end]
    return min(near, key=lambda one: (one.start > start, one.start), default=None)


def judge(schedule: OutageSchedule | None, start: datetime, now: datetime) -> Judgement:
    """Judge an outage that began at `start`, by what is known at `now`, or at its end if it is over.

    What it was when it began stays: it remains planned if a newer version drops or shortens its hours meanwhile.
    """
    if schedule is None:
        return Judgement(Expected.UNKNOWN)
    begin, current = status_at(schedule, start), status_at(schedule, now)
    planned = planned_window(schedule.windows, start)
    is_emergency = begin.expected is Expected.EMERGENCY or (planned is not None and _in_emergency(schedule, planned))
    if planned is None or is_emergency:
        planned = planned_window(schedule.superseded, start)
    in_emergency = current.expected is Expected.EMERGENCY
    back = planned if planned and planned.end > now else current.window
    last = back or planned
    return Judgement(
        expected=_promised(planned) if planned else Expected.EMERGENCY if is_emergency else begin.expected,
        planned=planned,
        back=None if in_emergency else back,
        is_open=last is not None and not _is_followed(schedule, last.end),
        in_emergency=in_emergency,
        stale=current.stale,
    )


def superseded(before: OutageSchedule | None, windows: Sequence[Window], now: datetime) -> tuple[Window, ...]:
    """Return the outages that had begun when `windows` dropped or shortened them, cut at that moment."""
    if before is None:
        return ()
    begun = (one.model_copy(update={"end": min(one.end, now)}) for one in before.windows if one.start < now)
    gone = (one for one in begun if not any(new.start <= one.start and one.end <= new.end for new in windows))
    return merged([*before.superseded, *gone])


def succession(versions: Iterable[OutageSchedule]) -> Iterator[OutageSchedule]:
    """Yield versions, oldest first, each with what it superseded; one for another address supersedes nothing."""
    before: OutageSchedule | None = None
    for one in versions:
        is_same = before is not None and is_same_address(before, one)
        gone = superseded(before, one.windows, one.at) if is_same else ()
        before = one.model_copy(update={"superseded": gone})
        yield before


def is_same_address(one: OutageSchedule, other: OutageSchedule) -> bool:
    """Whether two schedules are for the same queue and region; if one has no region, the queue decides."""
    return one.queue == other.queue and (None in (one.region, other.region) or one.region == other.region)


def is_known(state: DayState) -> bool:
    """Whether the operator has published something about a day that settles what was planned."""
    return state in (*FIRM, DayState.EMERGENCY)


def next_outage(schedule: OutageSchedule | None, now: datetime, *, possible: bool = False) -> Window | None:
    """Return the current planned outage, or else the next one; possible ones only if requested."""
    windows = schedule.windows if schedule else ()
    return next((one for one in windows if one.end > now and (possible or one.certainty in BY_WEIGHT[:2])), None)


def next_change(schedule: OutageSchedule | None, now: datetime, *, possible: bool = False) -> Change | None:
    """Return when the power is next scheduled to go off or return, across days; None if unknown."""
    window = next_outage(schedule, now, possible=possible)
    if schedule is None or window is None:
        return None
    if window.start > now:
        return Change(window.start, power=False, window=window)
    return Change(window.end, power=True, window=window, is_open=not _is_followed(schedule, window.end))


def days_ahead(schedule: OutageSchedule | None, now: datetime, count: int = 3) -> list[Day]:
    """Return today and the following days; unpublished ones are `unknown`."""
    zone = schedule.time_zone if schedule else "Europe/Kyiv"
    today = local_day(now, zone)
    return [day_of(schedule, today + timedelta(days=ahead)) for ahead in range(count)]


def day_of(schedule: OutageSchedule | None, day: date) -> Day:
    """Return the schedule of a day."""
    known = _known(schedule, day)
    if schedule is None or known is None:
        return Day(day, DayState.UNKNOWN)
    windows = within(schedule.windows, *bounds(day, schedule.time_zone))
    return Day(day, known.state, windows, *totals(windows), known.confirmed_at)


def totals(windows: Sequence[Window]) -> tuple[timedelta, timedelta]:
    """Return the total and the possible hours without power of a day's windows."""
    total = sum((one.end - one.start for one in windows if one.certainty is not Certainty.POSSIBLE), timedelta())
    every = sum((one.end - one.start for one in windows), timedelta())
    return total, every - total


def state_of(schedule: OutageSchedule | None, day: date) -> DayState:
    """Return the state of a day, or `unknown` if it was not published."""
    known = _known(schedule, day)
    return known.state if known else DayState.UNKNOWN


def is_stale(schedule: OutageSchedule, now: datetime) -> bool:
    """Return whether no source has confirmed a schedule for a day."""
    return schedule.fetched_at is not None and now - schedule.fetched_at > STALE_AFTER


def local_day(now: datetime, zone: str) -> date:
    """Return the local date."""
    return now.astimezone(ZoneInfo(zone)).date()


def bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """Return the local midnights at the start and the end of a day, which are 23, 24 or 25 hours apart."""
    return wall(day, 0, zone), wall(day, 1440, zone)


def wall(day: date, minute: int, zone: str) -> datetime:
    """Return when the local time is this many minutes after midnight; 1440 is the next midnight.

    A time skipped in spring becomes the moment of the skip; of a time that occurs twice in autumn, the first counts.
    """
    tz = ZoneInfo(zone)
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    while not _exists(local, tz):
        local += timedelta(minutes=1)
    return local.replace(tzinfo=tz).astimezone(UTC)


def within(windows: Iterable[Window], start: datetime, end: datetime) -> tuple[Window, ...]:
    """Return windows cut to a period."""
    return tuple(
        one.model_copy(update={"start": max(one.start, start), "end": min(one.end, end)})
        for one in windows
        if one.start < end and one.end > start
    )


def merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """Return sorted windows without overlaps: adjacent ones are merged, and the more certain one wins."""
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
    """Cut other windows out of one."""
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


def _known(schedule: OutageSchedule | None, day: date) -> PlannedDay | None:
    return next((one for one in schedule.days if one.day == day), None) if schedule else None


def _promised(window: Window) -> Expected:
    return Expected.POSSIBLE_OUTAGE if window.certainty is Certainty.POSSIBLE else Expected.OUTAGE


def _in_emergency(schedule: OutageSchedule, window: Window) -> bool:
    return state_of(schedule, local_day(window.start, schedule.time_zone)) is DayState.EMERGENCY


def _is_followed(schedule: OutageSchedule, end: datetime) -> bool:
    """Return whether it is known what follows the end of an outage."""
    return state_of(schedule, local_day(end, schedule.time_zone)) in FIRM


def _exists(local: datetime, tz: ZoneInfo) -> bool:
    return local.replace(tzinfo=tz).astimezone(UTC).astimezone(tz).replace(tzinfo=None) == local
