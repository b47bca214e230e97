"""Answers of be-svitlo.oe.if.ua (Prykarpattiaoblenergo), pure. Shapes and traps: docs/schedule.md.

An element with an empty list for the queue means "published, no outages"; no element or no key means "no information".
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.schedule.answer import (
    DAY_MIN,
    ZONE,
    Answer,
    Day,
    NonsenseError,
    calendar_day,
    end_of,
    minutes,
    queues_of,
    stamp,
    window,
)
from shared.conditions import Reason, schedule
from shared.errors import BadReplyError
from shared.messages import Certainty, DayState, Window
from shared.outages import bounds, within

STATUS = {1: Certainty.DEFINITE, 2: Certainty.POSSIBLE}
"""Only 1 was seen in 2025 and 2026; 2 meant possible in 2024."""


def read(content: Any, queue: str) -> Answer:
    """Return the answer of GET /schedule-by-queue, or raise BadReplyError if it is not a list of days.

    A day with a nonsensical window is ignored as a whole: fewer dark hours than planned would be false hope.
    """
    if not isinstance(content, list):
        raise BadReplyError(schedule.NO_DAYS())
    days: dict[date, Day] = {}
    odd: list[Reason] = []
    for element in content:
        try:
            day, found = _day(element, queue, odd)
        except NonsenseError as error:
            odd.append(error.reason)
            continue
        if found and days.setdefault(day, found) != found:
            odd.append(schedule.days_differ(day=day))
    _carry_over(days)
    return Answer(days, stamp=max(_stamps(content), default=None), odd=tuple(odd))


def _carry_over(days: dict[date, Day]) -> None:
    """Move what extends past midnight to the next day, if the answer also has that."""
    for day, found in sorted(days.items()):
        midnight = bounds(day, ZONE)[1]
        late = within(found.windows, midnight, midnight + timedelta(days=1))
        following = days.get(day + timedelta(days=1))
        if late and following:
            days[day] = Day(found.state, within(found.windows, datetime.min.replace(tzinfo=UTC), midnight))
            days[day + timedelta(days=1)] = Day(DayState.PLANNED, (*late, *following.windows))


def queues(content: Any) -> tuple[str, ...]:
    """Return the queues that POST /gpv-queue-list names, or raise BadReplyError."""
    rows = content if isinstance(content, list) else []
    codes = queues_of(row.get("code") for row in rows if isinstance(row, dict))
    if not codes:
        raise BadReplyError(schedule.NO_QUEUES())
    return codes


def _day(element: Any, queue: str, odd: list[Reason]) -> tuple[date, Day | None]:
    if not isinstance(element, dict):
        raise NonsenseError(schedule.DAY_MALFORMED())
    day = calendar_day(element.get("eventDate"))
    by_queue = element.get("queues")
    slots = by_queue.get(queue) if isinstance(by_queue, dict) else None
    if slots is None:
        return day, None
    if not isinstance(slots, list):
        raise NonsenseError(schedule.hours_malformed(day=day))
    windows = [one for slot in slots if (one := _window(day, slot, odd))]
    return day, Day(DayState.PLANNED if slots else DayState.NO_OUTAGES, tuple(windows))


def _window(day: date, slot: Any, odd: list[Reason]) -> Window | None:
    if not isinstance(slot, dict):
        raise NonsenseError(schedule.outage_malformed(day=day))
    start, end = (minutes(part) for part in _hours(day, slot))
    end = end_of(end)
    if start in (end, DAY_MIN):
        raise NonsenseError(schedule.outage_empty(day=day))
    if end < start:  # 00:00 ends the day; anything else is on the next
        end += DAY_MIN
    return window(day, start, end, _certainty(slot.get("status", 1), odd))


def _hours(day: date, slot: dict[str, Any]) -> tuple[Any, Any]:
    if slot.get("from") is not None and slot.get("to") is not None:
        return slot["from"], slot["to"]
    parts = str(slot.get("shutdownHours", "")).replace("\u2013", "-").split("-")
    if len(parts) != 2:
        raise NonsenseError(schedule.outage_without_hours(day=day))
    return parts[0], parts[1]


def _certainty(status: Any, odd: list[Reason]) -> Certainty:
    known = STATUS.get(status) if isinstance(status, int) else None
    if known is None:
        odd.append(schedule.unknown_kind(kind=repr(str(status)[:20])))
    return known or Certainty.UNKNOWN


def _stamps(content: list[Any]) -> Iterator[datetime]:
    for element in content:
        for name in ("scheduleApprovedSince", "createdAt"):
            if isinstance(element, dict) and (moment := stamp(element.get(name))):
                yield moment
