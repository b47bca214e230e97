"""A state that the broker cannot read is set aside and reported, and the broker starts without it."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import pytest

from tests.support.broker import ROOT, Broker
from tests.support.disks import fill_up, small_disk
from tests.support.stack import INVERTER, Stack
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S, eventually

__all__ = ["small_disk"]

pytestmark = pytest.mark.processes

KEPT = 3


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker that has ended, with retained messages in its state."""
    broker = Broker(tmp_path / "state")
    broker.start()
    with Viewer(broker, "poller") as poller:
        for number in range(50):
            poller.client.publish(f"inverter/{number}/info", '"padding"' * 20, qos=1, retain=True)
        poller.client.publish("grid/state", '{"state": "on"}', qos=1, retain=True).wait_for_publish(PATIENCE_S)
    broker.stop()
    yield broker
    broker.stop()


def damaged(broker: Broker) -> list[Path]:
    return sorted((broker.state_dir / "data").glob("mosquitto.damaged-*[b3]"))


def remembers(broker: Broker) -> bool:
    """Whether the broker still has the retained message: a newer one of ours would come after it."""
    with Viewer(broker, "poller") as poller:
        poller.client.publish("service/poller/status", "{}", qos=1)
        eventually(lambda: poller.on("service/poller/status"), "the broker has answered")
        return poller.on("grid/state") == [{"state": "on"}]


def cut(file: Path) -> None:
    os.truncate(file, 100)


def zero(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def zero_a_part(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(300)
        opened.write(bytes(400))


def empty(file: Path) -> None:
    os.truncate(file, 0)


def garble(file: Path) -> None:
    file.write_bytes(b"\x5a\xa5" * 4000)


def make_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def test_a_sound_state_is_kept(broker: Broker) -> None:
    broker.start()
    assert remembers(broker)
    assert damaged(broker) == []


@pytest.mark.parametrize("damage", [cut, zero, zero_a_part, empty, garble, make_directory])
def test_a_damaged_state_does_not_keep_the_broker_down(broker: Broker, damage: Callable[[Path], None]) -> None:
    file = broker.state_file
    if damage is zero_a_part and file.suffix != ".db":
        pytest.skip("SQLite may not miss what was there")
    damage(file)
    content = file.read_bytes() if file.is_file() else None
    broker.start()
    assert not remembers(broker)
    (aside,) = damaged(broker)
    assert content is None or aside.read_bytes() == content
    assert f"it is kept as data/{aside.name}" in broker.log.read_text()
    broker.stop()
    broker.start()
    assert damaged(broker) == [aside], "the new state is sound"


def test_a_save_that_was_interrupted_does_no_harm(broker: Broker) -> None:
    leftover = broker.state_dir / "data/mosquitto.db.new"
    leftover.mkdir()
    broker.start()
    assert remembers(broker)
    assert not leftover.exists()
    broker.stop()


def test_few_damaged_states_are_kept_and_the_newest_always(broker: Broker) -> None:
    file = broker.state_file
    for year in range(2020, 2030):
        aside = file.with_name(f"mosquitto.damaged-{year}0101T000000Z{file.suffix}")
        aside.write_text(str(year))
    zero(file)
    content = file.read_bytes()
    broker.start()
    assert len(damaged(broker)) == KEPT
    assert content in [aside.read_bytes() for aside in damaged(broker)]


def test_a_broker_that_cannot_start_for_another_reason_keeps_its_state(broker: Broker, tmp_path: Path) -> None:
    """Without shared libraries, memory or permission to run, the state is not to blame."""
    (tmp_path / "bin").mkdir()
    broken = tmp_path / "bin/mosquitto"
    broken.write_text("#!/bin/sh\necho cannot run >&2\nexit 127\n")
    broken.chmod(0o755)
    env = os.environ | {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "MQTT_STATE_DIR": str(broker.state_dir),
        "MQTT_PLUGIN_DIR": "/nonexistent",
    }
    done = subprocess.run([ROOT / "mosquitto/start.sh"], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, damaged(broker)) == (127, [])
    broker.start()
    assert remembers(broker)


@pytest.mark.parametrize(
    "directory",
    [
        pytest.param("/usr/lib", id="the official image"),
        pytest.param("/usr/lib/x86_64-linux-gnu/mosquitto", id="Debian from 2.1 on"),
        pytest.param("/usr/lib/aarch64-linux-gnu/mosquitto", id="Debian on a Raspberry Pi"),
        pytest.param("/usr/local/lib", id="built from its source"),
    ],
)
def test_the_plugin_is_looked_for_where_it_is_installed(directory: str) -> None:
    found = re.search(r"MQTT_PLUGIN_DIR:-([^}]+)}", (ROOT / "mosquitto/start.sh").read_text())
    assert found
    assert [place for place in found[1].split() if PurePosixPath(directory).match(place)]


def test_a_full_disk_is_reported_and_the_broker_runs(small_disk: Path) -> None:
    broker = Broker(small_disk / "state")
    broker.log = small_disk.parent / "broker.log"
    broker.start()
    broker.stop()
    if broker.state_file.suffix != ".db":
        pytest.skip("the plugin of 2.1 does not start without room")
    zero(broker.state_file)
    fill_up(small_disk)
    broker.start()
    try:
        with Viewer(broker):
            assert "the disk is full" in broker.log.read_text()
            assert len(damaged(broker)) == 1, "the check is made all the same"
    finally:
        broker.stop()


def test_a_read_only_disk_is_passing(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    env = os.environ | {"MQTT_STATE_DIR": str(small_disk / "state")}
    done = subprocess.run([ROOT / "mosquitto/start.sh"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 75, "a supervisor tries again, unlike after 78"
    assert "read-only" in done.stderr


def test_services_publish_their_state_again(stack: Stack, watcher: Viewer) -> None:
    stack.start_house()
    stack.start(stack.recorder)
    watcher.wait_for("service/recorder/status", state="online")
    stack.start(stack.poller)
    eventually(lambda: len(watcher.on(INVERTER)) > 2, "readings")
    stack.broker.save()
    stack.broker.kill()
    zero(stack.broker.state_file)
    stack.broker.start()
    with Viewer(stack.broker) as newcomer:
        for topic in ("grid/state", "inverter/main/info", "service/poller/status", "service/recorder/status"):
            newcomer.last(topic)
    rows = len(stack.rows("SELECT 1 FROM inverter_state"))
    eventually(lambda: len(stack.rows("SELECT 1 FROM inverter_state")) > rows + 2, "recording goes on")
