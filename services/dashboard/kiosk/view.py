"""What the screen on the wall says: is there power, until when, how long the battery lasts, charge, load; pure."""

from dataclasses import dataclass
from datetime import timedelta

from services.dashboard.now.banner import banner, banner_state
from services.dashboard.now.battery_answer import until
from shared.broker_state import BrokerState
from shared.conditions import clock
from shared.live_figures import LiveFigures, is_clock_unset, live_figures, usable_outlook
from shared.messages import Grid
from shared.texts.localizer import Localizer
from shared.texts.outlook_sentences import concern, verdict_sentence
from shared.texts.what_next import what_next
from shared.trusted_time import is_unset

LOW_PERCENT = 20
"""Where the bot, which alerts below a limit that people choose, has not said which."""


@dataclass(frozen=True)
class KioskView:
    """The texts by the name of their place; state is on, off or unknown, battery good, low or unknown."""

    state: str
    battery: str
    text: dict[str, str]


def view(snapshot: BrokerState, localizer: Localizer, fresh_for: timedelta) -> KioskView:
    """Return the screen of this moment. What is not known now is a dash, never the last figure."""
    figures = live_figures(snapshot, localizer.now, fresh_for) if snapshot.connected else LiveFigures()
    state, soc = banner_state(snapshot, localizer.now, fresh_for), figures.soc_percent
    low = snapshot.alert_settings.low_battery_percent if snapshot.alert_settings else LOW_PERCENT
    return KioskView(
        state=state,
        battery="unknown" if soc is None else "low" if soc < low else "good",
        text={
            "head": localizer(f"kiosk.{state}"),
            "since": _since(snapshot, figures, state, localizer, fresh_for),
            "next": what_next(snapshot, localizer, fresh_for),
            "soc": localizer.number("percent", soc),
            "load": localizer.power(figures.load_w),
            "lasts": _lasts(snapshot, figures, localizer),
            "notice": _notice(snapshot, figures, localizer),
        },
    )


def _since(snapshot: BrokerState, figures: LiveFigures, state: str, localizer: Localizer, fresh_for: timedelta) -> str:
    if figures.grid is None or state == Grid.UNKNOWN.value or is_unset(figures.grid.since):
        said = banner(snapshot, localizer, fresh_for)
        return said["banner"] + said["lasting"]
    grid = figures.grid
    length = localizer.lasted(localizer.now - grid.since)
    return localizer("kiosk.since", since=localizer.since(grid.since), length=length)


def _lasts(snapshot: BrokerState, figures: LiveFigures, localizer: Localizer) -> str:
    """Return whether the battery lasts, by the outlook, or in an outage by the present load; else empty."""
    outlook = usable_outlook(snapshot.outlook, localizer.now) if snapshot.connected else None
    if outlook:
        return verdict_sentence(localizer, outlook, concern(outlook))
    shown = until(snapshot, figures, localizer)
    said = f"{shown.label} {shown.value}".strip()
    return said[:1].upper() + said[1:]


def _notice(snapshot: BrokerState, figures: LiveFigures, localizer: Localizer) -> str:
    """Return the problem with the figures shown."""
    if not snapshot.connected:
        return localizer("page.broker_gone")
    if is_clock_unset(snapshot, localizer.now):
        return localizer.reason(clock.NOT_SET())
    newest = max((one.at for one in snapshot.inverters.values()), default=None)
    if figures.inverter is None and newest is not None:
        return localizer("kiosk.old", at=localizer.since(newest))
    return ""
