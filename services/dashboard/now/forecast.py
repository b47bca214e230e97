"""Whether the battery lasts, by how much and what to do, with how that is known; pure. Empty where it is not."""

from typing import Any

from dash import html

from services.dashboard.markup import attributes
from shared.broker_state import BrokerState
from shared.live_figures import fresh_outlook
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
    outlook = fresh_outlook(snapshot.outlook, localizer.now) if snapshot.connected else None
    if outlook is None:
        return []
    title = html.H2(localizer("outlook.title"))
    if outlook.charge is None:
        return [title, *(html.P(localizer.reason(one)) for one in outlook.unknown)]
    first, later = concern(outlook), later_trouble(outlook)
    to_do = advice(localizer, first, snapshot.plug_name) or advice(localizer, later, snapshot.plug_name)
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
