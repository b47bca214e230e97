"""What can be changed on an inverter from Home Assistant: settings, profiles, charging ahead. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from shared import topics
from shared.broker_state import BrokerState
from shared.conditions import render
from shared.conditions.inverter_settings import CLOCK, CLOCK_RIGHT, consequence, meaning
from shared.messages import ChargeAheadPhase, InverterControl, SettingState
from shared.texts.catalogue import say
from shared.texts.language import Language

UNITS = {"a": ("A", "current"), "v": ("V", "voltage"), "percent": ("%", None)}
"""Home Assistant's unit and device class of a number, by the unit in the setting's name."""


@dataclass(frozen=True)
class Control:
    """An entity with a command: value is the Jinja expression of its state, command the content of the command.

    A button has neither a topic nor a value.

    more is what else Home Assistant's schema of the platform knows.
    """

    platform: str
    key: str
    name: str
    topic: str
    value: str
    command_topic: str
    command: str
    more: Mapping[str, Any] = field(default_factory=dict)


def controls(state: BrokerState, inverter: str, language: Language) -> tuple[Control, ...]:
    """Return what may be changed on this very inverter; nothing if changing is off."""
    known = state.inverter_settings.get(inverter)
    if known is None or known.control is InverterControl.OFF:
        return ()
    settings = (_setting(inverter, name, one, language) for name, one in known.settings.items())
    others = (*_profile(state, inverter, language), *_hold_off(state, inverter, language))
    return (*(one for one in settings if one), *others)


def _setting(inverter: str, setting: str, state: SettingState, language: Language) -> Control | None:
    """Return a setting that is proven for this unit; an unproven one has neither choices nor a range."""
    called = meaning(setting)
    if setting == CLOCK:
        return _clock(inverter, state, language)
    value = f"value_json.settings.get({_literal(setting)}, {{}}).get('value')"
    if state.choices:
        platform, more = "select", {"options": _options(state)} | _meanings(setting, state, value, language)
    elif state.low is not None and state.high is not None and state.step is not None:
        # a slider would write to the inverter whenever a finger slips
        platform, more = "number", _range(state) | {"step": state.step, "mode": "box"} | _unit(setting)
    else:
        return None
    return Control(
        platform,
        setting,
        render(called, language) if called else setting,
        topics.INVERTER_SETTINGS.named(inverter),
        value,
        topics.SETTING_SET.named(f"{inverter}/{setting}"),
        '"value": value',
        more | {"entity_category": "config"},
    )


def _clock(inverter: str, state: SettingState, language: Language) -> Control | None:
    """Return the button that sets the inverter's clock, if that is proven."""
    if not state.choices:
        return None
    right = {"payload_press": CLOCK_RIGHT, "entity_category": "config"}
    topic, name = topics.SETTING_SET.named(f"{inverter}/{CLOCK}"), say(language, "ha.set_clock")
    return Control("button", "set_clock", name, "", "", topic, '"value": value', right)


def _options(state: SettingState) -> list[str]:
    """Return the choices, and the present value if it is none of them, as it would otherwise not be shown."""
    present = [state.value] if isinstance(state.value, str) else []
    return list(dict.fromkeys((*state.choices, *present)))


def _range(state: SettingState) -> dict[str, float]:
    """Return the range, extended to the present value: otherwise Home Assistant would keep showing the one before.

    A neighbour that was changed at the inverter may leave no room at all; then nothing is accepted, as elsewhere.
    """
    present = [state.value] if isinstance(state.value, int | float) else []
    known = [one for one in (state.low, state.high, *present) if one is not None]
    return {"min": min(known), "max": max(known)}


def _meanings(setting: str, state: SettingState, value: str, language: Language) -> dict[str, Any]:
    """Return what the present choice does, as an attribute: the choices have the same names in every language."""
    known = {choice: consequence(setting, choice) for choice in state.choices}
    said = {choice: render(one, language) for choice, one in known.items() if one}
    return {"json_attributes_template": f"{{{{ {{'meaning': {_literal(said)}.get({value})}} | to_json }}}}"}


def _unit(setting: str) -> dict[str, Any]:
    unit, device_class = UNITS.get(setting.rsplit("_", 1)[-1], (None, None))
    return {"unit_of_measurement": unit} | ({"device_class": device_class} if device_class else {})


def _profile(state: BrokerState, inverter: str, language: Language) -> Iterator[Control]:
    """Yield the choice of a profile; it shows the one in force, if any."""
    known = state.inverter_profiles.get(inverter)
    if known and known.profiles:
        in_force = "value_json.profiles | rejectattr('differences') | map(attribute='name') | first | default(none)"
        yield Control(
            "select",
            "profile",
            say(language, "ha.profile"),
            topics.INVERTER_PROFILES.named(inverter),
            in_force,
            topics.PROFILE_SET.named(inverter),
            '"profile": value',
            {"options": [one.name for one in known.profiles]},
        )


def _hold_off(state: BrokerState, inverter: str, language: Language) -> Iterator[Control]:
    """Yield the switch that holds charging ahead of the next outage off, and allows it again."""
    ahead = state.charge_ahead.get(inverter)
    if ahead and ahead.phase is not ChargeAheadPhase.OFF:
        yield Control(
            "switch",
            "charge_ahead_allowed",
            say(language, "ha.charge_ahead_allowed"),
            topics.CHARGE_AHEAD.named(inverter),
            f"'OFF' if value_json.phase == '{ChargeAheadPhase.HELD_OFF}' else 'ON'",
            topics.CHARGE_AHEAD_SET.named(inverter),
            '"hold_off": value == "OFF"',
        )


def _literal(value: Any) -> str:
    """Return a value as Jinja reads it; texts contain none of its special characters."""
    return json.dumps(value, ensure_ascii=False)
