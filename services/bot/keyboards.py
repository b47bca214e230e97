"""Buttons and what they send back, pure. What comes back is a stranger's word: it is read strictly or not at all."""

from dataclasses import dataclass
from datetime import time

from services.bot.alert import Group
from services.bot.chats import ChatSettings, Quiet
from services.bot.telegram import Keyboard
from services.bot.words import Voice, plain
from shared.broker_state import BrokerState
from shared.messages import PlugState
from shared.texts.language import Language

LONGEST_DATA = 64
QUIETS = (
    None,
    Quiet(start=time(22), end=time(7)),
    Quiet(start=time(23), end=time(8)),
    Quiet(start=time(0), end=time(6)),
)
REMINDERS = (0, 5, 10, 15, 30, 60)


@dataclass(frozen=True)
class Press:
    """A button that we understand: what to do, with what."""

    what: str
    value: str = ""
    on: bool = False


def read(data: str) -> Press | None:
    """Read what a button has sent; None is nothing of ours."""
    what, *rest = data.split("|")
    match what, rest:
        case (("status" | "battery" | "schedule" | "plugs" | "no"), []):
            return Press(what)
        case (("chart" | "set"), [value]):
            return Press(what, value)
        case (("ask" | "plug"), [value, "on" | "off" as state]):
            return Press(what, value, state == "on")
    return None


def refresh(voice: Voice, what: str) -> Keyboard:
    """A button that brings a message up to date."""
    return [[(plain(voice("refresh")), what)]]


def charts(voice: Voice) -> Keyboard:
    """Day or week."""
    return [[(plain(voice("day")), "chart|day"), (plain(voice("week")), "chart|week")]]


def plugs(voice: Voice, snapshot: BrokerState) -> Keyboard:
    """A button a plug, where what it does is clear; both where its state is unknown."""
    rows = [_plug(voice, device, plug) for device, plug in sorted(snapshot.plugs.items())]
    return [*(row for row in rows if row), *refresh(voice, "plugs")]


def _plug(voice: Voice, device: str, plug: PlugState) -> list[tuple[str, str]]:
    if len(f"plug|{device}|off".encode()) > LONGEST_DATA:
        return []
    name = plug.name or device
    on = [] if plug.on else [(plain(voice("turn_on", name=name)), f"ask|{device}|on")]
    off = [] if plug.on is False else [(plain(voice("turn_off", name=name)), f"ask|{device}|off")]
    return on + off


def sure(voice: Voice, device: str, *, on: bool) -> Keyboard:
    """Yes or no."""
    return [[(plain(voice("yes")), f"plug|{device}|{'on' if on else 'off'}"), (plain(voice("no")), "no")]]


def settings(voice: Voice, chosen: ChatSettings) -> Keyboard:
    """Every setting as a button that goes on to its next value."""
    quiet = quiet_text(voice, chosen.quiet)
    waits = "set_quiet_waits" if chosen.quiet_waits else "set_quiet_silent"
    minutes = chosen.reminder_minutes
    reminder = voice("set_reminder", minutes=minutes) if minutes else voice("set_no_reminder")
    groups = [
        (f"{'☑️' if one not in chosen.groups_off else '⬜'} {voice(f'group_{one}')}", f"set|{one}") for one in Group
    ]
    return [
        [(plain(voice("set_language")), "set|language")],
        [(plain(voice("set_quiet", quiet=quiet)), "set|quiet")],
        [(plain(voice(waits)), "set|waits")],
        [(plain(reminder), "set|minutes")],
        *(groups[start : start + 2] for start in range(0, len(groups), 2)),
    ]


def _ticked(name: str, *, on: bool) -> str:
    return f"{'☑️' if on else '⬜'} {plain(name)}"


def quiet_text(voice: Voice, quiet: Quiet | None) -> str:
    """Return the quiet hours, or that there are none."""
    return f"{quiet.start:%H:%M} – {quiet.end:%H:%M}" if quiet else voice("set_quiet_off")


def after(chosen: ChatSettings, value: str) -> ChatSettings | None:
    """Return the settings after a button was pressed, None where there is no such button."""
    if value in set(Group):
        return chosen.model_copy(update={"groups_off": chosen.groups_off ^ {Group(value)}})
    steps: dict[str, dict[str, object]] = {
        "language": {"language": Language.EN if chosen.language is Language.UK else Language.UK},
        "quiet": {"quiet": _next(QUIETS, chosen.quiet)},
        "waits": {"quiet_waits": not chosen.quiet_waits},
        "minutes": {"reminder_minutes": _next(REMINDERS, chosen.reminder_minutes)},
    }
    return chosen.model_copy(update=steps[value]) if value in steps else None


def _next(choices: tuple[object, ...], now: object) -> object:
    return choices[(choices.index(now) + 1) % len(choices)] if now in choices else choices[0]
