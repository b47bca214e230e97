"""What is promised of payloads: schemas are as strict as the truth, and every released version is still read."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from docs.generate_topics import REPLIES, asyncapi
from docs.payload_schemas import payloads, schema_of
from shared.messages import GridState, Message
from shared.topics import COMMANDS, TOPICS
from tests.homeassistant.facts import house
from tests.support.broker import ROOT, Broker
from tests.support.samples import sample
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S, PROGRAM_S

VERSIONS = sorted(Path(__file__).parent.glob("version_*.json"))
BY_TEMPLATE = {topic.template: topic for topic in TOPICS}
SCHEMAS = {payload: Draft202012Validator(schema_of(payload)) for payload in payloads()}


def on_the_wire(message: Message) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(message.model_dump_json())
    return payload


def spoilt(payload: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield payloads that are wrong, each in one way."""
    for name in ("at", "v"):
        yield f"without {name}", {key: value for key, value in payload.items() if key != name}
    for name, wrong in {
        "at": ("banana", 7, None, "2026-13-01T00:00:00Z", "2026-11-23T18:02:11", "2026-11-23 18:02:11Z"),
        "v": (1, 99, "2", None),
        "unheard_of": (True,),
    }.items():
        for value in wrong:
            yield f"{name}: {value!r}", payload | {name: value}
    for name in payload:
        if name not in ("at", "v"):
            yield f"{name} of another type", payload | {name: [[["x"]]]}


@pytest.mark.parametrize("payload", payloads(), ids=lambda payload: payload.__name__)
def test_the_schema_takes_what_is_right_and_refuses_everything_planted(payload: type[Message]) -> None:
    right = on_the_wire(sample(payload))
    assert [error.message for error in SCHEMAS[payload].iter_errors(right)] == []
    assert [what for what, wrong in spoilt(right) if SCHEMAS[payload].is_valid(wrong)] == []
    if payload not in COMMANDS:  # of what we publish no field is left out without a reason
        missing = [name for name, field in payload.model_fields.items() if field.exclude_if is None]
        bare = [name for name in missing if SCHEMAS[payload].is_valid({k: v for k, v in right.items() if k != name})]
        assert bare == []


def test_the_schemas_take_a_whole_house() -> None:
    state = house()
    several = (
        state.inverters,
        state.inverter_infos,
        state.batteries,
        state.battery_infos,
        state.plugs,
        state.plug_infos,
    )
    single = (state.grid, state.schedule, state.energy, state.next_outage)
    published = [*single, *(one for part in several for one in part.values())]
    for message in published:
        assert message
        assert [error.message for error in SCHEMAS[type(message)].iter_errors(on_the_wire(message))] == []


@pytest.mark.parametrize("file", VERSIONS, ids=lambda file: file.stem)
def test_every_released_version_is_still_read(file: Path) -> None:
    """Nothing that it said is lost: a field has the same value, under its present name."""
    for template, payload in json.loads(file.read_text()).items():
        topic = BY_TEMPLATE[template]
        message = topic.parse(json.dumps(payload).encode())
        known = on_the_wire(message)
        kept = {name: value for name, value in payload.items() if name in known}
        for name, value in kept.items():
            assert _holds(known[name], value), f"{template} {name}: {known[name]} instead of {value}"
        renamed = {name for name in payload if name not in known} - {"clock"}
        assert renamed <= {"why", "problem", "reason"}, template
        assert not renamed or _holds(known.get("reason") or known["reasons"][0], "x")


def _holds(now: Any, then: Any) -> bool:
    """Whether a value says what it said then: it may say more, and a reason was a bare sentence in version 1."""
    if isinstance(then, dict):
        kept = {name: value for name, value in then.items() if name not in ("added", "removed", "moved")}
        return all(_holds(now[name], value) for name, value in kept.items())
    if isinstance(then, list):
        return len(now) == len(then) and all(map(_holds, now, then))
    return bool(now == then or (isinstance(now, dict) and now["text"] == then))


def test_the_versions_that_are_held() -> None:
    held = {file.stem: json.loads(file.read_text()) for file in VERSIONS}
    assert {name: {one["v"] for one in payloads.values()} for name, payloads in held.items()} == {
        "version_1": {1},
        "version_2": {2},
    }
    assert held["version_2"].keys() <= {topic.template for topic in TOPICS}


def test_asyncapi_names_servers_accounts_and_both_directions_of_a_command() -> None:
    document = yaml.safe_load(asyncapi())
    assert {one["protocol"] for one in document["servers"].values()} == {"mqtt", "secure-mqtt"}
    assert all(one["security"] for one in document["servers"].values())
    operations = document["operations"]
    assert {one["channel"]["$ref"] for one in operations.values()} == {
        f"#/channels/{key}" for key in document["channels"]
    }
    assert len(document["channels"]) == len(TOPICS)
    for command, outcome in REPLIES.items():
        mine = {
            one["action"]: one
            for one in operations.values()
            if document["channels"][one["channel"]["$ref"].rsplit("/", 1)[1]]["address"] == command
        }
        assert mine.keys() == {"send", "receive"}
        answer = mine["receive"]["reply"]["channel"]["$ref"].rsplit("/", 1)[1]
        assert document["channels"][answer]["address"] == outcome


@pytest.mark.processes
def test_the_shell_example_tells_whether_there_is_power(broker: Broker) -> None:
    with Viewer(broker, "poller") as poller:
        payload = json.dumps(on_the_wire(sample(GridState)) | {"state": "off"}, separators=(",", ":"))
        poller.client.publish("grid/state", payload, qos=1, retain=True).wait_for_publish(PATIENCE_S)
    password = (broker.secrets_dir / "viewer").read_text().strip()
    command = [str(ROOT / "docs/examples/grid.sh"), "127.0.0.1", str(broker.port), password]
    assert subprocess.run(command, check=True, capture_output=True, text=True, timeout=PROGRAM_S).stdout == "off\n"
