"""The buttons of `/inverter` and their data, pure. What comes back may be forged, so only our own question counts.

pick|INVERTER|SETTING     shows the values that a setting may be changed to
want|INVERTER|WISH...     shows what a wish would do, and asks for a confirmation
do|INVERTER|WISH...|MARK  sends the command if the question is still the same: MARK is its digest

WISH is s|SETTING|VALUE, p|DIGEST of a profile, h|on to hold charging ahead off, or h|off to allow it.
"""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from math import ceil
from typing import Any

from services.bot.commands.keyboards import LONGEST_DATA, MOST_BUTTONS
from services.bot.telegram.api import Keyboard
from services.bot.texts.html import plain
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.conditions import inverter_settings as control
from shared.inverter_questions import Question, hold_off_question, profile_question, setting_question
from shared.messages import SettingState, SettingValue
from shared.setting_requests import change_refusal, hold_off_refusal, profile_refusal
from shared.texts.inverter_sentences import inverters, name_of, value_words
from shared.texts.localizer import Localizer

MARK = 6
MOST_NUMBERS, A_ROW = 12, 4
NONSENSE = control.NOT_OFFERED()
"""Why a forged button is refused."""


def overview(localizer: Localizer, state: BrokerState) -> Keyboard:
    """Return a button for everything that may be changed now."""
    rows = [[button] for name in inverters(state) for button in _of_inverter(localizer, state, name)]
    return [*rows[: MOST_BUTTONS - 1], [(plain(localizer("bot.refresh")), "inverter")]]


def _of_inverter(localizer: Localizer, state: BrokerState, inverter: str) -> Iterator[tuple[str, str]]:
    now, prefix = localizer.now, "" if len(inverters(state)) == 1 else f"{inverter}: "
    for hold_off in (True, False):
        if state.charge_ahead.get(inverter) and not hold_off_refusal(state, inverter, now, hold_off=hold_off):
            name = "bot.inverter_hold_off" if hold_off else "bot.inverter_release"
            yield prefix + plain(localizer(name)), f"want|{inverter}|h|{'on' if hold_off else 'off'}"
    profiles = state.inverter_profiles.get(inverter)
    for profile in profiles.profiles if profiles else ():
        if not profile_refusal(state, inverter, profile.name, now):
            yield f"{prefix}▶️ {profile.name}", f"want|{inverter}|p|{digest(profile.name)}"
    for setting, one in state.inverter_settings[inverter].settings.items():
        data = f"pick|{inverter}|{setting}"
        if one.writable and not _is_closed(state, localizer, inverter, setting, one) and len(data) <= LONGEST_DATA:
            yield f"{prefix}⚙️ {plain(name_of(localizer, setting))}", data


def _is_closed(state: BrokerState, localizer: Localizer, inverter: str, setting: str, one: SettingState) -> bool:
    """Whether no value at all would be accepted now."""
    return all(change_refusal(state, inverter, setting, value, localizer.now) for value in values(one))


def values(one: SettingState) -> list[SettingValue]:
    """Return the values that are offered for a setting: all choices, or some of the numbers."""
    if one.choices:
        return list(one.choices)
    if one.low is None or one.high is None or not one.step:
        return []
    steps = int((one.high - one.low) / one.step)
    every = max(1, ceil(steps / (MOST_NUMBERS - 1)))
    numbers = {one.low + step * one.step for step in (*range(0, steps, every), steps)}
    return [int(number) if float(number).is_integer() else number for number in sorted(numbers)]


def choice(localizer: Localizer, state: BrokerState, inverter: str, setting: str) -> Keyboard:
    """Return a button for each value that a setting may be changed to."""
    known = state.inverter_settings.get(inverter)
    one = known.settings.get(setting) if known else None
    offered = [value for value in values(one) if value != one.value] if one else []
    buttons = [
        (plain(value_words(localizer, setting, value)), f"want|{inverter}|s|{setting}|{_text(value)}")
        for value in offered
    ]
    fitting = [one for one in buttons if len(one[1]) + 1 + MARK <= LONGEST_DATA]
    is_choice = bool(one and one.choices)
    size = 1 if is_choice else A_ROW
    rows = [fitting[start : start + size] for start in range(0, len(fitting), size)]
    return [*rows, [(plain(localizer("bot.inverter_back")), "inverter")]]


def confirmation(localizer: Localizer, wish: str, question: Question) -> Keyboard:
    """Return yes or no; wish is what was asked for, in the form of the button's data."""
    yes = f"do|{wish}|{digest(question.wish)}"
    return [[(plain(localizer("bot.yes")), yes), (plain(localizer("bot.no")), "no")]]


def question(state: BrokerState, localizer: Localizer, wish: str, by: str) -> Question | Reason:
    """Return the question that a button's wish leads to, or why it is refused. Raises ValidationError."""
    match wish.split("|"):
        case [inverter, "s", setting, value]:
            known = state.inverter_settings.get(inverter)
            one = known.settings.get(setting) if known else None
            return setting_question(state, localizer, (inverter, setting), _value(one, value), by)
        case [inverter, "p", mark]:
            profiles = state.inverter_profiles.get(inverter)
            names = [one.name for one in profiles.profiles] if profiles else []
            found = next((name for name in names if digest(name) == mark), None)
            return profile_question(state, localizer, inverter, found, by) if found else control.NO_SUCH_PROFILE()
        case [inverter, "h", "on" | "off" as hold_off]:
            return hold_off_question(state, localizer, inverter, hold_off == "on", by)
    return NONSENSE


def digest(content: str | Mapping[str, Any]) -> str:
    """Return a digest short enough for a button."""
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:MARK]


def is_confirmed(question: Question, mark: str) -> bool:
    """Whether a question is still the one that was confirmed."""
    return digest(question.wish) == mark


def _text(value: SettingValue) -> str:
    return value if isinstance(value, str) else f"{value:g}"


def _value(one: SettingState | None, text: str) -> SettingValue:
    if one is None or one.choices:
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number
