"""Old news is no news: a retained message may be a week old, so whoever acts on one asks here first."""

from datetime import datetime, timedelta

CLOCK_SLACK = timedelta(seconds=30)
"""How far ahead another host's clock may run before its messages count as wrong, not fresh."""

STATUS_HOLDS = timedelta(seconds=90)
"""A service repeats its status every 30 s, so an older one has nobody behind it."""

READING_HOLDS = timedelta(seconds=20)
"""How long a reading of the inverter or of the grid counts as live, unless DASHBOARD_FRESH_S says otherwise."""

PLUG_HOLDS = timedelta(minutes=30)
"""Plugs are asked every few minutes, so one that was not heard of for so long is unknown."""


def fresh(at: datetime, now: datetime, limit: timedelta) -> bool:
    """Return whether something measured `at` still tells about `now`: no older than `limit`, not from the future."""
    return -CLOCK_SLACK <= now - at <= limit
