"""The window of a period that the chart shows (all of it, or zoomed in), its resolution and its ticks, pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from services.dashboard.history.period import Period, local
from shared.texts.localizer import Localizer

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
FINEST = 5 * MINUTE
"""Older readings are stored at this resolution."""
CLOCKS_STAY = timedelta(days=10)
"""Shorter than the time between two changes of the clocks."""
POINTS = 400
"""About one a pixel on a phone."""
STEPS_MIN = (1, 5, 10, 15, 30, 60, 120, 180, 360, 720)
MARKS = 8
MARKS_ON_A_PHONE = 5
"""More times than these run into each other there, and would be written aslant and cut off."""
MARKS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360)


@dataclass(frozen=True)
class Window:
    """From when to when; hours on the chart count from `origin`, where the period begins."""

    origin: datetime
    start: datetime
    end: datetime

    @property
    def step(self) -> timedelta:
        """The time between two points."""
        length = self.end - self.start
        for minutes in STEPS_MIN:
            if length / (minutes * MINUTE) <= POINTS:
                return minutes * MINUTE
        return -(-(length // (24 * HOUR)) // POINTS) * 24 * HOUR

    @property
    def grown(self) -> "Window":
        """The same, extended to whole steps, so that points stay where they are when the edge moves."""
        first = (self.start - self.origin) // self.step
        last = -((self.origin - self.end) // self.step)
        return Window(self.origin, self.origin + first * self.step, self.origin + last * self.step)

    def hours(self, at: datetime) -> float:
        """Return where a moment stands on the axis."""
        return round((at - self.origin) / HOUR, 4)

    @property
    def range(self) -> list[float]:
        """The range of the axis in hours."""
        return [self.hours(self.start), self.hours(self.end)]


def whole(period: Period, zone: tzinfo) -> Window:
    """Return the window of a whole period."""
    start, end = period.bounds(zone)
    return Window(start, start, end)


def zoomed(hours: Any, period: Period, zone: tzinfo) -> Window | None:
    """Return the window between two hours of a period, the whole one for an empty list; None for malformed hours."""
    everything = whole(period, zone)
    if hours == []:
        return everything
    try:
        first, last = sorted(map(float, hours))
        start = max(everything.start, everything.origin + first * HOUR)
        end = min(everything.end, everything.origin + last * HOUR)
    except (TypeError, ValueError, OverflowError):
        return None
    return Window(everything.origin, start, end) if end - start >= MINUTE else None


def ticks(window: Window, localizer: Localizer, *, touch: bool = False) -> list[tuple[float, str]]:
    """Return the ticks of the time axis with their labels: hours, days or months, depending on the length.

    touch: a finger is on the chart, so it is probably narrow.
    """
    length = window.end - window.start
    if length <= 49 * HOUR:
        marks = _times(window, localizer, MARKS_ON_A_PHONE if touch else MARKS)
    elif length <= 62 * 24 * HOUR:
        marks = _days(window, localizer)
    else:
        marks = _months(window, localizer)
    within = {window.hours(at): text for at, text in marks if window.start <= at < window.end}
    return sorted(within.items())


def _times(window: Window, localizer: Localizer, most: int) -> Iterator[tuple[datetime, str]]:
    length = window.end - window.start
    every = next((one for one in MARKS_MIN if length / (one * MINUTE) <= most + 1), MARKS_MIN[-1])
    for day in _dates(window, localizer.zone):
        for minutes in range(0, 24 * 60, every):
            at = local(day, localizer.zone, minutes=minutes)
            yield at, localizer.clock(at).replace(" ", "<br>")  # 03:00 (summer) in two lines


def _days(window: Window, localizer: Localizer) -> Iterator[tuple[datetime, str]]:
    count = (window.end - window.start) / (24 * HOUR)
    for day in _dates(window, localizer.zone):
        if count <= MARKS:
            yield local(day, localizer.zone), f"{localizer.weekday(day)} {day.day}"
        elif day.day % 5 == 1 and day.day < 31:
            yield (
                local(day, localizer.zone),
                str(day.day) if count < 32 else f"{day.day} {localizer.months[day.month - 1]}",
            )


def _months(window: Window, localizer: Localizer) -> Iterator[tuple[datetime, str]]:
    firsts = [day for day in _dates(window, localizer.zone)[:-1] if day.day == 1]
    every = -(-len(firsts) // 12)
    for day in firsts:
        if (day.year * 12 + day.month - 1) % every == 0:
            text = localizer.months[day.month - 1]
            yield local(day, localizer.zone), text if every == 1 else f"{text} {day.year}"


def offsets(start: datetime, end: datetime, zone: tzinfo) -> list[tuple[datetime, int]]:
    """Return from when on local time is how many minutes ahead of UTC, from `start` up to `end`."""
    found = [(start, _offset(start, zone))]
    while start < end:
        following = min(end, start + CLOCKS_STAY)
        if _offset(following, zone) != found[-1][1]:
            before, after = start, following
            while after - before > MINUTE:
                middle = before + (after - before) // (2 * MINUTE) * MINUTE
                before, after = (middle, after) if _offset(middle, zone) == found[-1][1] else (before, middle)
            found.append((after, _offset(after, zone)))
        start = following
    return found


def _offset(at: datetime, zone: tzinfo) -> int:
    return (at.astimezone(zone).utcoffset() or timedelta()) // MINUTE


def _dates(window: Window, zone: tzinfo) -> list[date]:
    first = window.start.astimezone(zone).date()
    count = (window.end.astimezone(zone).date() - first).days + 1
    return [first + timedelta(days=index) for index in range(count)]
