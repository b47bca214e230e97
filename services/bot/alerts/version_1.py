"""Reads alerts and state that version 0.1 left on disk, so that an upgrade neither loses nor repeats an alert. Pure.

Version 0.1 had a sentence where a Reason is now, in alerts and in the keys of troubles, and other names for some kinds
and fields. Sentences of known conditions get their code back; any other stays a sentence.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from services.bot.alerts.keys import LISTED, trouble_key
from shared.conditions import Reason, battery, inverter

KINDS = {"remind_light": "remind_power_back", "service_partly": "service_degraded"}
GRID_FIELDS = {"untold": "unreported"}
TROUBLE_FIELDS = {"told": "reported", "again": "recurring"}
NUMBERED: tuple[tuple[re.Pattern[str], Callable[[int], Reason]], ...] = (
    (re.compile(r"unknown alarm (\d+)"), lambda number: battery.unknown_alarm(bit=number)),
    (re.compile(r"unknown bit (\d+)"), lambda number: inverter.unknown_bit(bit=number)),
)


def upgrade_alert(given: Any) -> Any:
    """Return an alert of version 0.1 in today's form, anything else as it is."""
    if not isinstance(given, dict) or not ("what" in given or str(given.get("kind")) in KINDS):
        return given
    alert = dict(given)
    what = str(alert.pop("what", ""))
    if alert.get("kind") == "imbalance":
        return alert | {"cell_delta_mv": what or None}
    reasons = {"reasons": [_reason(what)]} if what else {}
    kind = str(alert.get("kind"))
    return alert | reasons | {"kind": KINDS.get(kind, kind), "key": _alert_key(str(alert.get("key", "")))}


def upgrade_state(given: Any) -> Any:
    """Return the state of version 0.1 in today's form, anything else as it is."""
    if not isinstance(given, dict) or not isinstance(given.get("conditions"), dict):
        return given
    state = dict(given)
    troubles = dict(_trouble(key, entry) for key, entry in state.pop("conditions").items())
    if isinstance(state.get("grid"), dict):
        state["grid"] = _renamed(state["grid"], GRID_FIELDS)
    if isinstance(state.get("reminded"), dict):
        state["reminded"] = {_of_kind(key): at for key, at in state["reminded"].items()}
    return state | {"troubles": troubles}


def _trouble(key: str, entry: Any) -> tuple[str, Any]:
    kind, _, rest = key.partition("/")
    device, _, sentence = rest.partition("/")
    if not isinstance(entry, dict):
        return key, entry
    entry = _renamed(entry, TROUBLE_FIELDS)
    if kind not in LISTED:
        return _of_kind(key), entry
    reason = _reason(sentence)
    return trouble_key(kind, device, (reason,)), entry | {"reasons": [reason]}


def _alert_key(key: str) -> str:
    """Return the key of an alert: that of a listed trouble is `kind/device/sentence/moment`."""
    parts = key.split("/", 2)
    if parts[0] not in LISTED or len(parts) < 3 or "/" not in parts[2]:
        return _of_kind(key)
    sentence, _, moment = parts[2].rpartition("/")
    return f"{trouble_key(parts[0], parts[1], (_reason(sentence),))}/{moment}"


def _of_kind(key: str) -> str:
    kind, slash, rest = key.partition("/")
    return KINDS.get(kind, kind) + slash + rest


def _reason(sentence: str) -> Reason:
    for pattern, make in NUMBERED:
        if match := pattern.fullmatch(sentence):
            return make(int(match[1]))
    return Reason.sentence(sentence)


def _renamed(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in given.items()}
