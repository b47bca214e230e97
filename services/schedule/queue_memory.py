"""What is remembered to check the home's queue: the hours of all queues, and the beginnings of outages. Pure."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.schedule.answer import ZONE, Answer
from shared.freshness import CLOCK_SLACK
from shared.messages import CalendarDay, Certainty, DayState, Grid, GridState, Moment, Window
from shared.outages import FIRM, bounds, local_day, merged, within
from shared.trusted_time import is_unset

KEEP_DAYS = 21
NOTICED = timedelta(minutes=10)
"""A shorter outage is only a flicker."""
SEEN_BEFORE = timedelta(minutes=15)
"""The beginning of an outage is known if power was seen at most this long before it."""
MINUTE = timedelta(minutes=1)
LONGEST = 25 * 60
"""Minutes of the day on which clocks are set back."""


def _spans(hours: str) -> list[tuple[int, int]]:
    """Return the minutes after midnight between which there are outages. Raises ValueError."""
    spans = [tuple(map(int, span.split("-"))) for span in hours.split()]
    return [(start, end) for start, end in spans]


def _checked(hours: str) -> str:
    if not all(0 <= start < end <= LONGEST for start, end in _spans(hours)):
        raise ValueError
    return hours


Hours = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_checked)]


class QueueMemory(BaseModel):
    """Hours of each day and queue, as minutes after midnight ("360-600 720-960"), and when outages began."""

    model_config = ConfigDict(frozen=True)

    region: str = ""
    days: dict[CalendarDay, dict[str, Hours]] = Field(default_factory=dict)
    outages: tuple[Moment, ...] = ()


def with_hours(memory: QueueMemory, region: str, answers: Mapping[str, Answer], now: datetime) -> QueueMemory:
    """Return the memory with the hours of all queues from today on.

    Hours that have begun stay, even if they are changed later. On a day of emergency outages no queue is valid.
    """
    today = local_day(now, ZONE)
    oldest = today - timedelta(days=KEEP_DAYS)
    known = memory.days if memory.region == region else {}
    days = {day: dict(hours) for day, hours in known.items() if day >= oldest}
    for queue, answer in answers.items():
        for day, found in answer.days.items():
            if day < today or day in answer.fillers:
                continue
            if found.state is DayState.EMERGENCY:
                days[day] = {}
            elif found.state in FIRM:
                begun = [one for one in _windows(day, days.get(day, {}).get(queue, "")) if one.start <= now]
                own = within(found.windows, *bounds(day, ZONE))
                days.setdefault(day, {})[queue] = _hours(day, merged([*begun, *own]))
    return memory.model_copy(update={"region": region, "days": days})


def with_grid(memory: QueueMemory, grid: GridState, last_on: datetime | None) -> QueueMemory:
    """Return the memory with an outage that has lasted long enough, if its beginning was seen."""
    began = grid.since
    if grid.state is not Grid.OFF or last_on is None or is_unset(began) or grid.at - began < NOTICED:
        return memory
    if began - last_on > SEEN_BEFORE or last_on - began > CLOCK_SLACK:
        return memory
    if any(abs(began - one) < NOTICED for one in memory.outages):
        return memory
    oldest = began - timedelta(days=KEEP_DAYS)
    return memory.model_copy(update={"outages": (*(one for one in memory.outages if one > oldest), began)})


def evidence(memory: QueueMemory, own: str) -> tuple[list[datetime], dict[str, tuple[Window, ...]]]:
    """Return the beginnings of outages on days with known hours, and the windows of the queues known then."""
    of_days = [(one, memory.days.get(local_day(one, ZONE), {})) for one in memory.outages]
    starts = [one for one, hours in of_days if own in hours]
    known = [set(hours) for _, hours in of_days if own in hours]
    queues = set.intersection(*known) if known else set[str]()
    return starts, {
        queue: merged(part for day, hours in memory.days.items() for part in _windows(day, hours.get(queue, "")))
        for queue in sorted(queues)
    }


def _hours(day: date, windows: tuple[Window, ...]) -> str:
    midnight = bounds(day, ZONE)[0]
    return " ".join(f"{(one.start - midnight) // MINUTE}-{(one.end - midnight) // MINUTE}" for one in windows)


def _windows(day: date, hours: str) -> list[Window]:
    midnight = bounds(day, ZONE)[0]
    return [
        Window(start=midnight + start * MINUTE, end=midnight + end * MINUTE, certainty=Certainty.DEFINITE)
        for start, end in _spans(hours)
    ]
