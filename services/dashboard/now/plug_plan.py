"""Which plugs will be switched off in the next outages, as the plug service has it, pure."""

from typing import Any

from dash import html

from services.dashboard.now.plugs import why_disabled
from shared.broker_state import BrokerState
from shared.messages import PlannedShedding, PlugPlan
from shared.texts.localizer import Localizer

MOST_OUTAGES = 2
MOST_NAMES = 5


def plug_plan(snapshot: BrokerState, localizer: Localizer) -> list[Any]:
    """Return a line for each of the next outages; nothing where the plug service does not run."""
    plan = snapshot.plug_plan
    if plan is None or not snapshot.plugs or why_disabled(snapshot, localizer):
        return []
    ahead = [one for one in plan.outages if one.start > localizer.now][:MOST_OUTAGES]
    return [html.Li(_line(plan, one, snapshot, localizer)) for one in ahead]


def _line(plan: PlugPlan, one: PlannedShedding, snapshot: BrokerState, localizer: Localizer) -> str:
    when = localizer.span(one.start, one.end)
    if not one.plugs:
        return localizer("plug.plan_none", when=when)
    names = [snapshot.plug_name(plug) for plug in one.plugs]
    listed = ", ".join(names[:MOST_NAMES]) + ("…" if names[MOST_NAMES:] else "")
    return localizer("plug.plan_dry" if plan.dry_run else "plug.plan_off", when=when, names=listed)
