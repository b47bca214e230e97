"""The card of the battery: how full it is, until when that lasts, whether it is enough and what to do; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dash import html

from services.dashboard.markup import attributes
from shared.broker_state import BrokerState
from shared.charge import LONG
from shared.conditions.outlook import little_history
from shared.live_figures import LiveFigures, fresh_outlook, usable_outlook
from shared.messages import Grid, OutageOutlook, Outlook, Verdict
from shared.texts.localizer import Localizer
from shared.texts.outlook_sentences import (
    concern,
    how,
    is_overdue,
    later_trouble,
    outage_sentence,
    rough_time,
    to_do,
)
from shared.trusted_time import is_unset

LOOKS = {
    Verdict.LASTS: "good",
    Verdict.UNCERTAIN: "warn",
    Verdict.WILL_NOT_LAST: "bad",
    Verdict.UNKNOWN: "unknown",
}
ROUGH = little_history.code
"""What is unknown is listed under the "how", but that the whole answer is rough belongs next to it."""


@dataclass(frozen=True)
class Until:
    """Until when the charge lasts, as a figure with the words above it; both empty if unknown."""

    label: str = ""
    value: str = ""


def until(snapshot: BrokerState, figures: LiveFigures, localizer: Localizer) -> Until:
    """Return until when the charge lasts: in an outage, or if power went now."""
    grid = figures.grid if snapshot.connected else None
    if grid is not None and grid.state is Grid.OFF:
        left = figures.runtime_after(grid.since)
        return Until() if left is None else _until(left, "now", localizer)
    outlook = usable_outlook(snapshot.outlook, localizer.now) if grid and grid.state is Grid.ON else None
    if outlook is None or outlook.strip is None:
        return Until()
    return _until(_held(outlook, localizer.now), "ahead", localizer)


def _held(outlook: Outlook, now: datetime) -> timedelta:
    """Return how long the charge lasts; more than a day if that is beyond the forecast."""
    until = outlook.holds_until.typical
    return timedelta.max if until is None else until - now


def _until(left: timedelta, when: str, localizer: Localizer) -> Until:
    if left > LONG:
        return Until(localizer(f"now.lasts_{when}"), localizer("now.more_than_a_day"))
    if is_unset(localizer.now):
        return Until(localizer(f"now.lasts_{when}"), localizer.lasted(left))
    return Until(localizer(f"now.lasts_until_{when}"), rough_time(localizer, localizer.now + left))


def answer(snapshot: BrokerState, localizer: Localizer) -> list[Any]:
    """Return whether the charge is enough, what to do, and how that is known; nothing without a fresh outlook."""
    outlook = fresh_outlook(snapshot.outlook, localizer.now) if snapshot.connected else None
    if outlook is None:
        return []
    if outlook.charge is None:
        has_source = snapshot.inverters or snapshot.batteries  # a home may well have no battery at all
        return [html.P(localizer.reason(one)) for one in outlook.unknown] if has_source else []
    first, later = concern(outlook), later_trouble(outlook)
    to_dos = to_do(localizer, outlook, snapshot)
    return [
        *(
            _verdict(one, name, localizer)
            for one, name in ((first, "said"), (later, "later"))
            if _is_judged(one, localizer.now)
        ),
        *(html.P(localizer.reason(one), className="hint") for one in outlook.unknown if one.code == ROUGH),
        html.Ul([html.Li(one) for one in to_dos], className="to-do") if to_dos else None,
        html.Details(
            [
                html.Summary(localizer("outlook.how")),
                html.Ul([html.Li(one) for one in how(localizer, outlook, first)]),
            ],
            id="outlook-how",
            className="how",
        ),
    ]


def _is_judged(outage: OutageOutlook | None, now: datetime) -> bool:
    """Whether there is a verdict; without one, and while power is late, until when the charge lasts is all there is."""
    if outage is None or outage.end is None or is_overdue(outage, now):
        return False
    return outage.verdict is not Verdict.UNKNOWN


def _verdict(outage: OutageOutlook | None, name: str, localizer: Localizer) -> html.P | None:
    if outage is None:
        return None
    sentence = outage_sentence(localizer, outage)
    return html.P(sentence, className=name, **attributes(data_state=LOOKS[outage.verdict]))
