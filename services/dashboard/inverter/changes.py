"""What the page may ask for: first what a change would do, then the change itself.

POST <address>/question says in words what would happen, and returns what to POST to <address> to have it done. That is
accepted only while the same question would still have the same answer. Both are commands: neither is open to somebody
who may only look.
"""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, jsonify, request
from pydantic import ValidationError

from services.dashboard.pages import PageContext
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.inverter_questions import Question, hold_off_question, profile_question, setting_question
from shared.texts.localizer import Localizer

BY = "dashboard"
Wish = Mapping[str, Any]


Ask = Callable[[BrokerState, Localizer, Mapping[str, str], Wish], Question | Reason]
"""Returns the question that a wish raises, or why it is refused. Raises ValidationError if it makes no sense."""


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
    return setting_question(state, localizer, (names["inverter"], names["setting"]), wish.get("value"), BY)


def _profile(state: BrokerState, localizer: Localizer, names: Mapping[str, str], wish: Wish) -> Question | Reason:
    return profile_question(state, localizer, names["inverter"], wish.get("profile"), BY)


def _charge_ahead(state: BrokerState, localizer: Localizer, names: Mapping[str, str], wish: Wish) -> Question | Reason:
    return hold_off_question(state, localizer, names["inverter"], wish.get("hold_off"), BY)


ASKS: Mapping[str, Ask] = {
    "/inverter/<inverter>/setting/<setting>": _setting,
    "/inverter/<inverter>/profile": _profile,
    "/inverter/<inverter>/charge_ahead": _charge_ahead,
}
