"""Parses periods given on the command line. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shared.conditions import recorder_tools as tools
from shared.errors import UsageError

DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Period:
    """From one time up to, not including, another; None is open-ended."""

    start: datetime | None = None
    end: datetime | None = None


def period(first: str | None, last: str | None, zone: ZoneInfo) -> Period:
    """Return the period from `first` to `last`; if `last` is a day, all of it is included."""
    start = None if first is None else parse_time(first, zone)
    end = None if last is None else parse_time(last, zone, ends=True)
    if start and end and start >= end:
        raise UsageError(tools.period_ends_first(first=str(first), last=str(last)))
    return Period(start, end)


def parse_time(text: str, zone: ZoneInfo, *, ends: bool = False) -> datetime:
    """Parse 2026-11-20 or an ISO time, which is in `zone` unless it has an offset."""
    try:
        if DAY.fullmatch(text):
            day = date.fromisoformat(text) + timedelta(days=1 if ends else 0)
            return datetime.combine(day, time(), zone).astimezone(UTC)
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(tools.no_moment(given=text[:60])) from None
