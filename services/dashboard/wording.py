"""Numbers and moments as people read them, pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from services.dashboard.texts import ENGLISH, Words
from shared.freshness import fresh

JOINED = "\u00a0"
"""Between a number and its unit, so that the two never part at the end of a line."""


@dataclass(frozen=True)
class Clock:
    """The present moment, whose wall clock is shown, in which words, and how long a reading counts as live."""

    now: datetime
    zone: tzinfo = UTC
    fresh_for: timedelta = timedelta(seconds=20)
    words: Words = ENGLISH

    def fresh(self, at: datetime) -> bool:
        """Return whether something measured `at` is still live."""
        return fresh(at, self.now, self.fresh_for)

    def time(self, at: datetime) -> str:
        """Return a moment to the second: 18:02:11, or 21 Nov 18:02:11."""
        return self._with_day(at, "%H:%M:%S")

    def since(self, at: datetime) -> str:
        """Return a moment to the minute: 18:02, yesterday 18:02, or 21 Nov 18:02."""
        return self._with_day(at, "%H:%M")

    def lasted(self, since: datetime) -> str:
        """Return how long it is since a moment."""
        return duration(self.now - since, self.words)

    def _with_day(self, at: datetime, form: str) -> str:
        local, today = at.astimezone(self.zone), self.now.astimezone(self.zone).date()
        time = local.strftime(form)
        if local.date() == today:
            return time
        if local.date() == today - timedelta(days=1):
            return self.words.yesterday.format(time=time)
        year = "" if local.year == today.year else f" {local.year}"
        return f"{local.day} {self.words.months[local.month - 1]}{year} {time}"


def duration(length: timedelta, words: Words = ENGLISH) -> str:
    """Return a length of time: 5 min, 1 h 12 min, 3 d 4 h."""
    minutes = int(length / timedelta(minutes=1))
    if minutes < 1:
        return words.under_a_minute
    if minutes < 60:
        return words.minutes.format(minutes=minutes)
    if minutes < 48 * 60:
        return words.hours.format(hours=minutes // 60, minutes=minutes % 60)
    return words.days_hours.format(days=minutes // (24 * 60), hours=minutes // 60 % 24)


def power(watts: float | None, words: Words = ENGLISH) -> str:
    """Return a power without its direction: 640 W, 1.24 kW."""
    if watts is None:
        return words.unknown
    size = abs(watts)
    return number(round(size), "W") if round(size) < 1000 else number(size / 1000, "kW", 2)


def number(value: float | None, unit: str, digits: int = 0, words: Words = ENGLISH) -> str:
    """Return a number with its unit, or the dash that means unknown."""
    return words.unknown if value is None else f"{value:.{digits}f}{JOINED}{unit}"
