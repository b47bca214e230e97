"""Answers of be-svitlo.oe.if.ua (Prykarpattiaoblenergo), pure. Shapes and traps: docs/schedule.md.

An element with an empty list for the queue means "published, no outages"; no element or no key means "no information".
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.schedule.reading import (
    DAY_MIN,
    ZONE,
    Day,
    NonsenseError,
    Reading,
    calendar_day,
    minutes,
    queues_of,
    stamp,
    window,
)
from shared.errors import BadReplyError
from shared.messages import Certainty, DayPlan, Window
from shared.outages import bounds, within

STATUS = {1: Certainty.DEFINITE, 2: Certainty.POSSIBLE}
"""1 is all that was seen in 2025 and 2026; 2 meant possible in 2024."""


def read(content: Any, queue: str) -> Reading:
    """Return what GET /schedule-by-queue says, or raise BadReplyError where it is no list of days.

    A day with a window that makes no sense is left out as a whole: less darkness than planned would be a wrong promise.
    """
    if not isinstance(content, list):
        raise BadReplyError("its answer is no list of days")
    days: dict[date, Day] = {}
    odd: list[str] = []
    for element in content:
        try:
            day, told = _day(element, queue, odd)
        except NonsenseError as error:
            odd.append(str(error))
            continue
        if told and days.setdefault(day, told) != told:
            odd.append(f"{day:%d.%m} comes twice and differs; the first counts, as on the operator's page")
    _carry_over(days)
    return Reading(days, stamp=max(_stamps(content), default=None), odd=tuple(odd))


def _carry_over(days: dict[date, Day]) -> None:
    """Give what runs over midnight to the next day, where that is told too."""
    for day, told in sorted(days.items()):
        midnight = bounds(day, ZONE)[1]
        late = within(told.windows, midnight, midnight + timedelta(days=1))
        following = days.get(day + timedelta(days=1))
        if late and following:
            days[day] = Day(told.state, within(told.windows, datetime.min.replace(tzinfo=UTC), midnight))
            days[day + timedelta(days=1)] = Day(DayPlan.PLANNED, (*late, *following.windows))


def queues(content: Any) -> tuple[str, ...]:
    """Return the queues that POST /gpv-queue-list names, or raise BadReplyError."""
    rows = content if isinstance(content, list) else []
    codes = queues_of(row.get("code") for row in rows if isinstance(row, dict))
    if not codes:
        raise BadReplyError("its list of queues is empty or has another shape")
    return codes


def _day(element: Any, queue: str, odd: list[str]) -> tuple[date, Day | None]:
    if not isinstance(element, dict):
        raise NonsenseError("a day of the answer is no object")
    day = calendar_day(element.get("eventDate"))
    by_queue = element.get("queues")
    slots = by_queue.get(queue) if isinstance(by_queue, dict) else None
    if slots is None:
        return day, None
    if not isinstance(slots, list):
        raise NonsenseError(f"the hours of {day:%d.%m} are no list")
    windows = [one for slot in slots if (one := _window(day, slot, odd))]
    return day, Day(DayPlan.PLANNED if slots else DayPlan.NO_OUTAGES, tuple(windows))


def _window(day: date, slot: Any, odd: list[str]) -> Window | None:
    if not isinstance(slot, dict):
        raise NonsenseError(f"an outage of {day:%d.%m} is no object")
    start, end = (minutes(part) for part in _hours(day, slot))
    if start in (end, DAY_MIN):
        raise NonsenseError(f"an outage of {day:%d.%m} begins when it ends")
    if end < start:  # 00:00 ends the day; anything else is on the next
        end += DAY_MIN
    return window(day, start, end, _certainty(slot.get("status", 1), odd))


def _hours(day: date, slot: dict[str, Any]) -> tuple[Any, Any]:
    if slot.get("from") is not None and slot.get("to") is not None:
        return slot["from"], slot["to"]
    parts = str(slot.get("shutdownHours", "")).replace("\u2013", "-").split("-")
    if len(parts) != 2:
        raise NonsenseError(f"an outage of {day:%d.%m} has no hours")
    return parts[0], parts[1]


def _certainty(status: Any, odd: list[str]) -> Certainty:
    known = STATUS.get(status) if isinstance(status, int) else None
    if known is None:
        odd.append(f"an outage has the status {str(status)[:20]!r}, which nobody has documented")
    return known or Certainty.UNKNOWN


def _stamps(content: list[Any]) -> Iterator[datetime]:
    for element in content:
        for name in ("scheduleApprovedSince", "createdAt"):
            if isinstance(element, dict) and (moment := stamp(element.get(name))):
                yield moment
