"""What can be changed from Home Assistant, and the outlook: templates that give commands and states."""

import json
from typing import Any

import pytest
from jinja2 import Environment

from services.homeassistant import entities
from services.homeassistant.devices import devices
from services.homeassistant.discovery import Payload, payload
from shared.broker_state import BrokerState
from shared.conditions.inverter_settings import not_proven
from shared.messages import InverterControl, Message, Outlook, SettingState, Verdict, iso
from shared.texts.language import Language
from shared.topics import CHARGE_AHEAD_SET, PROFILE_SET, SETTING_SET, Topic
from tests.homeassistant.facts import HOME, NOW, house
from tests.support.inverter_controls import ahead, profiles, settings
from tests.support.outlooks import outlook

HASS = Environment(autoescape=False)
HASS.filters["to_json"] = json.dumps


def components(**changes: Any) -> dict[str, Payload]:
    found = payload(devices(house(**changes), NOW, Language.EN)["easun_inverter_main"], HOME)
    return dict(found["components"])


def shown(component: Payload, message: Message, template: str = "value_template") -> str:
    return HASS.from_string(component[template]).render(value_json=message.model_dump(mode="json"))


def commanded(component: Payload, value: Any, topic: Topic[Any]) -> tuple[str | None, Any]:
    """Return the name in the command's topic, and the command."""
    payload_ = HASS.from_string(component["command_template"]).render(value=value, utcnow=lambda: NOW)
    return topic.name_in(component["command_topic"]), topic.parse(payload_.encode())


@pytest.mark.parametrize(
    ("setting", "platform", "value", "state"),
    [
        pytest.param("output_priority", "select", "sbu", "sol", id="a-choice"),
        pytest.param("max_mains_charging_current_a", "number", 20, "30", id="a-number"),
    ],
)
def test_a_setting_shows_its_value_and_is_changed(setting: str, platform: str, value: Any, state: str) -> None:
    one = components()[setting]
    assert (one["platform"], shown(one, settings(NOW))) == (platform, state)
    name, command = commanded(one, value, SETTING_SET)
    assert name == f"main/{setting}"
    assert (command.value, command.by, command.at) == (value, "homeassistant", NOW)


def test_a_choice_offers_what_is_proven_and_says_what_it_does() -> None:
    one = components()["output_priority"]
    assert one["options"] == ["uti", "sol", "sbu", "sub"]
    assert "the house runs from the sun" in shown(one, settings(NOW), "json_attributes_template")
    current = components()["max_mains_charging_current_a"]
    assert (current["min"], current["mode"], one["entity_category"]) == (2, "box", "config")


def test_a_value_that_is_none_of_the_choices_is_shown() -> None:
    odd = settings(NOW, settings={"output_priority": SettingState(value="suf", choices=("sbu",), writable=True)})
    one = components(inverter_settings={"main": odd})["output_priority"]
    assert (one["options"], shown(one, odd)) == (["sbu", "suf"], "suf")


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(settings(NOW, control=InverterControl.OFF), id="changing-is-off"),
        pytest.param(
            settings(
                NOW,
                settings={"output_priority": SettingState(value="sbu", reason=not_proven(model="0x1", protocol=1))},
            ),
            id="not-proven-on-this-unit",
        ),
    ],
)
def test_what_cannot_be_changed_has_no_entity(known: Any) -> None:
    found = components(inverter_settings={"main": known})
    assert "output_priority" not in found


@pytest.mark.parametrize(("value", "minutes"), [(4, "4"), (-3, "-3"), ("right", "0")])
def test_the_clock_is_shown_and_set_by_a_button(value: Any, minutes: str) -> None:
    clock = SettingState(value=value, choices=("right",), writable=True)
    known = settings(NOW, settings={"clock": clock})
    found = components(inverter_settings={"main": known})
    assert shown(found["clock_behind_min"], known) == minutes
    button = found["set_clock"]
    assert "state_topic" not in button
    name, command = commanded(button, button["payload_press"], SETTING_SET)
    assert (name, command.value) == ("main/clock", "right")


