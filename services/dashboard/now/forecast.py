"""Whether the battery lasts, by how much and what to do, with how that is known; pure. Empty where it is not."""

from typing import Any

from dash import html

from services.dashboard.markup import attributes
from shared.broker_state import BrokerState
from shared.freshness import OUTLOOK_HOLDS, fresh
from shared.messages import OutageOutlook, Verdict
from shared.texts.localizer import Localizer
from shared.texts.outlook_sentences import advice, concern, how, later_trouble, verdict_sentence

LOOKS = {
    Verdict.LASTS: "good",
    Verdict.UNCERTAIN: "warn",
    Verdict.WILL_NOT_LAST: "bad",
    Verdict.UNKNOWN: "unknown",
}


def forecast(snapshot: BrokerState, localizer: Localizer) -> list[Any]:
    """Return the card's content, nothing where there is no fresh outlook."""
    outlook = snapshot.outlook
    if outlook is None or not snapshot.connected or not fresh(outlook.at, localizer.now, OUTLOOK_HOLDS):
        return []
    title = html.H2(localizer("outlook.title"))
    if outlook.charge is None:
        return [title, *(html.P(localizer.reason(one)) for one in outlook.unknown)]
    first, later = concern(outlook), later_trouble(outlook)
    names = {device: one.name or device for device, one in snapshot.plugs.items()}
    to_do = advice(localizer, first, names) or advice(localizer, later, names)
    lines = how(localizer, outlook, first)
    return [
        title,
        _verdict(first, verdict_sentence(localizer, outlook, first), "said"),
        _verdict(later, verdict_sentence(localizer, outlook, later), "later") if later else None,
        html.Ul([html.Li(one) for one in to_do], className="to-do") if to_do else None,
        html.Details(
            [html.Summary(localizer("outlook.how")), html.Ul([html.Li(one) for one in lines])],
            id="outlook-how",
            className="how",
        ),
    ]


def _verdict(outage: OutageOutlook | None, sentence: str, name: str) -> html.P:
    look = LOOKS[outage.verdict] if outage else "unknown"
    return html.P(sentence, className=name, **attributes(data_state=look))
