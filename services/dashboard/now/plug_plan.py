"""Which plugs are off in this outage and will be in the next ones, as the plug service has it, pure."""

from typing import Any

from dash import html

from services.dashboard.now.plugs import why_disabled
from shared.broker_state import BrokerState
from shared.messages import PlannedShedding, PlugPlan
from shared.texts.localizer import Localizer
from shared.texts.outlook_sentences import why_off

MOST_OUTAGES = 2
MOST_NAMES = 5


def plug_plan(snapshot: BrokerState, localizer: Localizer) -> list[Any]:
    """Return why plugs are off and a line for each of the next outages; nothing if the plug service is away."""
    plan = snapshot.plug_plan
    if plan is None or not snapshot.plugs or why_disabled(snapshot, localizer):
        return []
    ahead = [one for one in plan.outages if one.start > localizer.now][:MOST_OUTAGES]
    off = why_off(localizer, snapshot)
    return [html.Li(one) for one in (off, *(_line(plan, one, snapshot, localizer) for one in ahead)) if one]


def _line(plan: PlugPlan, one: PlannedShedding, snapshot: BrokerState, localizer: Localizer) -> str:
    when = localizer.span(one.start, one.end)
    if not one.plugs:
        return localizer("plug.plan_none", when=when)
    names = [snapshot.plug_name(plug) for plug in one.plugs]
    listed = ", ".join(names[:MOST_NAMES]) + ("…" if names[MOST_NAMES:] else "")
    said = localizer("plug.plan_dry" if plan.dry_run else "plug.plan_off", when=when, names=listed)
    return localizer("plug.for_battery", plan=said) if plan.by_outlook else said
