"""The period that *History* shows, as encoded in the page's address, pure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import cached_property
from urllib.parse import parse_qs, urlencode

from services.dashboard.paths import CSV
from shared.history.reports import By, beginning, following
from shared.texts.localizer import Localizer

PATH = "/history"
FIRST, LAST = date(2000, 1, 3), date(2199, 12, 1)
LONGEST_DAYS = 20 * 366
A_DAY = timedelta(days=1)


class Span(StrEnum):
    """The length of a period; a custom one has its own first and last day."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    CUSTOM = "custom"


UNITS = {Span.DAY: By.DAY, Span.WEEK: By.WEEK, Span.MONTH: By.MONTH, Span.YEAR: By.YEAR}
PIECES = {Span.DAY: None, Span.WEEK: By.DAY, Span.MONTH: By.DAY, Span.YEAR: By.MONTH}
"""What an energy bar stands for; None is an hour."""


@dataclass(frozen=True)
class Period:
    """Local days starting at `first`; an empty `inverter` means the first one, `days` is for a custom period."""

    span: Span
    first: date
    inverter: str = ""
    days: int = 1

    @property
    def last(self) -> date:
        """The day after the last one in it."""
        return self.first + self.days * A_DAY if self.span is Span.CUSTOM else following(self.first, UNITS[self.span])

    @property
    def by(self) -> By | None:
        """What an energy bar stands for; None is an hour."""
        if self.span is not Span.CUSTOM:
            return PIECES[self.span]
        for days, by in ((2, None), (62, By.DAY), (400, By.WEEK), (1100, By.MONTH)):
            if self.days <= days:
                return by
        return By.YEAR

    def bounds(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """Return its start and end in UTC: local midnights, so a day may have 23 or 25 hours."""
        return local(self.first, zone), local(self.last, zone)

    def contains(self, day: date) -> bool:
        """Return whether a day is in it."""
        return self.first <= day < self.last

    def earlier(self) -> "Period":
        """Return the period before."""
        return self._beside(self.first - (self.days if self.span is Span.CUSTOM else 1) * A_DAY)

    def later(self) -> "Period":
        """Return the period after."""
        return self._beside(self.last)

    def _beside(self, day: date) -> "Period":
        return period(self.span, day, self.inverter, self.days)

    def of_span(self, span: Span, today: date) -> "Period":
        """Return the period of another length around the same time; around today where today is in this one."""
        return period(span, today if self.contains(today) else self.first, self.inverter)

    def of_inverter(self, name: str) -> "Period":
        """Return the same time of another inverter."""
        return replace(self, inverter=name)

    def pieces(self) -> Iterator[date]:
        """Return the days that begin its bars of energy, as far as they are days or more."""
        day = self.first
        while day < self.last:
            yield day
            day = following(day, self.by or By.DAY)

    def part(self, day: date) -> "Period | None":
        """Return the period that an energy bar stands for, None for an hour."""
        return next((period(span, day, self.inverter) for span, by in UNITS.items() if by is self.by), None)

    @property
    def address(self) -> str:
        """Its address on the page."""
        return f"{PATH}?{self.query}"

    @property
    def download(self) -> str:
        """The address of its CSV file."""
        return f"{CSV}?{self.query}"

    @cached_property
    def query(self) -> str:
        """Its query string."""
        if self.span is Span.CUSTOM:
            query = {"from": self.first.isoformat(), "to": (self.last - A_DAY).isoformat()}
        else:
            query = {"span": self.span.value, "on": self.first.isoformat()}
        return urlencode(query | ({"inverter": self.inverter} if self.inverter else {}))

    def title(self, localizer: Localizer) -> str:
        """Return its name: Mon 23 November 2026, 30 Nov – 6 Dec 2026, November 2026, 2026."""
        first, final = self.first, self.last - A_DAY
        if self.span is Span.YEAR:
            return str(first.year)
        if self.span is Span.MONTH:
            return f"{localizer('time.months_alone').split()[first.month - 1]} {first.year}"
        if first == final:
            month = localizer("time.months_of_day").split()[first.month - 1]
            return f"{localizer.weekday(first)} {first.day} {month} {first.year}"
        short = localizer.months
        year = f" {first.year}" if first.year != final.year else ""
        return f"{first.day} {short[first.month - 1]}{year} – {final.day} {short[final.month - 1]} {final.year}"


def period(span: Span, day: date, inverter: str = "", days: int = 1) -> Period:
    """Return the period of a length that contains a day."""
    day = min(max(day, FIRST), LAST)
    if span is Span.CUSTOM:
        return Period(span, day, inverter, min(max(days, 1), LONGEST_DAYS))
    return Period(span, beginning(day, UNITS[span]), inverter)


def period_of_query(search: str | None, today: date) -> Period:
    """Return the period of a query string; the default is today."""
    query = {key: values[-1] for key, values in parse_qs((search or "").removeprefix("?")).items()}
    inverter = query.get("inverter", "")
    first, final = _date(query.get("from")), _date(query.get("to"))
    if first and final:
        first, final = sorted((first, final))
        return period(Span.CUSTOM, first, inverter, (final - first).days + 1)
    named = query.get("span", "")
    span = Span(named) if named in list(Span) and named != Span.CUSTOM else Span.DAY
    return period(span, _date(query.get("on")) or today, inverter)


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def local(day: date, zone: tzinfo, *, minutes: int = 0) -> datetime:
    """Return a local time as UTC, because within one zone Python subtracts and compares wall-clock times."""
    return datetime.combine(day, time(*divmod(minutes, 60)), zone).astimezone(UTC)
