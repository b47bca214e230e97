"""When plugs are asked whether they would follow: before a planned outage, and every evening. Pure."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta, tzinfo

from shared.messages import Window

BEFORE_OUTAGE = timedelta(hours=2)
EVENING, NIGHT = time(18), time(22)


def current_round(now: datetime, zone: tzinfo, windows: Iterable[Window]) -> str | None:
    """Return which round it is time for, None if it is time for none."""
    if ahead := [one.start for one in windows if one.start - BEFORE_OUTAGE <= now < one.start]:
        return f"outage {min(ahead).isoformat()}"
    local = now.astimezone(zone)
    return f"evening {local.date()}" if EVENING <= local.time() < NIGHT else None
