"""The day, week or month that *History* shows, pure. It lives in the page's address: keep it, send it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from urllib.parse import parse_qs, urlencode

from services.dashboard.wording import Clock

PATH = "/history"
FIRST, LAST = date(2000, 1, 3), date(2199, 12, 1)


class Span(StrEnum):
    """How much is shown at once."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


BUCKETS = {Span.DAY: 288, Span.WEEK: 336, Span.MONTH: 372}
"""Points on the chart: five minutes, half an hour, two hours; about one a pixel on a phone."""


@dataclass(frozen=True)
class Period:
    """A span of local days, from the one named `first`; `inverter` is empty for the first there is."""

    span: Span
    first: date
    inverter: str = ""

    @property
    def last(self) -> date:
        """The first day that is not in it any more."""
        if self.span is Span.MONTH:
            return (self.first + timedelta(days=32)).replace(day=1)
        return self.first + timedelta(days=7 if self.span is Span.WEEK else 1)

    def bounds(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """Return when it begins and ends, in UTC: at local midnights, so a day may have 23 or 25 hours."""
        return _at(self.first, 0, zone), _at(self.last, 0, zone)

    def contains(self, day: date) -> bool:
        """Return whether a day is in it."""
        return self.first <= day < self.last

    def earlier(self) -> "Period":
        """Return the one before."""
        return period(self.span, self.first - timedelta(days=1), self.inverter)

    def later(self) -> "Period":
        """Return the one after."""
        return period(self.span, self.last, self.inverter)

    def of_span(self, span: Span, today: date) -> "Period":
        """Return the period of another length around the same time; around today where today is in this one."""
        return period(span, today if self.contains(today) else self.first, self.inverter)

    def of_inverter(self, name: str) -> "Period":
        """Return the same time of another inverter."""
        return replace(self, inverter=name)

    @property
    def address(self) -> str:
        """Where the page shows it."""
        query = {"span": self.span.value, "on": self.first.isoformat()}
        return f"{PATH}?{urlencode(query | ({'inverter': self.inverter} if self.inverter else {}))}"

    def title(self, clock: Clock) -> str:
        """Return its name: Mon 23 November 2026, 30 Nov – 6 Dec 2026, November 2026."""
        first, final = self.first, self.last - timedelta(days=1)
        if self.span is Span.MONTH:
            return f"{clock('time.months_alone').split()[first.month - 1]} {first.year}"
        if self.span is Span.DAY:
            month = clock("time.months_of_day").split()[first.month - 1]
            return f"{clock.weekday(first)} {first.day} {month} {first.year}"
        short = clock.months
        return f"{first.day} {short[first.month - 1]} – {final.day} {short[final.month - 1]} {final.year}"

    def ticks(self, clock: Clock) -> list[tuple[datetime, str]]:
        """Return the marks of the time axis with their labels."""
        zone = clock.zone
        if self.span is Span.DAY:
            hours = (_at(self.first, hour, zone) for hour in range(0, 24, 3))
            return [(at, f"{at.astimezone(zone):%H:%M}") for at in hours]
        if self.span is Span.WEEK:
            return [(_at(day, 0, zone), f"{clock.weekday(day)} {day.day}") for day in self._days()]
        return [(_at(day, 0, zone), str(day.day)) for day in self._days() if day.day % 5 == 1]

    def _days(self) -> Iterator[date]:
        return (self.first + timedelta(days=index) for index in range((self.last - self.first).days))


def period(span: Span, day: date, inverter: str = "") -> Period:
    """Return the period of a length that a day belongs to."""
    day = min(max(day, FIRST), LAST)
    if span is Span.MONTH:
        day = day.replace(day=1)
    if span is Span.WEEK:
        day -= timedelta(days=day.weekday())
    return Period(span, day, inverter)


def asked_for(search: str | None, today: date) -> Period:
    """Return the period that an address asks for; what cannot be read of it is today, by day."""
    query = {key: values[-1] for key, values in parse_qs((search or "").removeprefix("?")).items()}
    try:
        day = date.fromisoformat(query.get("on", ""))
    except ValueError:
        day = today
    span = query.get("span", "")
    return period(Span(span) if span in list(Span) else Span.DAY, day, query.get("inverter", ""))


def _at(day: date, hour: int, zone: tzinfo) -> datetime:
    """Return a local hour as UTC, for within one zone Python subtracts and compares by the wall clock."""
    return datetime.combine(day, time(hour), zone).astimezone(UTC)
