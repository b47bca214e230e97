"""The confirmation before a change on the inverter, for page and bot: what would happen. Pure.

Confirming sends `wish` back, which is carried out only if it still leads to the same question.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.messages import ChargeAheadCommand, ProfileCommand, SettingCommand
from shared.setting_requests import change_refusal, hold_off_refusal, profile_named, profile_refusal
from shared.texts.inverter_sentences import confirmation, differences, hold_off_sentence, name_of
from shared.texts.localizer import Localizer

InverterCommand = SettingCommand | ProfileCommand | ChargeAheadCommand


@dataclass(frozen=True)
class Question:
    """What would happen, the wish that confirms it, and the command to send; name is that of its topic."""

    title: str
    sentences: list[str]
    wish: Mapping[str, Any]
    name: str
    command: InverterCommand


def setting_question(
    state: BrokerState, localizer: Localizer, of: tuple[str, str], value: Any, by: str
) -> Question | Reason:
    """Return the question about a setting of an inverter. Raises ValidationError for an impossible value."""
    inverter, setting = of
    command = SettingCommand.model_validate({"at": localizer.now, "value": value, "by": by})
    if refused := change_refusal(state, inverter, setting, command.value, localizer.now):
        return refused
    sentences = confirmation(localizer, state, inverter, setting, command.value)
    before = state.inverter_settings[inverter].settings[setting].value
    wish = {"value": command.value, "before": before}
    return Question(name_of(localizer, setting), sentences, wish, f"{inverter}/{setting}", command)


def profile_question(
    state: BrokerState, localizer: Localizer, inverter: str, profile: Any, by: str
) -> Question | Reason:
    """Return the question about a profile. Raises ValidationError for an impossible name."""
    command = ProfileCommand.model_validate({"at": localizer.now, "profile": profile, "by": by})
    if refused := profile_refusal(state, inverter, command.profile, localizer.now):
        return refused
    known = profile_named(state.inverter_profiles[inverter], command.profile)
    lines = differences(localizer, known) if known else []
    wish = {"profile": command.profile, "settings": known.settings if known else {}}
    title = localizer.escape(command.profile)
    return Question(title, [*lines, localizer("inverter.all_or_nothing")], wish, inverter, command)


def hold_off_question(
    state: BrokerState, localizer: Localizer, inverter: str, hold_off: Any, by: str
) -> Question | Reason:
    """Return the question about charging ahead: undo it, or allow it again. Raises ValidationError."""
    given = {"at": localizer.now, "hold_off": hold_off, "by": by}
    command = ChargeAheadCommand.model_validate(given, strict=True)
    if refused := hold_off_refusal(state, inverter, localizer.now, hold_off=command.hold_off):
        return refused
    sentence = hold_off_sentence(localizer, state.charge_ahead[inverter], hold_off=command.hold_off)
    wish = {"hold_off": command.hold_off}
    return Question(localizer("inverter.charge_ahead"), [sentence], wish, inverter, command)
