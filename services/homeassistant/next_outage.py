"""What the schedule says about this moment, and about the next outage. Pure."""

from datetime import datetime

from shared.messages import Expectation, NextOutage, OutageSchedule
from shared.outages import Expected, next_outage, status_at

EXPECTATIONS = {
    Expected.POWER: Expectation.POWER,
    Expected.OUTAGE: Expectation.OUTAGE,
    Expected.POSSIBLE_OUTAGE: Expectation.POSSIBLE_OUTAGE,
    Expected.EMERGENCY: Expectation.EMERGENCY,
    Expected.WAITING: Expectation.WAITING,
    Expected.UNKNOWN: Expectation.UNKNOWN,
}


def outage_ahead(schedule: OutageSchedule | None, now: datetime) -> NextOutage:
    """Return the running planned outage, or the next one."""
    window = next_outage(schedule, now)
    expected = EXPECTATIONS[status_at(schedule, now).expected]
    return NextOutage(
        at=now, expected=expected, start=window.start if window else None, end=window.end if window else None
    )