def test_a_clock_that_nobody_has_proven_has_no_button() -> None:
    read = SettingState(value=4, reason=not_proven(model="0x1", protocol=1))
    found = components(inverter_settings={"main": settings(NOW, settings={"clock": read})})
    assert "clock_behind_min" in found
    assert "set_clock" not in found


def test_a_profile_is_chosen_and_the_one_in_force_is_shown() -> None:
    one = components()["profile"]
    assert shown(one, profiles(NOW)) == "Як зараз"
    assert shown(one, profiles(NOW, profiles=profiles(NOW).profiles[:1])) == "None"
    name, command = commanded(one, "Зимова ніч", PROFILE_SET)
    assert (name, command.profile) == ("main", "Зимова ніч")


def test_charging_ahead_is_shown_with_its_reason_and_can_be_held_off() -> None:
    found = components()
    assert shown(found["charge_ahead"], ahead(NOW)) == "charging"
    assert "80 %" in json.loads(shown(found["charge_ahead"], ahead(NOW), "json_attributes_template"))["reason"]
    switch = found["charge_ahead_allowed"]
    assert [shown(switch, ahead(NOW, phase=phase)) for phase in ("charging", "held_off")] == ["ON", "OFF"]
    name, command = commanded(switch, "OFF", CHARGE_AHEAD_SET)
    assert (name, command.hold_off) == ("main", True)
    assert "charge_ahead" not in components(charge_ahead={"main": ahead(NOW, phase="off")})


def outlook_states(message: Outlook) -> dict[str, str]:
    wire = message.model_dump(mode="json")
    return {one.key: HASS.from_string(one.template).render(value_json=wire) for one in entities.OUTLOOK}


def test_the_outlook_is_of_the_outage_that_people_ask_about() -> None:
    found = outlook_states(outlook("short", NOW))
    concern = outlook("short", NOW).outages[0]
    assert concern.charge_at_end
    assert found["verdict"] == concern.verdict
    assert found["charge_at_end_percent"] == str(concern.charge_at_end.p50)
    held = outlook("short", NOW).holds_until.typical
    assert held
    assert found["holds_until"] == iso(held)
    running = concern.model_copy(update={"running": True, "verdict": Verdict.UNCERTAIN, "chance": 0.444})
    later = concern.model_copy(update={"running": False})
    found = outlook_states(outlook("short", NOW, outages=(later, running)))
    assert (found["verdict"], found["chance_percent"]) == ("uncertain", "44")


def test_without_an_outage_the_outlook_says_nothing_of_one() -> None:
    found = outlook_states(outlook("short", NOW, outages=()))
    assert found.pop("holds_until") != "None"
    assert set(found.values()) == {"None"}


def test_an_outlook_of_the_past_is_not_live() -> None:
    def is_live(state: BrokerState) -> bool:
        return devices(state, NOW, Language.EN)["easun_outlook"].is_live

    assert is_live(house())
    old = outlook("short", NOW).model_copy(update={"at": NOW.replace(hour=1)})
    assert not is_live(house(outlook=old))


@pytest.mark.parametrize(
    ("stands", "low", "high", "range_"),
    [
        pytest.param(30, 2, 60, (2, 60), id="within"),
        pytest.param(60, 2, 40, (2, 60), id="raised-for-a-time-above-a-lowered-total"),
        pytest.param(None, 2, 40, (2, 40), id="unknown"),
        pytest.param(25, 30, 20, (20, 30), id="no-room-between-its-neighbours"),
    ],
)
def test_a_number_has_a_range_that_home_assistant_takes_with_what_stands_in_it(
    stands: int | None, low: int, high: int, range_: tuple[int, int]
) -> None:
    name = "max_mains_charging_current_a"
    known = settings(NOW)
    one = known.settings[name].model_copy(update={"value": stands, "low": low, "high": high})
    there = known.model_copy(update={"settings": {**known.settings, name: one}})
    more = components(inverter_settings={"main": there})[name]
    assert (more["min"], more["max"]) == range_
