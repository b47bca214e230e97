"""What be-svitlo.oe.if.ua answers, pure."""

from datetime import date, datetime
from typing import Any

from simulators.mains import KYIV
from simulators.schedule.plan import DAY_MIN, QUEUES, Day, OutagePlan, Span

FIRM, POSSIBLE = 1, 2


def queue_list() -> list[dict[str, Any]]:
    """Return the twelve rows of POST /gpv-queue-list."""
    return [{"id": number, "code": code, "label": f"черга {code}"} for number, code in enumerate(QUEUES, start=1)]


def schedule_by_queue(plan: OutagePlan, queue: str, now: datetime) -> list[dict[str, Any]]:
    """Return the days of a queue; none if the queue or its plan is unknown."""
    if queue not in QUEUES:
        return []
    return [_element(day, queue, planned) for day, planned in plan.days(queue, now).items() if planned.listed]


def _element(day: date, queue: str, planned: Day) -> dict[str, Any]:
    slots = [(span, FIRM) for span in planned.definite] + [(span, POSSIBLE) for span in planned.possible]
    stamp = f"{planned.approved.astimezone(KYIV):%d.%m.%Y %H:%M}"
    return {
        "eventDate": f"{day:%d.%m.%Y}",
        "queues": {queue: [_slot(span, status) for span, status in _out_of_order(slots)]},
        "createdAt": stamp,
        "scheduleApprovedSince": stamp,
    }


def _slot(span: Span, status: int) -> dict[str, Any]:
    begin, end = (f"{minute % DAY_MIN // 60:02}:{minute % 60:02}" for minute in span)  # the end of a day is 00:00
    return {"shutdownHours": f"{begin}-{end}", "from": begin, "to": end, "status": status}


def _out_of_order(slots: list[tuple[Span, int]]) -> list[tuple[Span, int]]:
    """Return them in the order once recorded: the third, the first, the fourth, the second."""
    middle = len(slots) // 2
    late, early = slots[middle:], slots[:middle]
    return [slot for pair in zip(late, early, strict=False) for slot in pair] + late[middle:]
