"""How old a message may be: a retained one may be a week old, so whoever acts on one checks here first."""

from datetime import datetime, timedelta

CLOCK_SLACK = timedelta(seconds=30)
"""How far ahead another host's clock may be before its messages count as wrong."""

STATUS_HOLDS = timedelta(seconds=90)
"""A service repeats its status every 30 s: after this time it is gone."""

READING_HOLDS = timedelta(seconds=20)
"""How long the page shows a reading of the inverter or of the grid as live, unless DASHBOARD_FRESH_S says otherwise."""

DECISION_HOLDS = timedelta(minutes=3)
"""How long such a reading counts for what decides or reports by it, which a few missed readings should not disturb."""

BATTERY_HOLDS = timedelta(minutes=3)
"""How long after the next reading is due a battery's last one still counts: Bluetooth may need several attempts."""

PLUG_HOLDS = timedelta(minutes=30)
"""Plugs are read every few minutes: after this time a plug's state is unknown."""

OUTLOOK_HOLDS = timedelta(minutes=12)
"""The outlook is renewed every five minutes: after two missing ones it is out of date."""

COMMAND_HOLDS = timedelta(seconds=60)
"""An older command is not carried out: it may be from last week, or delivered again at every reconnect."""

SAME_STATE_WITHIN = timedelta(hours=1)
"""After a longer silence of the inverter, or pause of ours, what the grid did meanwhile is unknown."""


def fresh(at: datetime, now: datetime, limit: timedelta) -> bool:
    """Return whether something measured `at` is still valid `now`: no older than `limit`, and not from the future."""
    return -CLOCK_SLACK <= now - at <= limit


def predates(at: datetime, known: datetime | None, now: datetime) -> bool:
    """Return whether something was measured before a change that is known already, and so is no news.

    A broker may save its retained messages once a minute only: a power cut takes what it had not saved, and the ones
    from before return. A change that is dated later than now was dated by a clock that was wrong, and proves nothing.
    """
    return known is not None and at < known <= now
