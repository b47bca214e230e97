"""The plan of a house as it was published at a moment."""

from datetime import UTC, datetime

from bench.outlook.house import House
from bench.outlook.people import PER_DAY
from services.outlook.history import Plan, PlannedOutage

STAYS_STEPS = 72


def plan_at(house: House, step: int) -> Plan:
    """Return the plan as it was published at a step; an outage stays in it for some hours, as power may be late."""
    start_s = float(house.history.time[0])  # type: ignore[arg-type]
    known = [
        PlannedOutage(_moment(start_s, start), _moment(start_s, end))
        for published, start, end in house.announced
        if published <= step and end + STAYS_STEPS > step
    ]
    return Plan(known, _moment(start_s, (step // PER_DAY + 2) * PER_DAY))


def _moment(start_s: float, step: int) -> datetime:
    return datetime.fromtimestamp(start_s + 300 * step, UTC)
