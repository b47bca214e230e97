"""Answers of YASNO's planned-outages (Kyiv, Dnipro), pure: the only source that reports emergencies and waiting.

Shapes and traps: docs/schedule.md. Slots are minutes of the wall clock and tile the whole day.
"""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from services.schedule.answer import (
    DAY_MIN,
    ZONE,
    Answer,
    Day,
    NonsenseError,
    end_of,
    iso_moment,
    queues_of,
    sensible,
    window,
)
from shared.conditions import Reason, schedule
from shared.errors import BadReplyError
from shared.messages import Certainty, DayState, Window

STATES = {
    "ScheduleApplies": DayState.PLANNED,
    "NoOutages": DayState.NO_OUTAGES,
    "WaitingForSchedule": DayState.WAITING,
    "EmergencyShutdowns": DayState.EMERGENCY,
}
SLOTS = {"Definite": Certainty.DEFINITE, "Possible": Certainty.POSSIBLE, "NotPlanned": None}


def read(content: Any, group: str) -> Answer:
    """Return the answer for a group such as 3.1, or raise BadReplyError if it has another shape."""
    groups = {name: entry for name, entry in content.items() if _is_group(entry)} if isinstance(content, dict) else {}
    if not groups:
        raise BadReplyError(schedule.NO_GROUPS())
    group_days = groups.get(group)
    days: dict[date, Day] = {}
    odd: list[Reason] = []
    for part in group_days.values() if isinstance(group_days, dict) else ():
        try:
            if isinstance(part, dict) and "date" in part:
                day, plan = _day(part, odd)
                days.setdefault(day, plan)
        except NonsenseError as error:
            odd.append(error.reason)
    stamp = iso_moment(group_days.get("updatedOn")) if isinstance(group_days, dict) else None
    return Answer(days, stamp=stamp, queues=queues_of(groups), odd=tuple(odd))


def _is_group(entry: object) -> bool:
    return isinstance(entry, dict) and ("today" in entry or "tomorrow" in entry)


def _day(part: dict[str, Any], odd: list[Reason]) -> tuple[date, Day]:
    day = _date(part["date"])
    state = STATES.get(part["status"]) if isinstance(part.get("status"), str) else None
    if state is None:
        raise NonsenseError(schedule.unknown_status(day=day, status=repr(str(part.get("status"))[:30])))
    if state is not DayState.PLANNED:  # in an emergency, and before approval, the listed hours are not valid
        return day, Day(state)
    slots = part.get("slots")
    if not isinstance(slots, list) or not slots:
        raise NonsenseError(schedule.no_hours(day=day))
    windows = tuple(one for slot in slots if (one := _window(day, slot, odd)))
    if not windows:
        _check_whole(day, slots)
    return day, Day(DayState.PLANNED if windows else DayState.NO_OUTAGES, windows)


def _check_whole(day: date, slots: list[Any]) -> None:
    """Raise unless the day is complete: one with missing hours must not pass for a day without outages."""
    reached = 0
    for start, end in sorted(_span(day, slot) for slot in slots):
        reached = max(reached, end) if start <= reached else reached
    if reached < DAY_MIN:
        raise NonsenseError(schedule.hours_missing(day=day))


def _span(day: date, slot: Any) -> tuple[int, int]:
    start, end = (slot.get("start"), slot.get("end")) if isinstance(slot, dict) else (None, None)
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= DAY_MIN:
        raise NonsenseError(schedule.hours_wrong(day=day))
    return start, end_of(end)


def _date(text: object) -> date:
    try:
        moment = datetime.fromisoformat(str(text))
        is_midnight = moment.time() == time() or moment.tzinfo is None
        # Kyiv's midnight may stand there as 22:00 of the day before in UTC
        return sensible((moment if is_midnight else moment.astimezone(ZoneInfo(ZONE))).date())
    except (ValueError, OverflowError):
        raise NonsenseError(schedule.not_a_date(text=repr(str(text)[:40]))) from None


def _window(day: date, slot: Any, odd: list[Reason]) -> Window | None:
    start, end = _span(day, slot)
    kind = str(slot.get("type"))
    if kind not in SLOTS:
        odd.append(schedule.unknown_kind(kind=repr(kind[:20])))
    certainty = SLOTS.get(kind, Certainty.UNKNOWN)
    return window(day, start, end, certainty) if certainty else None
