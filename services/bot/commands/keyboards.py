"""Inline keyboards and the data of their buttons, pure. What comes back may be forged, so it is parsed strictly."""

from dataclasses import dataclass
from datetime import time

from services.bot.alerts.alert import AlertGroup
from services.bot.chats import AlertLimits, ChatSettings, QuietHours
from services.bot.telegram.api import Keyboard
from services.bot.texts.html import plain
from shared.broker_state import BrokerState
from shared.live_figures import is_plug_live
from shared.messages import PlugState
from shared.texts.language import Language
from shared.texts.localizer import Localizer

LONGEST_DATA = 64
"""Of a button, in bytes; Telegram refuses more."""
SETUP = {"follow": "enabled", "protect": "protected", "test": "test", "keep": ""}
"""Buttons that change a plug's rule, or test it, with the field that each sets; `keep` sets no field."""
MOST_BUTTONS = 100
"""Of one message; Telegram refuses more."""
MOST_PLUGS = 45
"""Each has two buttons."""
QUIET_HOURS = (
    None,
    QuietHours(start=time(22), end=time(7)),
    QuietHours(start=time(23), end=time(8)),
    QuietHours(start=time(0), end=time(6)),
)
LIMITS: dict[str, tuple[str, tuple[float, ...]]] = {
    "low": ("low_battery_percent", (10, 15, 20, 25, 30, 40, 50)),
    "imbalance": ("imbalance_mv", (50, 80, 100, 150, 200, 300)),
    "silent": ("silent_minutes", (2, 5, 10, 15, 30, 60)),
}
"""Buttons that change the limits of the alerts to all chats, with their choices."""
REMINDERS = (0, 5, 10, 15, 30, 60)


@dataclass(frozen=True)
class ButtonPress:
    """A button that was pressed: the action, and what it is about."""

    action: str
    value: str = ""
    on: bool = False


def parse(data: str) -> ButtonPress | None:
    """Parse the data of a button; None if it is not one of ours."""
    action, *rest = data.split("|")
    match action, rest:
        case (("status" | "battery" | "outlook" | "schedule" | "plugs" | "setup" | "keep" | "no"), []):
            return ButtonPress(action)
        case ("inverter", []):
            return ButtonPress(action)
        case (("pick" | "want" | "do"), [_, *_]):
            return ButtonPress(action, "|".join(rest))
        case (("chart" | "set"), [value]):
            return ButtonPress(action, value)
        case (("ask" | "plug" | "follow" | "protect" | "test"), [value, "on" | "off" as state]):
            return ButtonPress(action, value, state == "on")
    return None


def refresh(localizer: Localizer, action: str) -> Keyboard:
    """Return a button that updates a message."""
    return [[(plain(localizer("bot.refresh")), action)]]


def charts(localizer: Localizer) -> Keyboard:
    """Return the choice of a day or a week."""
    return [[(plain(localizer("bot.day")), "chart|day"), (plain(localizer("bot.week")), "chart|week")]]


def plugs(localizer: Localizer, snapshot: BrokerState) -> Keyboard:
    """Return a button that toggles each plug; two if its state is unknown."""
    rows = [_plug(localizer, device, plug) for device, plug in snapshot.plugs_by_name()]
    setup = [[(plain(localizer("bot.plugs_setup")), "setup")]] if snapshot.plug_infos else []
    return [*[row for row in rows if row][:MOST_PLUGS], *setup, *refresh(localizer, "plugs")]


def plug_setup(localizer: Localizer, snapshot: BrokerState, chosen: str = "") -> Keyboard:
    """Return two buttons for each listed plug: whether it follows the grid, and whether it is protected.

    The one that was just chosen may be tested.
    """
    infos = sorted(snapshot.plug_infos.items(), key=lambda item: (item[1].seen, item[1].name.casefold()))
    listed = [(device, info) for device, info in infos if info.listed]
    fitting = [one for one in listed if len(f"protect|{one[0]}|off".encode()) <= LONGEST_DATA][:MOST_PLUGS]
    rows = [
        [
            _setting(localizer, "bot.plug_follow", info.name, f"follow|{device}", is_on=info.follows_grid),
            _setting(localizer, "bot.plug_protect", info.name, f"protect|{device}", is_on=info.protected),
        ]
        for device, info in fitting
    ]
    keep = [[(plain(localizer("bot.plugs_keep")), "keep")]] if any(not info.seen for _, info in listed) else []
    test = [
        [(plain(localizer("bot.plug_test", name=info.name)), f"test|{device}|on")]
        for device, info in fitting
        if device == chosen and info.follows_grid
    ]
    return [*test, *rows, *keep, *refresh(localizer, "setup")]


