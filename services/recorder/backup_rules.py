"""Which nights have a backup, and which backups are kept. Pure."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo

NIGHT_BEGINS = timedelta(hours=3)
"""At three in the morning; a machine that is off then catches up when it is on again."""
DAYS = 7
WEEKS = 4


def night_of(now: datetime, zone: tzinfo) -> date:
    """Return the day whose night began last."""
    return (now.astimezone(zone) - NIGHT_BEGINS).date()


def night_began(night: date, zone: tzinfo) -> datetime:
    """Return when the night of a day began."""
    return datetime.combine(night, time(), zone) + NIGHT_BEGINS


def to_keep(nights: Iterable[date]) -> set[date]:
    """Return the seven newest, and the newest of each of the four newest weeks that have any.

    They are counted, not compared with a clock, so a wrong clock removes nothing.
    """
    newest_first = sorted(nights, reverse=True)
    by_week: dict[tuple[int, int], date] = {}
    for night in newest_first:
        by_week.setdefault(night.isocalendar()[:2], night)
    return {*newest_first[:DAYS], *list(by_week.values())[:WEEKS]}
