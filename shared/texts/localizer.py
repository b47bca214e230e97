"""Sentences, numbers, durations and moments as people read them, in each language, pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from shared.conditions import Reason, render
from shared.texts.catalogue import count, say
from shared.texts.language import DIGIT_MARKS, Language
from shared.trusted_time import elapsed, is_unset

NO_BREAK = "\u00a0"
"""Between a number and its unit, so that the two stay on one line."""


class Localized(str):
    """A text in the reader's language, with its markup already escaped."""

    __slots__ = ()


def unescaped(text: str) -> str:
    """Return a text as it is, for output without markup, or that is escaped elsewhere."""
    return text


@dataclass(frozen=True)
class Localizer:
    """The reader's language and time zone, and the present moment.

    A moment of an unset clock is shown as how long ago it was, because the time is known to be wrong. Values that are
    put into a sentence go through `escape`, unless they are already localized: Telegram parses HTML.
    """

    language: Language
    now: datetime
    zone: tzinfo = UTC
    escape: Callable[[str], str] = unescaped

    def __call__(self, name: str, /, **values: object) -> Localized:
        """Return a sentence of the catalogue."""
        return Localized(say(self.language, name, **self._escaped(values)))

    def count(self, name: str, number: int, /, **values: object) -> Localized:
        """Return a sentence of the catalogue in the plural form for a number."""
        return Localized(count(self.language, name, number, **self._escaped(values)))

    def reason(self, reason: Reason) -> Localized:
        """Return a reason in words; if this version does not know its code, the English text that came with it."""
        return Localized(self.escape(render(reason, self.language, self.zone)))

    def _escaped(self, values: dict[str, object]) -> dict[str, object]:
        return {name: self._safe(value) for name, value in values.items()}

    def _safe(self, value: object) -> object:
        return self.escape(value) if isinstance(value, str) and not isinstance(value, Localized) else value

    @property
    def at_midnight(self) -> "Localizer":
        """The same localizer at the beginning of today, for texts that stay the same all day."""
        return replace(self, now=datetime.combine(self.today, time(), self.zone))

    def second(self, at: datetime) -> str:
        """Return a moment to the second: 18:02:11, or 21 Nov 18:02:11."""
        return self._with_day(at, "%H:%M:%S")

    def since(self, at: datetime) -> str:
        """Return a moment to the minute: 18:02, yesterday 18:02, tomorrow 18:02, or 21 Nov 18:02."""
        return self._with_day(at, "%H:%M")

    def ago(self, at: datetime) -> str:
        """Return how long ago a moment was: 12 min ago."""
        length = elapsed(at, self.now)
        return self("time.unknown") if length is None else self("time.ago", length=self.lasted(length))

    def _with_day(self, at: datetime, form: str) -> str:
        if is_unset(at):
            return self.ago(at)
        local = at.astimezone(self.zone)
        time_of_day = f"{local.strftime(form)}{self._season(local)}"
        if local.date() == self.today:
            return time_of_day
        beside = {-1: "time.yesterday", 1: "time.tomorrow"}.get((local.date() - self.today).days)
        if beside:
            return self(beside, time=time_of_day)
        year = "" if local.year == self.today.year else f" {local.year}"
        return f"{local.day} {self.months[local.month - 1]}{year} {time_of_day}"

    @property
    def months(self) -> list[str]:
        """The short names of the months."""
        return self("time.months").split()

    def time(self, at: datetime) -> str:
        """Return a moment to the minute, with its date if that is not today: 18:02, 21.11 18:02."""
        if is_unset(at):
            return self.ago(at)
        local = at.astimezone(self.zone)
        clock = self.clock(at)
        return clock if local.date() == self.today else f"{local:%d.%m} {clock}"

    def clock(self, at: datetime) -> str:
        """Return the local time of a moment: 03:30, or 03:30 (summer) in the hour that occurs twice."""
        local = at.astimezone(self.zone)
        return f"{local:%H:%M}{self._season(local)}"

    def _season(self, local: datetime) -> str:
        """Return which of the two a moment in an hour that occurs twice is in, or nothing for other moments."""
        other = local.replace(fold=1 - local.fold)
        if other.utcoffset() == local.utcoffset():
            return ""
        return f" ({self('time.winter' if local.fold else 'time.summer')})"

    def span(self, start: datetime, end: datetime) -> str:
        """Return from when to when: 18:00 – 21:30; midnight at the end of the day is 24:00."""
        began, ended = start.astimezone(self.zone), end.astimezone(self.zone)
        next_day = ended.date() == began.date() + timedelta(days=1)
        until = "24:00" if next_day and f"{ended:%H:%M}" == "00:00" else self.clock(end)
        if ended - began >= timedelta(days=1) and until != "24:00":
            until = f"{ended:%d.%m %H:%M}"
        return f"{self.time(start)} – {until}"

    def hours_of(self, start: datetime, end: datetime) -> str:
        """Return the same without a date, for use under the day."""
        ended = self.clock(end)
        return f"{self.clock(start)} – {'24:00' if ended == '00:00' else ended}"

    def day(self, day: date) -> str:
        """Return today, tomorrow, or the date."""
        names = {0: "today", 1: "tomorrow", 2: "day_after", -1: "yesterday"}
        name = names.get((day - self.today).days)
        return self(name) if name else f"{day:%d.%m}"

    def weekday(self, day: date) -> str:
        """Return the short name of a weekday."""
        return self("weekdays").split()[day.weekday()]

    def lasted(self, length: timedelta) -> str:
        """Return a duration: 5 min, 1 h 12 min, 3 d 4 h."""
        minutes = round(length / timedelta(minutes=1))
        if length < timedelta(minutes=1):
            return self("under_a_minute")
        if minutes < 60:
            return self("minutes", minutes=minutes)
        if minutes < 48 * 60:
            name = "hours" if minutes % 60 else "whole_hours"
            return self(name, hours=minutes // 60, minutes=minutes % 60)
        return self("days_hours", days=minutes // (24 * 60), hours=minutes // 60 % 24)

    def power(self, watts: float | None) -> str:
        """Return a power without its direction, in three or four digits: 640 W, 1.24 kW, 12.3 kW."""
        size = None if watts is None else round(abs(watts))
        if size is None or size < 1000:
            return self.number("watts", size)
        return self.number("kilowatts", size / 1000, 2 if size < 10_000 else 1)

    def number(self, unit: str, value: float | None, digits: int = 0) -> str:
        """Return a number with its unit, or the dash for unknown."""
        if value is None:
            return self("unknown")
        # numbers contain no markup, and tables have hundreds of them
        return Localized(say(self.language, unit, value=self.decimal(value, digits)).replace(" ", NO_BREAK))

    def decimal(self, value: float, digits: int = 0) -> str:
        """Return a number as the language writes it: 1.24 or 1,24, with a thin space between thousands."""
        return f"{value:,.{digits}f}".translate(DIGIT_MARKS[self.language])

    @property
    def today(self) -> date:
        """The local date."""
        return self.now.astimezone(self.zone).date()
