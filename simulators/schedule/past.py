"""Past schedules of the house as the schedule service would have published them, pure.

Each evening the next day appeared. On two days of three the plan was half an hour off the outages that came.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from shared.messages import DayState, OutageSchedule, PlannedDay, Window
from simulators.mains import KYIV
from simulators.mains import Window as MainsWindow
from simulators.schedule.plan import TOMORROW_APPEARS, OutagePlan, PlanKind

SOURCE = "be_svitlo"
OFF_BY_MIN = (0, -30, 30)
STATES = {PlanKind.PLANNED: DayState.PLANNED, PlanKind.NONE: DayState.NO_OUTAGES}


def schedules(
    timetable: tuple[MainsWindow, ...], queue: str, start: datetime, until: datetime
) -> Iterator[OutageSchedule]:
    """Yield the versions of the schedule: at the start, and at each evening up to now."""
    day = start.astimezone(KYIV).date()
    yield _schedule(timetable, queue, [day], start)
    while True:
        at = datetime.combine(day, TOMORROW_APPEARS, KYIV).astimezone(UTC)
        if at > until:
            return
        yield _schedule(timetable, queue, [day, day + timedelta(days=1)], at)
        day += timedelta(days=1)


def _schedule(timetable: tuple[MainsWindow, ...], queue: str, days: Sequence[date], at: datetime) -> OutageSchedule:
    planned, windows = [], []
    for day in days:
        plan = OutagePlan(timetable, queue, differ_min=OFF_BY_MIN[day.toordinal() % len(OFF_BY_MIN)])
        plan.publish_tomorrow(published=True, now=at)
        known = plan.day(day, queue, at)
        planned.append(PlannedDay(day=day, state=STATES[known.kind], confirmed_at=at))
        windows += [Window(start=_moment(day, begin), end=_moment(day, end)) for begin, end in known.definite]
    return OutageSchedule(
        at=at, queue=queue, source=SOURCE, days=tuple(planned), windows=tuple(_merged(windows)), fetched_at=at
    )


def _merged(windows: Sequence[Window]) -> Iterator[Window]:
    """Yield the windows, one over midnight as one."""
    held: Window | None = None
    for window in sorted(windows, key=lambda one: one.start):
        if held and window.start <= held.end:
            held = held.model_copy(update={"end": max(held.end, window.end)})
            continue
        if held:
            yield held
        held = window
    if held:
        yield held


def _moment(day: date, minutes: int) -> datetime:
    """Return a local time as UTC; 1440 minutes are the next midnight."""
    ahead, rest = divmod(minutes, 24 * 60)
    return datetime.combine(day + timedelta(days=ahead), time(*divmod(rest, 60)), KYIV).astimezone(UTC)
