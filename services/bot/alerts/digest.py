"""Many alerts that have waited -> the one account that a person wants to read: ordered, complete, with times. Pure.

An outage that has ended is one line; a trouble that is over too; of the schedule only the last change is shown, with
how often it changed; reminders of what is past are gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.bot.alert import Alert, Kind
from services.bot.wording import alert_text
from services.bot.words import Html, Voice, lines

LATE = timedelta(minutes=2)
"""Alerts that have waited longer are merged; a few at once that are fresh are told one by one."""


@dataclass(frozen=True)
class Item:
    """One line of the account: an alert, and the one that ended it."""

    alert: Alert
    end: Alert | None = None
    count: int = 1


def is_late(alerts: Sequence[Alert], now: datetime) -> bool:
    """Whether these should be told as one account."""
    return len(alerts) > 1 and any(now - alert.stored_at > LATE for alert in alerts)


def items(alerts: Sequence[Alert], now: datetime) -> list[Item]:
    """Return what is left to tell, in the order in which it began."""
    found: list[Item] = []
    for alert in sorted(_worth(alerts, now), key=lambda one: one.at):
        place = _beginning_of(alert, found)
        if place is not None:
            found[place] = Item(found[place].alert, alert)
        elif alert.kind is Kind.SCHEDULE:
            before = [one for one in found if one.alert.kind is Kind.SCHEDULE]
            found = [one for one in found if one not in before]
            found.append(Item(alert, count=1 + sum(one.count for one in before)))
        else:
            found.append(Item(alert))
    return found


def account(voice: Voice, alerts: Sequence[Alert], *, is_quiet: bool = False) -> str:
    """Return the account in words, or "" where nothing is left to tell."""
    told = items(alerts, voice.now)
    if not told:
        return ""
    lasted = voice.lasted(voice.now - min(alert.stored_at for alert in alerts))
    head = voice("overnight" if is_quiet else "meanwhile", lasted=lasted)
    return "\n\n".join([head, *(_item_text(voice, one) for one in told)])


def _worth(alerts: Sequence[Alert], now: datetime) -> list[Alert]:
    return [alert for alert in alerts if not alert.is_past(now)]


def _beginning_of(alert: Alert, found: Sequence[Item]) -> int | None:
    """Return where the alert is whose end this one tells."""
    for place in reversed(range(len(found))):
        item = found[place]
        if alert.kind is Kind.GRID_BACK and item.alert.kind in (Kind.GRID_LOST, Kind.GRID_BACK, Kind.GRID_UNSTABLE):
            return place if item.alert.kind is Kind.GRID_LOST and item.end is None else None
        if alert.over and alert.key == item.alert.key and item.end is None:
            return place
    return None


def _item_text(voice: Voice, item: Item) -> str:
    alert, end = item.alert, item.end
    if alert.kind is Kind.SCHEDULE and item.count > 1:
        head = voice("line_schedule", count=item.count)
        return lines(head, alert_text(voice, alert))
    if end is None:
        return alert_text(voice, alert)
    if alert.kind is Kind.GRID_LOST:
        return _outage(voice, alert, end)
    first = alert_text(voice, alert).partition("\n")[0]
    return voice("line_trouble_over", trouble=Html(first), ended=voice.time(end.at))


def _outage(voice: Voice, lost: Alert, back: Alert) -> str:
    return voice(
        "line_outage",
        began=voice.time(lost.at),
        ended=voice.time(back.at),
        soc=_at_charge(voice, lost),
        soc_after=_at_charge(voice, back),
        lasted=voice.lasted(back.at - lost.at),
    )


def _at_charge(voice: Voice, alert: Alert) -> str:
    if alert.soc_percent is None or alert.is_belated:
        return ""
    return voice("at_charge", soc=voice.number("percent", alert.soc_percent))