def _setting(localizer: Localizer, name: str, plug: str, action: str, *, is_on: bool) -> tuple[str, str]:
    return f"{'☑️' if is_on else '⬜'} {plain(localizer(name, name=plug))}", f"{action}|{'off' if is_on else 'on'}"


def _plug(localizer: Localizer, device: str, plug: PlugState) -> list[tuple[str, str]]:
    if plug.protected or len(f"plug|{device}|off".encode()) > LONGEST_DATA:
        return []
    name = plug.name or device
    is_on = plug.on if is_plug_live(plug, localizer.now) else None
    on = [] if is_on else [(plain(localizer("bot.turn_on", name=name)), f"ask|{device}|on")]
    off = [] if is_on is False else [(plain(localizer("bot.turn_off", name=name)), f"ask|{device}|off")]
    return on + off


def confirmation(localizer: Localizer, device: str, *, on: bool) -> Keyboard:
    """Return yes or no."""
    return [
        [(plain(localizer("bot.yes")), f"plug|{device}|{'on' if on else 'off'}"), (plain(localizer("bot.no")), "no")]
    ]


def settings(localizer: Localizer, chosen: ChatSettings, limits: AlertLimits | None = None) -> Keyboard:
    """Return every setting as a button that selects its next value; limits are for those who may change them."""
    quiet = _quiet_text(localizer, chosen.quiet)
    waits = "bot.set_quiet_waits" if chosen.quiet_waits else "bot.set_quiet_silent"
    minutes = chosen.reminder_minutes
    reminder = localizer("bot.set_reminder", minutes=minutes) if minutes else localizer("bot.set_no_reminder")
    groups = [
        (f"{'☑️' if one not in chosen.groups_off else '⬜'} {localizer(f'bot.group_{one}')}", f"set|{one}")
        for one in AlertGroup
    ]
    return [
        [(plain(localizer("bot.set_language")), "set|language")],
        [(plain(localizer("bot.set_quiet", quiet=quiet)), "set|quiet")],
        [(plain(localizer(waits)), "set|waits")],
        [(plain(reminder), "set|minutes")],
        *(groups[start : start + 2] for start in range(0, len(groups), 2)),
        *(_limits(localizer, limits) if limits else []),
    ]


def _limits(localizer: Localizer, limits: AlertLimits) -> Keyboard:
    return [
        [(plain(localizer(f"bot.set_{name}", value=localizer.decimal(getattr(limits, field)))), f"set|{name}")]
        for name, (field, _) in LIMITS.items()
    ]


def next_limits(limits: AlertLimits, value: str) -> dict[str, float] | None:
    """Return what a button changes; None if it is not the button of a limit."""
    if value not in LIMITS:
        return None
    name, choices = LIMITS[value]
    now = getattr(limits, name)
    return {name: next((one for one in choices if one > now), choices[0])}


def _quiet_text(localizer: Localizer, quiet: QuietHours | None) -> str:
    """Return the quiet hours as text, or that there are none."""
    return f"{quiet.start:%H:%M} – {quiet.end:%H:%M}" if quiet else localizer("bot.set_quiet_off")


def next_settings(chosen: ChatSettings, value: str) -> ChatSettings | None:
    """Return the settings after a button was pressed; None if there is no such button."""
    if value in set(AlertGroup):
        return chosen.model_copy(update={"groups_off": chosen.groups_off ^ {AlertGroup(value)}})
    steps: dict[str, dict[str, object]] = {
        "language": {"language": Language.EN if chosen.language is Language.UK else Language.UK},
        "quiet": {"quiet": _next(QUIET_HOURS, chosen.quiet)},
        "waits": {"quiet_waits": not chosen.quiet_waits},
        "minutes": {"reminder_minutes": _next(REMINDERS, chosen.reminder_minutes)},
    }
    return chosen.model_copy(update=steps[value]) if value in steps else None


def _next(choices: tuple[object, ...], now: object) -> object:
    return choices[(choices.index(now) + 1) % len(choices)] if now in choices else choices[0]
