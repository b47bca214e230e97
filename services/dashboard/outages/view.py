"""What the page *Outages* says of the plan, pure: messages in, texts and trees out."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from services.dashboard.markup import tree
from services.dashboard.outages import sentence
from services.dashboard.outages.days import about, days
from services.dashboard.pages import View
from services.dashboard.wording import Clock
from shared.broker_state import BrokerState
from shared.messages import iso


def view(snapshot: BrokerState, clock: Clock) -> View:
    """Return everything about the plan, by the operator's wall clock."""
    plan = snapshot.schedule
    if plan:
        clock = replace(clock, zone=ZoneInfo(plan.time_zone))
    return View(
        stale=plan is None or sentence.is_stale(plan, clock),
        text={
            "outages-headline": sentence.headline(plan, clock),
            "outages-help": sentence.help_text(snapshot, clock),
            "outages-reality": sentence.reality(snapshot.grid, connected=snapshot.connected, clock=clock),
            "outages-queue": clock("outages.queue", queue=plan.queue) if plan else "",
        },
        state={"outages-banner": sentence.banner_state(plan, clock)},
        parts={
            "outages-coming": tree(sentence.coming(plan, clock)),
            "outages-days": tree(days(plan, clock)),
            "outages-about": tree(about(plan, clock)),
        },
        extra={"now": iso(clock.now)},
    )
