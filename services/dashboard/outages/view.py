"""The view of *Outages*, pure: messages in, texts and trees out."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from services.dashboard.markup import tree
from services.dashboard.outages import headline
from services.dashboard.outages.forecast import forecast
from services.dashboard.outages.schedule_days import about, days
from services.dashboard.pages import View
from shared.broker_state import BrokerState
from shared.freshness import READING_HOLDS
from shared.messages import iso
from shared.texts.localizer import Localizer


def view(snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta = READING_HOLDS) -> View:
    """Return everything about the plan, in the operator's time zone."""
    plan = snapshot.schedule
    if plan:
        localizer = replace(localizer, zone=ZoneInfo(plan.time_zone))
    off_since = headline.off_since(snapshot, localizer, fresh_for)
    return View(
        stale=plan is None or headline.is_stale(plan, localizer),
        text={
            "outages-headline": headline.headline(plan, localizer, off_since),
            "outages-help": headline.help_text(snapshot, localizer),
            "outages-reality": headline.reality(snapshot, localizer, fresh_for),
            "outages-queue": localizer("outages.queue", queue=plan.queue) if plan else "",
        },
        state={"outages-banner": headline.banner_state(plan, localizer, off_since)},
        parts={
            "outages-forecast": tree(forecast(snapshot, localizer)),
            "outages-coming": tree(headline.coming(plan, localizer, off_since)),
            "outages-days": tree(days(plan, localizer)),
            "outages-about": tree(about(snapshot, localizer)),
        },
        extra={"now": iso(localizer.now)},
    )
