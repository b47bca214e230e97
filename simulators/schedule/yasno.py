"""What YASNO's planned-outages answers, pure. Only this site reports emergencies and pending plans."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

from simulators.mains import KYIV
from simulators.schedule.plan import DAY_MIN, QUEUES, Day, OutagePlan, PlanKind

KNOWN = {("25", "902"), ("3", "301"), ("3", "303")}
"""Regions with their grid operators: Kyiv, and twice Dnipro."""
STATUS = {
    PlanKind.PLANNED: "ScheduleApplies",
    PlanKind.NONE: "NoOutages",
    PlanKind.WAITING: "WaitingForSchedule",
    PlanKind.EMERGENCY: "EmergencyShutdowns",
}


def planned_outages(plan: OutagePlan, region: str, dso: str, now: datetime) -> dict[str, Any] | None:
    """Return all groups, or None if there is no such operator."""
    if (region, dso) not in KNOWN:
        return None
    return {queue: _group(plan, queue, now) for queue in QUEUES}


def _group(plan: OutagePlan, queue: str, now: datetime) -> dict[str, Any]:
    """Return both days of a group without those that are unknown."""
    today = now.astimezone(KYIV).date()
    days = {"today": today, "tomorrow": today + timedelta(days=1)}
    planned = {name: plan.day(day, queue, now) for name, day in days.items()}
    shown = {name: _day(days[name], day) for name, day in planned.items() if day.kind in STATUS}
    updated = max(day.approved for day in planned.values()).astimezone(UTC).replace(microsecond=0)
    return shown | {"updatedOn": updated.isoformat()}


def _day(day: date, planned: Day) -> dict[str, Any]:
    midnight = datetime.combine(day, time(), KYIV)
    slots = _slots(planned) if planned.kind is PlanKind.PLANNED else []
    return {"slots": slots, "date": midnight.isoformat(), "status": STATUS[planned.kind]}


def _slots(planned: Day) -> list[dict[str, Any]]:
    """Return slots that cover the whole day; definite wins over possible."""
    edges = sorted({0, DAY_MIN, *(edge for span in planned.definite + planned.possible for edge in span)})
    slots: list[dict[str, Any]] = []
    for begin, end in pairwise(edges):
        kind = _kind(planned, begin)
        if slots and slots[-1]["type"] == kind:
            slots[-1]["end"] = end
        else:
            slots.append({"start": begin, "end": end, "type": kind})
    return slots


def _kind(planned: Day, minute: int) -> str:
    for kind, spans in (("Definite", planned.definite), ("Possible", planned.possible)):
        if any(begin <= minute < end for begin, end in spans):
            return kind
    return "NotPlanned"
