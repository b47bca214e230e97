"""Answers of YASNO's planned-outages (Kyiv, Dnipro), pure: the one source that tells of emergencies and of waiting.

Shapes and traps: docs/schedule.md. Slots are minutes of the wall clock and tile the whole day.
"""

from datetime import date, datetime
from typing import Any

from services.schedule.reading import DAY_MIN, Day, NonsenseError, Reading, iso_moment, sensible, window
from shared.errors import BadReplyError
from shared.messages import Certainty, DayPlan, Window

STATES = {
    "ScheduleApplies": DayPlan.PLANNED,
    "NoOutages": DayPlan.NO_OUTAGES,
    "WaitingForSchedule": DayPlan.WAITING,
    "EmergencyShutdowns": DayPlan.EMERGENCY,
}
SLOTS = {"Definite": Certainty.DEFINITE, "Possible": Certainty.POSSIBLE, "NotPlanned": None}


def read(content: Any, group: str) -> Reading:
    """Return what the answer says of a group such as 3.1, or raise BadReplyError where it has another shape."""
    if not isinstance(content, dict):
        raise BadReplyError("its answer is no list of groups")
    told = content.get(group)
    days: dict[date, Day] = {}
    odd: list[str] = []
    for part in told.values() if isinstance(told, dict) else ():
        try:
            if isinstance(part, dict) and "date" in part:
                day, plan = _day(part, odd)
                days.setdefault(day, plan)
        except NonsenseError as error:
            odd.append(str(error))
    stamp = iso_moment(told.get("updatedOn")) if isinstance(told, dict) else None
    return Reading(days, stamp=stamp, queues=tuple(str(name) for name in content), odd=tuple(odd))


def _day(part: dict[str, Any], odd: list[str]) -> tuple[date, Day]:
    day = _date(part["date"])
    state = STATES.get(part["status"]) if isinstance(part.get("status"), str) else None
    if state is None:
        raise NonsenseError(f"{day:%d.%m} has the status {str(part.get('status'))[:30]!r}, which nobody has documented")
    if state is not DayPlan.PLANNED:  # in an emergency, and before approval, hours that are still listed do not hold
        return day, Day(state)
    slots = part.get("slots")
    if not isinstance(slots, list) or not slots:
        raise NonsenseError(f"a plan applies on {day:%d.%m} but has no hours")
    windows = tuple(one for slot in slots if (one := _window(day, slot, odd)))
    return day, Day(DayPlan.PLANNED if windows else DayPlan.NO_OUTAGES, windows)


def _date(text: object) -> date:
    try:
        return sensible(datetime.fromisoformat(str(text)).date())
    except ValueError:
        raise NonsenseError(f"{str(text)[:40]!r} is no date") from None


def _window(day: date, slot: Any, odd: list[str]) -> Window | None:
    start, end = (slot.get("start"), slot.get("end")) if isinstance(slot, dict) else (None, None)
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= DAY_MIN:
        raise NonsenseError(f"the hours of {day:%d.%m} make no sense")
    kind = str(slot.get("type"))
    if kind not in SLOTS:
        odd.append(f"an outage is called {kind[:20]!r}, which nobody has documented")
    certainty = SLOTS.get(kind, Certainty.UNKNOWN)
    return window(day, start, end, certainty) if certainty else None
