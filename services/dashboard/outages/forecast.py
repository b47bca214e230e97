"""Whether the battery lasts through each outage ahead, what to charge before, and the past accuracy; pure."""

from typing import Any

from dash import html

from services.dashboard.markup import attributes
from shared.broker_state import BrokerState
from shared.live_figures import accepts_charge, usable_outlook
from shared.messages import OutageOutlook, Outlook, Verdict
from shared.texts.localizer import Localizer
from shared.texts.outlook_sentences import charging_advice, outage_sentence, scorecard_sentences


def forecast(snapshot: BrokerState, localizer: Localizer) -> list[Any]:
    """Return the card's content, nothing if there is no fresh outlook."""
    outlook = usable_outlook(snapshot.outlook, localizer.now) if snapshot.connected else None
    if outlook is None:
        return []
    accepts = accepts_charge(snapshot, localizer.now)
    judged = [one for one in outlook.outages if one.verdict is not Verdict.UNKNOWN]
    return [
        html.H2(localizer("outlook.title")),
        html.Ul([_outage(one, accepts, localizer) for one in judged], className="verdicts") if judged else None,
        *_past(outlook, localizer),
    ]


def _outage(outage: OutageOutlook, accepts: bool | None, localizer: Localizer) -> html.Li:
    said = " ".join(f"{sentence}." for sentence in charging_advice(localizer, outage, accepts_charge=accepts))
    return html.Li(
        [html.Span(outage_sentence(localizer, outage), className="said"), html.Span(said, className="hint")],
        **attributes(data_state=outage.verdict.value),
    )


def _past(outlook: Outlook, localizer: Localizer) -> list[html.P]:
    return [html.P(sentence, className="hint") for sentence in scorecard_sentences(localizer, outlook)]
