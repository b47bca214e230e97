"""What the page may ask for: first what a change would do, then the change itself.

POST <address>/question says in words what would happen, and returns what to POST to <address> to have it done. That is
accepted only while the same question would still have the same answer. Both are commands: neither is open to somebody
who may only look.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, jsonify, request
from pydantic import ValidationError

from services.dashboard.pages import Command, PageContext
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.messages import ChargeAheadCommand, ProfileCommand, SettingCommand
from shared.setting_requests import change_refusal, hold_off_refusal, profile_named, profile_refusal
from shared.texts.inverter_sentences import confirmation, differences, hold_off_sentence, name_of
from shared.texts.localizer import Localizer

BY = "dashboard"
Wish = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """What would happen, the wish that confirms it, and the command that it becomes; name is that of its topic."""

    title: str
    sentences: list[str]
    wish: Wish
    name: str
    command: Command


Ask = Callable[[BrokerState, Localizer, Mapping[str, str], Wish], Question | Reason]
"""Returns the question that a wish raises, or why it is refused. Raises ValidationError where it makes no sense."""


def routes(server: Flask, context: PageContext) -> None:
    """Add both addresses of everything that can be asked for."""
    for address, ask in ASKS.items():
        _add(server, context, address, ask)


def _add(server: Flask, context: PageContext, address: str, ask: Ask) -> None:
    def question(**names: str) -> tuple[Response, int]:
        found = _question(context, ask, names)
        if not isinstance(found, Question):
            return found
        return jsonify(title=found.title, sentences=found.sentences, wish=found.wish), 200

    def change(**names: str) -> tuple[Response, int]:
        found = _question(context, ask, names)
        if not isinstance(found, Question):
            return found
        if found.wish != request.get_json(silent=True):
            return jsonify(error=context.localizer()("inverter.stands_differently")), 409
        context.send(found.name, found.command)
        return jsonify(asked=True), 202

    server.add_url_rule(f"{address}/question", f"question {address}", question, methods=["POST"])
    server.add_url_rule(address, f"change {address}", change, methods=["POST"])


def _question(context: PageContext, ask: Ask, names: Mapping[str, str]) -> Question | tuple[Response, int]:
    localizer, snapshot, wish = context.localizer(), context.snapshot(), request.get_json(silent=True)
    try:
        found = ask(snapshot, localizer, names, wish if isinstance(wish, dict) else {})
    except ValidationError:
        return jsonify(error=localizer("inverter.bad_wish")), 400
    if not snapshot.connected:
        return jsonify(error=localizer("page.broker_gone")), 409
    return (jsonify(error=localizer.reason(found)), 409) if isinstance(found, Reason) else found


def _setting(state: BrokerState, localizer: Localizer, names: Mapping[str, str], wish: Wish) -> Question | Reason:
    inverter, setting = names["inverter"], names["setting"]
    command = SettingCommand.model_validate({"at": localizer.now, "value": wish.get("value"), "by": BY})
    if refused := change_refusal(state, inverter, setting, command.value, localizer.now):
        return refused
    sentences = confirmation(localizer, state, inverter, setting, command.value)
    before = state.inverter_settings[inverter].settings[setting].value
    confirmed = {"value": command.value, "before": before}
    return Question(name_of(localizer, setting), sentences, confirmed, f"{inverter}/{setting}", command)


def _profile(state: BrokerState, localizer: Localizer, names: Mapping[str, str], wish: Wish) -> Question | Reason:
    inverter = names["inverter"]
    command = ProfileCommand.model_validate({"at": localizer.now, "profile": wish.get("profile"), "by": BY})
    if refused := profile_refusal(state, inverter, command.profile, localizer.now):
        return refused
    profile = profile_named(state.inverter_profiles[inverter], command.profile)
    lines = differences(localizer, profile) if profile else []
    confirmed = {"profile": command.profile, "settings": profile.settings if profile else {}}
    sentences = [*lines, localizer("inverter.all_or_nothing")]
    return Question(command.profile, sentences, confirmed, inverter, command)


def _charge_ahead(state: BrokerState, localizer: Localizer, names: Mapping[str, str], wish: Wish) -> Question | Reason:
    inverter = names["inverter"]
    given = {"at": localizer.now, "hold_off": wish.get("hold_off"), "by": BY}
    command = ChargeAheadCommand.model_validate(given, strict=True)
    if refused := hold_off_refusal(state, inverter, localizer.now, hold_off=command.hold_off):
        return refused
    sentence = hold_off_sentence(localizer, state.charge_ahead[inverter], hold_off=command.hold_off)
    confirmed = {"hold_off": command.hold_off}
    return Question(localizer("inverter.charge_ahead"), [sentence], confirmed, inverter, command)


ASKS: Mapping[str, Ask] = {
    "/inverter/<inverter>/setting/<setting>": _setting,
    "/inverter/<inverter>/profile": _profile,
    "/inverter/<inverter>/charge_ahead": _charge_ahead,
}
