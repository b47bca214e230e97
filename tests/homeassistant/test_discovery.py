"""Discovery payloads: what makes Home Assistant reject a whole device, stable ids, devices that come and go."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.homeassistant import entities
from services.homeassistant.devices import Device, devices, holds, object_id, slug
from services.homeassistant.discovery import Home, Payload, components_in, payload, to_json, with_removals
from shared.broker_state import BrokerState
from shared.live_figures import is_plug_live
from shared.messages import BatteryInfo, BatteryState, Outlook, PlugInfo, PlugState, ServiceHealth
from shared.texts.catalogue import TEXTS
from shared.texts.homeassistant import HOMEASSISTANT
from shared.texts.language import Language
from shared.topics import NAME
from tests.homeassistant.facts import HOME, NOW, house, inverter

ROOT = {"device", "origin", "components", "availability", "availability_mode"}
PLATFORMS = {"sensor", "binary_sensor", "switch", "select", "number", "event", "device_automation"}
UNITS: dict[str, set[str | None]] = {
    "power": {"W"},
    "apparent_power": {"VA"},
    "voltage": {"V"},
    "current": {"A"},
    "frequency": {"Hz"},
    "temperature": {"°C"},
    "energy": {"kWh"},
    "energy_storage": {"kWh"},
    "battery": {"%"},
    "signal_strength": {"dBm"},
    "enum": {None},
    "timestamp": {None},
}
STATE_CLASSES: dict[str, set[str | None]] = {
    "energy": {"total_increasing", None},
    "enum": {None},
    "timestamp": {None},
}
"""What Home Assistant takes, by device class; the others take `measurement`."""


def payloads(state: BrokerState, home: Home = HOME) -> dict[str, Payload]:
    return {home.id(name): payload(one, home) for name, one in devices(state, NOW, home.language).items()}


def rejections(one: Payload) -> list[str]:
    """Return why Home Assistant would reject a device, or an entity of it; see the reference, section 1."""
    found = [f"unknown at the root: {key}" for key in one.keys() - ROOT]
    found += [f"not at the root: {key}" for key in ROOT - one.keys()]
    found += [] if one["device"].get("identifiers") else ["no identifiers"]
    found += [] if one["origin"].get("name") else ["no origin"]
    for key, component in one["components"].items():
        found += [f"{key}: {fault}" for fault in _component_faults(component)]
    return found


def _component_faults(component: Payload) -> list[str]:
    platform = component.get("platform")
    if platform not in PLATFORMS:
        return ["no platform"]
    if platform == "device_automation":
        missing = {"automation_type", "topic", "type", "subtype"} - component.keys()
        return [f"without {one}" for one in missing]
    found = [] if re.fullmatch(r"[a-zA-Z0-9_-]+", component.get("unique_id", "")) else ["no unique_id"]
    topics = [value for name, value in component.items() if name.endswith("topic")]
    found += ["a wildcard in a topic"] if any(set("+#") & set(topic) for topic in topics) else []
    if platform == "sensor":
        kind = component.get("device_class")
        unit, state_class = component.get("unit_of_measurement"), component.get("state_class")
        found += [] if kind is None or unit in UNITS[kind] else [f"{kind} in {unit}"]
        allowed = STATE_CLASSES.get(kind or "", {"measurement", None})
        found += [] if state_class in allowed else [f"{kind} as {state_class}"]
        found += [] if (kind == "enum") is ("options" in component) else ["options belong to enum"]
    return found


def test_no_device_of_a_full_house_is_rejected() -> None:
    found = payloads(house())
    assert {name: faults for name, one in found.items() if (faults := rejections(one))} == {}
    assert found.keys() == {
        *("easun_inverter_main", "easun_battery_c1", "easun_grid", "easun_energy", "easun_schedule"),
        *("easun_outlook", "easun_plug_boiler", "easun_plug_router", "easun_plug_strip", "easun_services"),
    }


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"qos": 1}, "unknown at the root: qos"),
        ({"origin": {}}, "no origin"),
        ({"device": {"name": "x"}}, "no identifiers"),
        ({"components": {"x": {"platform": "sensor"}}}, "x: no unique_id"),
        ({"components": {"x": {"unique_id": "x"}}}, "x: no platform"),
    ],
)
def test_the_rules_find_what_home_assistant_rejects(change: Payload, fault: str) -> None:
    assert rejections(payloads(house())["easun_grid"] | change) == [fault]


def test_home_assistants_own_schemas_accept_it() -> None:
    pytest.importorskip("homeassistant.components.mqtt")
    from bench.homeassistant_core import faults

    assert faults(payloads(house())) == []


names = st.text(min_size=1, max_size=20) | st.sampled_from(["+", "#", "a/b", '"', "🔋", "{{ x }}", "Батарея", " "])
ids = st.from_regex(f"^{NAME}$", fullmatch=True).filter(lambda name: name != "all")


@given(st.dictionaries(ids, names, min_size=1, max_size=3), st.dictionaries(ids, names, max_size=3))
def test_any_names_give_ids_that_home_assistant_takes(batteries: dict[str, str], gangs: dict[str, str]) -> None:
    state = house(
        batteries={device: BatteryState(at=NOW, soc_percent=50) for device in batteries},
        battery_infos={device: BatteryInfo(at=NOW, address="", name=name) for device, name in batteries.items()},
        plugs={
            device: PlugState(at=NOW, name=name, reachable=True, gangs=dict.fromkeys(gangs, True))
            for device, name in batteries.items()
        },
        plug_infos={
            device: PlugInfo(
                at=NOW, name=name, gangs=gangs, enabled=True, protected=False, follows_grid=True, priority=1
            )
            for device, name in batteries.items()
        },
    )
    found = payloads(state)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]+", name) for name in found)
    assert [fault for one in found.values() for fault in rejections(one)] == []
    unique = [part["unique_id"] for one in found.values() for part in one["components"].values() if "unique_id" in part]
    assert len(unique) == len(set(unique))
    assert sum(name.startswith("easun_battery_") for name in found) == len(batteries)
    assert len({one["device"]["name"] for one in found.values()}) == len(found)


@given(ids, ids)
def test_two_ids_stay_two(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) is (one == other)


def test_a_new_name_or_language_changes_no_id() -> None:
    before = payloads(house())
    renamed = house(battery_infos={"c1": BatteryInfo(at=NOW, address="C8", name="Garage", interval_s=5)})
    after = payloads(renamed, Home("", Language.UK, "0.2"))
    assert before["easun_battery_c1"]["device"]["name"] == "Battery Cellar"
    assert after["easun_battery_c1"]["device"]["name"] == "Батарея Garage"
    assert _ids(before) == _ids(after)


def _ids(found: dict[str, Payload]) -> dict[tuple[str, str], Any]:
    return {
        (name, key): part.get("unique_id") for name, one in found.items() for key, part in one["components"].items()
    }


def test_two_devices_with_one_name_are_told_apart() -> None:
    two = {device: PlugState(at=NOW, name="Boiler", on=True, reachable=True) for device in ("a", "b")}
    found = payloads(house(plugs=two))
    assert {found[f"easun_plug_{one}"]["device"]["name"] for one in two} == {"Boiler (plug_a)", "Boiler (plug_b)"}


def test_homes_at_one_broker_share_nothing() -> None:
    one, other = Home("one/", Language.EN, "0.1"), Home("other/", Language.EN, "0.1")
    of_one, of_other = payloads(house(), one), payloads(house(), other)
    assert not of_one.keys() & of_other.keys()
    assert not set(_ids(of_one).values()) & set(_ids(of_other).values()) - {None}
    grid = of_one["easun_one_grid"]
    assert grid["components"]["power"]["state_topic"] == "one/grid/state"
    assert components_in(to_json(grid), one)
    assert components_in(to_json(grid), other) is None


@pytest.mark.parametrize(
    "config", [b"", b"[]", b"{", b'{"availability": []}', b'{"availability": [{"topic": 1}]}', b"7"]
)
def test_what_somebody_else_announces_is_not_ours(config: bytes) -> None:
    assert components_in(config, HOME) is None


def test_a_value_that_was_known_once_keeps_its_entity() -> None:
    def parts(reading: Any, before: Any = ()) -> set[str]:
        return set(payload(only(house(inverters={"main": reading}), "easun_inverter_main"), HOME, before)["components"])

    known = parts(inverter())
    assert "pv_power_w" in known
    assert "pv_power_w" not in parts(inverter(pv_power_w=None))
    assert parts(inverter(pv_power_w=None), known) == known


def test_a_cell_has_an_entity_once_it_has_a_voltage() -> None:
    assert {key for key in payloads(house())["easun_battery_c1"]["components"] if key.startswith("cell_")} == {
        *("cell_1_v", "cell_3_v")
    }


def test_a_battery_that_does_not_list_its_cells_for_a_moment_keeps_them() -> None:
    known = components_in(to_json(payloads(house())["easun_battery_c1"]), HOME)
    assert known
    silent = house(batteries={"c1": BatteryState(at=NOW)})
    now = with_removals(payload(only(silent, "easun_battery_c1"), HOME, known), known)
    assert components_in(to_json(now), HOME) == known


def only(state: BrokerState, name: str) -> Device:
    return devices(state, NOW, Language.EN)[name]


def test_a_gang_that_is_gone_is_removed_and_then_forgotten() -> None:
    before = payloads(house())["easun_plug_strip"]
    assert before["components"]["switch_switch_1"]["name"] == "Lamp"
    protected = house(plugs={"strip": PlugState(at=NOW, name="Strip", on=True, protected=True, reachable=True)})
    now = payloads(protected)["easun_plug_strip"]
    known = components_in(to_json(before), HOME)
    assert known
    first = with_removals(now, known)
    assert first["components"]["switch_switch_1"] == {"platform": "switch"}
    assert first["components"]["state"]["platform"] == "binary_sensor"
    assert with_removals(now, components_in(to_json(first), HOME) or {}) == now


def test_a_plug_that_has_left_the_list_is_gone() -> None:
    listed = house().plug_infos["strip"]
    assert "easun_plug_strip" not in payloads(house(plug_infos={"strip": replace_model(listed, listed=False)}))


def replace_model(message: Any, **changes: Any) -> Any:
    return message.model_copy(update=changes)


def test_the_command_of_a_switch_holds_whatever_its_gang_is_called() -> None:
    jinja2 = pytest.importorskip("jinja2")
    gang = 'a"}} {{ b'
    state = house(plugs={"x": PlugState(at=NOW, name="X", gangs={gang: True, "other": False}, reachable=True)})
    switch = payloads(state)["easun_plug_x"]["components"][f"switch_{slug(gang)}"]
    environment = jinja2.Environment(autoescape=False)
    environment.filters["to_json"] = json.dumps
    command = environment.from_string(switch["command_template"]).render(value="ON", utcnow=lambda: NOW)
    assert json.loads(command) == {"v": 2, "at": NOW.isoformat(), "on": True, "gang": gang, "by": "homeassistant"}
    shown = environment.from_string(switch["value_template"]).render(value_json={"gangs": {gang: False}})
    assert shown == "OFF"


@pytest.mark.parametrize(
    ("key", "fields", "shown"),
    [
        ("battery_charging_w", {"battery_power_w": 300}, "300"),
        ("battery_discharging_w", {"battery_power_w": 300}, "0"),
        ("battery_discharging_w", {"battery_power_w": -500}, "500"),
        ("battery_discharging_w", {"battery_power_w": 0.0}, "0"),
        ("battery_charging_w", {"battery_power_w": None}, "None"),
        ("load_power_w", {"load_power_w": 5, "total_load_power_w": None}, "5"),
        ("load_power_w", {"load_power_w": 5, "total_load_power_w": 9}, "9"),
        ("problem", {"faults": [], "warnings": None}, "OFF"),
        ("problem", {"faults": [{"code": "x"}], "warnings": []}, "ON"),
        ("problem", {"faults": [], "warnings": [{"code": "inverter.mains_lost"}]}, "OFF"),
        ("problem", {"faults": [], "warnings": [{"code": "inverter.mains_voltage_too_low"}]}, "ON"),
        (
            "problem",
            {"warnings": [{"code": "inverter.mains_voltage_too_low"}, {"code": "inverter.mains_lost"}], "faults": None},
            "OFF",
        ),
        (
            "problem",
            {"warnings": [{"code": "inverter.too_hot"}, {"code": "inverter.mains_lost"}], "faults": []},
            "ON",
        ),
        ("problem", {"faults": [], "warnings": [{"code": "inverter.pv_voltage_too_low"}]}, "OFF"),
        ("problem", {"faults": None, "warnings": None}, "None"),
    ],
)
def test_signs_and_unknown_values(key: str, fields: Any, shown: str) -> None:
    jinja2 = pytest.importorskip("jinja2")
    entity = next(one for one in entities.INVERTER if one.key == key)
    assert jinja2.Template(entity.template).render(value_json=fields) == shown


def test_only_what_is_known_of_now_is_live() -> None:
    def live(state: BrokerState, later: timedelta = timedelta(0)) -> set[str]:
        return {name for name, one in devices(state, NOW + later, Language.EN).items() if one.is_live}

    everything = set(devices(house(), NOW, Language.EN))
    unreachable = {object_id("plug", "router")}
    assert live(house()) == everything - unreachable
    gone = replace_model(house().services["poller"], state=ServiceHealth.OFFLINE)
    dead = live(replace(house(), services={**house().services, "poller": gone}))
    assert everything - unreachable - dead == {"easun_inverter_main", "easun_grid"}
    limit = holds(10)
    assert {"easun_inverter_main", "easun_grid"} <= live(house(), limit)
    assert not {"easun_inverter_main", "easun_grid"} & live(house(), limit + timedelta(seconds=1))
    assert live(house(), timedelta(days=7)) == {"easun_energy", "easun_schedule", "easun_services"}
    heard = live(house(listening_since=NOW + timedelta(seconds=1)))
    assert everything - unreachable - heard == {"easun_grid"}, "a reading from before we listened may be overtaken"


def test_what_a_home_does_not_have_is_no_device() -> None:
    unknown = Outlook(at=NOW, reserve_percent=10)
    plugs_only = house(schedule=None, inverters={}, batteries={}, energy=None, grid=None, outlook=unknown)
    kinds = {name.removeprefix("easun_").partition("_")[0] for name in devices(plugs_only, NOW, Language.EN)}
    assert kinds == {"plug", "services"}
    assert "easun_outlook" in devices(house(inverters={}), NOW, Language.EN), "of a battery without an inverter"


def test_a_value_expires_by_how_often_it_is_read() -> None:
    found = payloads(house())
    assert found["easun_inverter_main"]["components"]["pv_power_w"]["expire_after"] == 40
    assert found["easun_grid"]["components"]["power"]["expire_after"] == 40
    assert found["easun_battery_c1"]["components"]["soc_percent"]["expire_after"] == 185
    assert "expire_after" not in found["easun_energy"]["components"]["pv_kwh"]


def test_what_comes_seldom_does_not_expire() -> None:
    """Whatever expires is unavailable after each change of its config until the next message."""
    assert not [one for one in payloads(house())["easun_outlook"]["components"].values() if "expire_after" in one]


TABLES = (
    *(*entities.INVERTER, *entities.BATTERY, *entities.GRID, *entities.GRID_EVENTS, *entities.ENERGY),
    *(*entities.NEXT_OUTAGE, *entities.WINDOWS, *entities.cells((3.3,)), *entities.temperatures((20,))),
    *(*entities.OUTLOOK, *entities.CHARGE_AHEAD, *entities.CLOCK),
)


def test_every_entity_has_a_name_and_every_name_an_entity() -> None:
    named = {f"ha.{one.text or one.key}" for one in TABLES}
    named |= {one.meaning.format(value) for one in TABLES if one.meaning for value in one.more["options"]}
    about_devices = {"inverter", "inverter_named", "inverter_all", "battery_named", "battery_all", "twice"}
    about_devices |= {"grid", "energy", "schedule", "services", "outlook"}
    about_devices |= {"profile", "charge_ahead_allowed", "set_clock"}
    ours = {one for one in named if one.startswith("ha.")}
    assert set(HOMEASSISTANT) == ours | {f"ha.{one}" for one in about_devices}
    assert named <= TEXTS.keys()


@pytest.mark.parametrize("language", Language)
def test_no_entity_repeats_the_name_of_its_device(language: Language) -> None:
    found = [payload(one, replace(HOME, language=language)) for one in devices(house(), NOW, language).values()]
    twice = {
        (device["device"]["name"], one["name"])
        for device in found
        for one in device["components"].values()
        if (one.get("name") or "").lower().startswith(device["device"]["name"].lower())
    }
    assert twice == set()


def test_what_has_no_icon_of_its_device_class_has_one_of_ours() -> None:
    bare = {one.key for one in TABLES if one.number is None and one.key not in entities.ICONS}
    classless = {
        one.key
        for one in TABLES
        if one.key in bare
        and one.more.get("device_class", entities.UNITS.get(one.key.rsplit("_", 1)[-1], (None, None))[1])
        in (None, "enum")
    }
    assert classless == set()
    assert entities.ICONS.keys() <= {one.key for one in TABLES}


def test_a_choice_says_what_it_means_in_the_language_of_names() -> None:
    jinja2 = pytest.importorskip("jinja2")
    environment = jinja2.Environment(autoescape=False)
    environment.filters["to_json"] = json.dumps
    mode = payloads(house())["easun_inverter_main"]["components"]["mode"]
    said = environment.from_string(mode["json_attributes_template"]).render(value_json={"mode": "mains"})
    assert json.loads(said) == {"meaning": "On the grid"}


@pytest.mark.parametrize("reachable", [True, None, False])
def test_a_plug_is_there_in_home_assistant_as_long_as_on_the_page(reachable: bool | None) -> None:
    """Where nobody knows yet whether it can be reached, it may be: its state is unknown, and it can be commanded."""
    plug = PlugState(at=NOW, name="Boiler", reachable=reachable)
    found = devices(house(plugs={"boiler": plug}), NOW, Language.EN)[object_id("plug", "boiler")]
    assert found.is_live is is_plug_live(plug, NOW) is (reachable is not False)
