"""The Home Assistant add-on: its options are settings of ours, in every language, and become the environment."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.errors import UsageError
from shared.known_settings import known_settings
from supervisor.addon import broker_of, settings_of

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/homeassistant/addon"
CONFIG = yaml.safe_load((FOLDER / "config.yaml").read_text(encoding="utf-8"))
TYPES = r"(bool|port|str|int|float|password|device\(subsystem=[a-z]+\)|list\(.+\)|match\(.*\))\??"
"""What an option may be, of what the Supervisor knows: supervisor/apps/options.py, RE_SCHEMA_ELEMENT."""


def test_every_option_is_a_setting_of_ours() -> None:
    options = {name.upper() for name in CONFIG["schema"]} - {"MORE"}
    assert options - set(known_settings()) == set()
    assert set(CONFIG["options"]) <= set(CONFIG["schema"])
    for kind in (*CONFIG["schema"].values(), *CONFIG["schema"]["more"][0].values()):
        assert isinstance(kind, list) or re.fullmatch(TYPES, kind), kind


@pytest.mark.parametrize("language", ["en", "uk"])
def test_every_option_has_a_name_in_every_language(language: str) -> None:
    said = yaml.safe_load((FOLDER / f"translations/{language}.yaml").read_text(encoding="utf-8"))
    assert said["configuration"].keys() == CONFIG["schema"].keys()
    assert said["network"].keys() == CONFIG["ports"].keys()
    assert all(one["name"] for one in said["configuration"].values())


def test_it_has_the_version_of_the_program_and_its_last_stage_is_the_add_on() -> None:
    assert CONFIG["version"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    stages = re.findall(r"^FROM \S+ AS (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert stages[-1] == "addon", "the Supervisor builds the last one"


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"modbus_host": "10.0.0.5", "queue_number": ""}, {"MODBUS_HOST": "10.0.0.5"}, id="empty-is-none"),
        pytest.param({"mqtt_host": None, "more": None}, {}, id="null-is-none"),
        pytest.param({"more": [{"name": "poll_interval", "value": 5}]}, {"POLL_INTERVAL": "5"}, id="any-other"),
        pytest.param({"more": [{"name": " X ", "value": True}]}, {"X": "true"}, id="yes-and-no"),
        pytest.param(
            {"modbus_host": "a", "more": [{"name": "MODBUS_HOST", "value": "b"}]}, {"MODBUS_HOST": "b"}, id="more-wins"
        ),
    ],
)
def test_options_become_settings(options: dict[str, Any], settings: dict[str, str]) -> None:
    found = settings_of(options)
    assert {name.upper(): value for name, value in found.items()} == settings


@pytest.mark.parametrize("options", [{"more": [{"name": "A=B", "value": 5}]}, {"mqtt_host": "a\0b"}, {"": 5}])
def test_what_no_environment_can_hold_is_reported(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="cannot be a setting"):
        settings_of(options)


@pytest.mark.parametrize("more", [["POLL_INTERVAL=5"], [{"value": "5"}], [7], 7])
def test_a_setting_without_a_name_is_reported(more: list[Any]) -> None:
    with pytest.raises(UsageError, match="needs a name"):
        settings_of({"more": more})


def test_the_supervisors_broker_becomes_ours() -> None:
    data = {"host": "core-mosquitto", "port": 1883, "username": "addons", "password": "x", "ssl": False}
    found = broker_of({"result": "ok", "data": data})
    assert found == {
        "MQTT_HOST": "core-mosquitto",
        "MQTT_PORT": "1883",
        "MQTT_USERNAME": "addons",
        "MQTT_PASSWORD": "x",
    }
    assert broker_of({"data": data | {"ssl": True}})["MQTT_TLS"] == "true"


@pytest.mark.parametrize("answer", [{}, [], None, {"data": {}}, {"data": {"host": ""}}, {"result": "error"}])
def test_a_missing_broker_is_reported(answer: Any) -> None:
    with pytest.raises(UsageError, match="Mosquitto broker"):
        broker_of(answer)
