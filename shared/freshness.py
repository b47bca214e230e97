"""How old a message may be: a retained one may be a week old, so check here before acting on one."""

from datetime import datetime, timedelta

CLOCK_SLACK = timedelta(seconds=30)
"""How far ahead another host's clock may be before its messages count as wrong."""

STATUS_HOLDS = timedelta(seconds=90)
"""A service repeats its status every 30 s: after this time it counts as gone."""

READING_HOLDS = timedelta(seconds=20)
"""How long the page shows a reading of the inverter or of the grid as live, unless DASHBOARD_FRESH_S says otherwise."""

DECISION_HOLDS = timedelta(minutes=3)
"""How long such a reading counts for decisions and alerts, which a few missed readings should not disturb."""

BATTERY_HOLDS = timedelta(minutes=3)
"""How long after the next reading is due a battery's last one still counts: Bluetooth may need several attempts."""

PLUG_HOLDS = timedelta(minutes=30)
"""Plugs are read every few minutes: after this time a plug's state is unknown."""

OUTLOOK_HOLDS = timedelta(minutes=12)
"""The outlook is renewed every five minutes: after two missed ones it is out of date."""

COMMAND_HOLDS = timedelta(seconds=60)
"""An older command is not executed: it may be from last week, or delivered again at every reconnect."""

SAME_STATE_WITHIN = timedelta(hours=1)
"""After a longer silence of the inverter, or pause of the service, what the grid did meanwhile is unknown."""


def fresh(at: datetime, now: datetime, limit: timedelta) -> bool:
    """Return whether something measured `at` is still valid `now`: no older than `limit`, and not from the future."""
    return -CLOCK_SLACK <= now - at <= limit


def predates(at: datetime, known: datetime | None, now: datetime) -> bool:
    """Return whether something was measured before a change that is already known, and so is not news.

    A broker may save its retained messages only once a minute: after a power cut, older ones return in place of those
    not saved. A change dated later than now proves nothing: a wrong clock dated it.
    """
    return known is not None and at < known <= now
