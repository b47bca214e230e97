"""Alerts that have waited -> the entries of one digest: ordered, complete, with times. Pure.

An outage that has ended is one entry, as is any trouble that is over; only the last change of the schedule is shown,
with the number of changes; reminders of past events are dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.bot.alerts.alert import Alert, AlertKind

LATE_AFTER = timedelta(minutes=2)
"""Alerts that have waited longer are merged into a digest; a few fresh ones are sent one by one."""
GRID_EVENTS = (AlertKind.GRID_LOST, AlertKind.GRID_BACK, AlertKind.GRID_UNSTABLE)


@dataclass(frozen=True)
class DigestEntry:
    """An alert, the one that ended it, and how many changes of the schedule it stands for."""

    alert: Alert
    end: Alert | None = None
    count: int = 1


def needs_digest(alerts: Sequence[Alert], now: datetime) -> bool:
    """Whether these should be sent as one digest."""
    return len(alerts) > 1 and any(now - alert.stored_at > LATE_AFTER for alert in alerts)


def digest_entries(alerts: Sequence[Alert], now: datetime) -> list[DigestEntry]:
    """Return what is still worth reporting, in the order of its beginning."""
    found: list[DigestEntry] = []
    for alert in sorted((one for one in alerts if not one.is_past(now)), key=lambda one: one.at):
        place = _beginning_of(alert, found)
        if place is not None:
            found[place] = DigestEntry(found[place].alert, alert)
        elif alert.kind is AlertKind.SCHEDULE:
            before = [one for one in found if one.alert.kind is AlertKind.SCHEDULE]
            found = [one for one in found if one not in before]
            found.append(DigestEntry(alert, count=1 + sum(one.count for one in before)))
        else:
            found.append(DigestEntry(alert))
    return found


def _beginning_of(alert: Alert, found: Sequence[DigestEntry]) -> int | None:
    """Return the place of the entry that this alert ends."""
    for place in reversed(range(len(found))):
        entry = found[place]
        if alert.kind is AlertKind.GRID_BACK and entry.alert.kind in GRID_EVENTS:
            return place if entry.alert.kind is AlertKind.GRID_LOST and entry.end is None else None
        if alert.over and alert.key == entry.alert.key and entry.end is None:
            return place
    return None
