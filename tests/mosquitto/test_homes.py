"""A home at a broker of many: its account reads and writes below its name, and nothing else."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.broker import ROOT, Broker
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S, eventually

pytestmark = pytest.mark.processes


@pytest.fixture(params=["", "fleet/"], ids=["no-prefix", "prefix"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "state", MQTT_TOPIC_PREFIX=request.param)
    broker.prefix = request.param  # type: ignore[attr-defined]
    broker.start()
    yield broker
    broker.stop()


def homes(broker: Broker, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"MQTT_STATE_DIR": str(broker.state_dir)}
    return subprocess.run(
        [ROOT / "mosquitto/homes.sh", *arguments], env=env, capture_output=True, text=True, check=False
    )


def add(broker: Broker, name: str) -> dict[str, str]:
    """Add a home, and put its password where a viewer looks for it."""
    done = homes(broker, "add", name)
    assert done.returncode == 0, done.stderr
    settings = dict(line.split("=", 1) for line in done.stdout.splitlines())
    (broker.secrets_dir / name).write_text(settings["MQTT_PASSWORD"])
    return settings


def test_an_account_sees_its_own_home_only(broker: Broker) -> None:
    prefix = broker.prefix  # type: ignore[attr-defined]
    settings = {name: add(broker, name) for name in ("home7", "home70")}
    assert settings["home7"]["MQTT_TOPIC_PREFIX"] == f"{prefix}home7/"
    kept = [
        file.read_text() for file in broker.state_dir.rglob("*") if file.is_file() and file.parent.name != "secrets"
    ]
    assert not any(settings["home7"]["MQTT_PASSWORD"] in text for text in kept), "only a hash is kept"
    broker.stop()
    broker.start()  # which makes both files anew
    with Viewer(broker, "home7") as seven, Viewer(broker, "home70") as seventy, Viewer(broker) as everybody:
        for topic in ("home7/grid/state", "home70/grid/state", "grid/state", "other/grid/state"):
            seven.client.publish(prefix + topic, '{"by": "home7"}', qos=1)
        seventy.client.publish(prefix + "home70/last", "{}", qos=1).wait_for_publish(PATIENCE_S)
        eventually(lambda: everybody.on(prefix + "home70/last"), "everything has arrived")
        eventually(lambda: seventy.on(prefix + "home70/last"), "everything has arrived")
        assert {topic for topic, _, _ in everybody.messages} == {prefix + "home7/grid/state", prefix + "home70/last"}
        assert {topic for topic, _, _ in seventy.messages} == {prefix + "home70/last"}


@pytest.mark.parametrize("broker", ["fleet/"], indirect=True)
def test_a_home_that_is_removed_is_not_let_in(broker: Broker) -> None:
    add(broker, "home7")
    add(broker, "home8")
    assert homes(broker, "list").stdout.split() == ["home7", "home8"]
    assert homes(broker, "remove", "home7").returncode == 0
    assert "home7" not in (broker.state_dir / "acl").read_text() + (broker.state_dir / "passwd").read_text()
    eventually(lambda: not may_publish(broker, "home7"), "the broker has read that")
    assert may_publish(broker, "home8")


def may_publish(broker: Broker, home: str) -> bool:
    login = ["-u", home, "-P", (broker.secrets_dir / home).read_text()]
    command = [
        "mosquitto_pub",
        "-p",
        str(broker.port),
        *login,
        "-V",
        "5",
        "-q",
        "1",
        "-t",
        f"fleet/{home}/a",
        "-m",
        "1",
    ]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("broker", [""], indirect=True)
def test_the_bridge_of_the_documentation(broker: Broker, tmp_path: Path) -> None:
    password = add(broker, "home7")["MQTT_PASSWORD"]
    (document,) = re.findall(r"```\n(connection .*?)```", (ROOT / "docs/fleet.md").read_text(), re.DOTALL)
    lines = [line for line in document.replace("PASSWORD", password).splitlines() if "capath" not in line]
    text = "\n".join(lines).replace("fleet.example:8883", f"127.0.0.1:{broker.port}")
    local = Broker(tmp_path / "local")
    local.start()
    local.stop()
    (local.state_dir / "conf.d/bridge.conf").write_text(text + "\n")
    local.start()
    try:
        with Viewer(local, "poller") as poller, Viewer(broker) as fleet:
            poller.client.publish("grid/state", '{"state": "on"}', qos=1, retain=True)
            assert fleet.last("home7/grid/state") == {"state": "on"}
    finally:
        local.stop()


@pytest.mark.parametrize("name", ["grid", "poller", "a/b", "#", "", "home 7", "+"])
def test_a_name_with_another_meaning_is_refused(tmp_path: Path, name: str) -> None:
    broker = Broker(tmp_path / "state")
    env = os.environ | {"MQTT_STATE_DIR": str(broker.state_dir)}
    subprocess.run([ROOT / "mosquitto/start.sh", "prepare"], env=env, check=True, capture_output=True)
    before = (broker.state_dir / "acl").read_text()
    assert homes(broker, "add", name).returncode == 64
    assert (broker.state_dir / "acl").read_text() == before
