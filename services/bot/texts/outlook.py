"""The outlook as the bot tells it: the command, the line of the battery, the alert. Pure."""

from services.bot.alerts.alert import Alert
from services.bot.texts.html import lines, paragraphs
from shared.broker_state import BrokerState
from shared.live_figures import fresh_outlook, usable_outlook
from shared.texts.localizer import Localized, Localizer
from shared.texts.outlook_sentences import (
    advice,
    concern,
    how,
    later_trouble,
    outage_sentence,
    verdict_sentence,
)


def outlook_text(localizer: Localizer, snapshot: BrokerState) -> str:
    """Return whether the battery lasts, what to do, and how that is known."""
    outlook = usable_outlook(snapshot.outlook, localizer.now)
    if outlook is None:
        last = fresh_outlook(snapshot.outlook, localizer.now)
        known = last.unknown if last else ()
        return lines(localizer("outlook.stale"), *map(localizer.reason, known))
    first = concern(outlook)
    return paragraphs(lines(*short_lines(localizer, snapshot)), lines(*how(localizer, outlook, first)))


def short_lines(localizer: Localizer, snapshot: BrokerState) -> list[str]:
    """Return the verdict and what to do, nothing without a fresh outlook."""
    outlook = usable_outlook(snapshot.outlook, localizer.now)
    if outlook is None:
        return []
    first, later = concern(outlook), later_trouble(outlook)
    return [
        Localized(f"<b>{verdict_sentence(localizer, outlook, first)}</b>"),
        *([verdict_sentence(localizer, outlook, later)] if later else []),
        *(advice(localizer, first, snapshot.plug_name) or advice(localizer, later, snapshot.plug_name)),
    ]


def forecast_text(localizer: Localizer, alert: Alert) -> str:
    """Return the alert that the battery will not last, or lasts after all."""
    name, outage = "bot.forecast_lasts" if alert.over else "bot.forecast_short", alert.outlook
    said = outage_sentence(localizer, outage) if outage else localizer("outlook.stale")
    return lines(localizer(name, time=localizer.time(alert.at), verdict=said), *advice(localizer, outage, str))
