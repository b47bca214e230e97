"""The outlook in the bot's words: the command, the line of the battery, the alert. Pure."""

from datetime import datetime, timedelta

from services.bot.alerts.alert import Alert
from services.bot.texts.html import lines, paragraphs
from shared.broker_state import BrokerState
from shared.charge import LONG, roughly
from shared.live_figures import fresh_outlook, usable_outlook
from shared.texts.localizer import Localized, Localizer
from shared.texts.outlook_sentences import (
    advice,
    concern,
    how,
    later_trouble,
    outage_sentence,
    to_do,
    verdict_sentence,
    why_off,
)
from shared.trusted_time import is_unset


def lasting(localizer: Localizer, left: timedelta, measured: datetime) -> str:
    """Return until when the charge measured at a moment lasts; how long, if the clock is not set."""
    if left > LONG:
        return localizer("bot.lasts_long")
    if is_unset(measured):
        return localizer("bot.lasts", lasts=localizer.lasted(left))
    return localizer("bot.lasts_until", time=localizer.time(roughly(measured + left, measured)))


def outlook_text(localizer: Localizer, snapshot: BrokerState) -> str:
    """Return whether the battery lasts, what to do, and how it is known."""
    outlook = usable_outlook(snapshot.outlook, localizer.now)
    if outlook is None:
        last = fresh_outlook(snapshot.outlook, localizer.now)
        known = last.unknown if last else ()
        return lines(localizer("outlook.stale"), *map(localizer.reason, known))
    first = concern(outlook)
    return paragraphs(lines(*short_lines(localizer, snapshot)), lines(*how(localizer, outlook, first)))


def short_lines(localizer: Localizer, snapshot: BrokerState) -> list[str]:
    """Return the verdict, what is being done and what to do; nothing without a fresh outlook."""
    outlook = usable_outlook(snapshot.outlook, localizer.now)
    if outlook is None:
        return []
    first, later = concern(outlook), later_trouble(outlook)
    return [
        Localized(f"<b>{verdict_sentence(localizer, outlook, first)}</b>"),
        *([verdict_sentence(localizer, outlook, later)] if later else []),
        *filter(None, [why_off(localizer, snapshot)]),
        *to_do(localizer, outlook, snapshot),
    ]


def forecast_text(localizer: Localizer, alert: Alert) -> str:
    """Return the alert that the battery will not last, or will after all."""
    name, outage = "bot.forecast_lasts" if alert.over else "bot.forecast_short", alert.outlook
    said = outage_sentence(localizer, outage) if outage else localizer("outlook.stale")
    return lines(localizer(name, time=localizer.time(alert.at), verdict=said), *_advice(localizer, alert))


def verdict_lines(localizer: Localizer, alert: Alert) -> list[str]:
    """Return whether the battery lasts through an outage, running or just named, and what to do."""
    outage = alert.outlook
    if outage is None:
        return []
    said = localizer("bot.verdict", verdict=outage_sentence(localizer, outage, is_named=not outage.running))
    return [said, *_advice(localizer, alert)]


def _advice(localizer: Localizer, alert: Alert) -> list[str]:
    """Return what to do; in an alert, plugs already have their names."""
    return advice(localizer, alert.outlook, str, accepts_charge=alert.accepts_charge)
