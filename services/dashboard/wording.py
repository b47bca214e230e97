"""Moments as people read them on the page, and how long a reading counts as live, pure."""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from shared.freshness import fresh
from shared.texts.numbers import Speech


@dataclass(frozen=True)
class Clock(Speech):
    """The present moment in the reader's language and zone, with how long a reading counts as live."""

    fresh_for: timedelta = timedelta(seconds=20)

    @property
    def at_midnight(self) -> "Clock":
        """The beginning of today, for what says the same all day."""
        return replace(self, now=datetime.combine(self.today, time(), self.zone))

    def fresh(self, at: datetime) -> bool:
        """Return whether something measured `at` is still live."""
        return fresh(at, self.now, self.fresh_for)

    def second(self, at: datetime) -> str:
        """Return a moment to the second: 18:02:11, or 21 Nov 18:02:11."""
        return self._with_day(at, "%H:%M:%S")

    def since(self, at: datetime) -> str:
        """Return a moment to the minute: 18:02, yesterday 18:02, tomorrow 18:02, or 21 Nov 18:02."""
        return self._with_day(at, "%H:%M")

    def _with_day(self, at: datetime, form: str) -> str:
        local = at.astimezone(self.zone)
        time = local.strftime(form)
        if local.date() == self.today:
            return time
        beside = {-1: "time.yesterday", 1: "time.tomorrow"}.get((local.date() - self.today).days)
        if beside:
            return self(beside, time=time)
        year = "" if local.year == self.today.year else f" {local.year}"
        return f"{local.day} {self.months[local.month - 1]}{year} {time}"

    @property
    def months(self) -> list[str]:
        """The short names of the months."""
        return self("time.months").split()
