"""What the page may ask for: first what a change would do, then the change itself."""

from typing import Any

from flask import Flask, Response, jsonify, request
from pydantic import ValidationError

from services.dashboard.pages import PageContext
from shared.broker_state import BrokerState
from shared.messages import SettingCommand, SettingValue
from shared.setting_requests import change_refusal
from shared.texts.inverter_sentences import confirmation, name_of, what_happens
from shared.texts.localizer import Localizer

ADDRESS = "/inverter/<inverter>/setting/<setting>"
BY = "dashboard"


def routes(server: Flask, context: PageContext) -> None:
    """Add POST <address>/question {"value": "sbu"}, and POST <address> {"value": "sbu", "before": "sol"}.

    Both are commands, so neither opens to somebody who may only look.
    """

    @server.post(f"{ADDRESS}/question")
    def question(inverter: str, setting: str) -> tuple[Response, int]:
        localizer, snapshot = context.localizer(), context.snapshot()
        command = _command(request.get_json(silent=True), localizer)
        if command is None:
            return jsonify(error=localizer("inverter.bad_wish")), 400
        if refused := _refusal(snapshot, inverter, setting, command.value, localizer):
            return jsonify(error=refused), 409
        sentences = confirmation(localizer, snapshot, inverter, setting, command.value)
        before = snapshot.inverter_settings[inverter].settings[setting].value
        return jsonify(title=name_of(localizer, setting), sentences=sentences, before=before, value=command.value), 200

    @server.post(ADDRESS)
    def change(inverter: str, setting: str) -> tuple[Response, int]:
        localizer, snapshot = context.localizer(), context.snapshot()
        wish: Any = request.get_json(silent=True)
        command = _command(wish, localizer)
        if command is None or "before" not in wish:
            return jsonify(error=localizer("inverter.bad_wish")), 400
        if refused := _refusal(snapshot, inverter, setting, command.value, localizer):
            return jsonify(error=refused), 409
        stands = snapshot.inverter_settings[inverter].settings[setting].value
        if stands is None or stands != wish["before"]:
            return jsonify(error=_differently(localizer, setting, stands)), 409
        context.send(f"{inverter}/{setting}", command)
        return jsonify(asked=True), 202


def _command(wish: Any, localizer: Localizer) -> SettingCommand | None:
    if not isinstance(wish, dict) or not set(wish) <= {"value", "before"}:
        return None
    try:
        return SettingCommand(at=localizer.now, value=wish.get("value"), by=BY)
    except ValidationError:
        return None


def _refusal(
    snapshot: BrokerState, inverter: str, setting: str, value: SettingValue, localizer: Localizer
) -> str | None:
    if not snapshot.connected:
        return localizer("page.broker_gone")
    reason = change_refusal(snapshot, inverter, setting, value, localizer.now)
    return localizer.reason(reason) if reason else None


def _differently(localizer: Localizer, setting: str, value: SettingValue | None) -> str:
    words = localizer("unknown") if value is None else what_happens(localizer, setting, value)
    return localizer("inverter.stands_differently", value=words)
