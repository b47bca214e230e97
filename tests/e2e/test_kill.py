"""Kill -9 in mid-stream: every reading that was published is in the database, once, and everybody is back."""

import os
import signal
import subprocess
from datetime import UTC, datetime

import pytest

from shared.bus.address import broker_address
from shared.history.tables import to_ms
from shared.settings import MqttSettings
from tests.support.asking import ask
from tests.support.broker import Broker
from tests.support.reasons import reason_text
from tests.support.stack import INVERTER, Stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually


def moments(viewer: Viewer) -> set[int]:
    return {to_ms(datetime.fromisoformat(payload["at"])) for payload in viewer.on(INVERTER)}


def recorded(stack: Stack) -> list[int]:
    return [at for (at,) in stack.rows("SELECT at FROM inverter_state ORDER BY at")]


def until_readings(viewer: Viewer, count: int) -> None:
    before = len(viewer.on(INVERTER))
    eventually(lambda: len(viewer.on(INVERTER)) >= before + count, f"{count} more readings")


def states(viewer: Viewer, service: str) -> list[str]:
    seen = [payload["state"] for payload in viewer.on(f"service/{service}/status")]
    return [state for number, state in enumerate(seen) if number == 0 or seen[number - 1] != state]


def expect_all_recorded_once(stack: Stack, viewer: Viewer) -> None:
    published = moments(viewer)
    eventually(lambda: published <= set(recorded(stack)), "every published reading is in the database")
    assert len(recorded(stack)) == len(set(recorded(stack)))


def now_ms() -> int:
    return to_ms(datetime.now(UTC))


def requests(stack: Stack) -> int:
    """Return how often the inverter has been asked something: readings, although nobody hears of them."""
    return int(ask(f"{stack.control}/wire")["requests"])


def until_asked(stack: Stack, count: int) -> None:
    before = requests(stack)
    eventually(lambda: requests(stack) >= before + count, f"{count} more requests")


@pytest.fixture
def streaming(stack: Stack, watcher: Viewer) -> Stack:
    stack.start_house()
    stack.start(stack.recorder)
    watcher.wait_for("service/recorder/status", state="online")  # of what was said before, the broker knows nothing
    stack.poller.start()
    until_readings(watcher, 3)
    return stack


def until_forgotten(broker: Broker) -> None:
    """Make the broker drop the session of a recorder that is away, as it does where its clock leaps by a week."""
    settings = MqttSettings(_env_file=None, mqtt_port=broker.port, mqtt_secrets_dir=broker.secrets_dir)
    address = broker_address(settings, user="recorder", client_id="easun-recorder", session_s=0, mqtt5=True)
    with Viewer(broker, "recorder", address.client_id):  # which begins a new one that ends with it
        pass


def test_recorder(streaming: Stack, watcher: Viewer) -> None:
    streaming.recorder.kill()
    watcher.wait_for("service/recorder/status", state="offline")
    until_readings(watcher, 6)
    streaming.recorder.start()
    watcher.wait_for("service/recorder/status", state="online")
    until_readings(watcher, 2)
    expect_all_recorded_once(streaming, watcher)
    assert states(watcher, "recorder")[-3:] == ["online", "offline", "online"]


def test_recorder_whose_session_has_expired(streaming: Stack, watcher: Viewer) -> None:
    streaming.recorder.kill()
    watcher.wait_for("service/recorder/status", state="offline")
    until_forgotten(streaming.broker)
    until_readings(watcher, 6)
    streaming.recorder.start()
    watcher.wait_for("service/recorder/status", state="online")
    until_readings(watcher, 2)
    expect_all_recorded_once(streaming, watcher)


def test_poller(streaming: Stack, watcher: Viewer) -> None:
    before = watcher.wait_for("grid/state", state="on")
    streaming.poller.kill()
    watcher.wait_for("service/poller/status", state="offline")
    streaming.poller.start()
    until_readings(watcher, 3)
    expect_all_recorded_once(streaming, watcher)
    after = watcher.wait_for("grid/state", state="on")
    assert (after["since"], after["transition_id"]) == (before["since"], before["transition_id"])
    assert {payload["state"] for payload in watcher.on("grid/state")} == {"on"}, "it did not even blink"
    assert states(watcher, "poller")[-3:] == ["online", "offline", "online"]


def test_broker_that_has_saved_nothing_yet(streaming: Stack, watcher: Viewer) -> None:
    asked, read = requests(streaming), len(watcher.on(INVERTER))
    until_readings(watcher, 4)
    a_reading = (requests(streaming) - asked) // (len(watcher.on(INVERTER)) - read) + 1
    away = []
    for _ in range(2):
        streaming.broker.kill()
        gone = now_ms()
        until_asked(streaming, 3 * a_reading)
        back = now_ms()
        streaming.broker.start()
        until_readings(watcher, 6)
        away.append((gone, back))
    expect_all_recorded_once(streaming, watcher)
    at = recorded(streaming)
    assert all(any(gone < one < back for one in at) for gone, back in away), "readings piled up while it was away"
    assert watcher.last("service/recorder/status")["state"] == "online"
    assert watcher.last("service/poller/status")["state"] == "online"


def test_recorder_and_then_a_broker_that_had_saved(streaming: Stack, watcher: Viewer) -> None:
    streaming.broker.save()
    streaming.recorder.kill()
    until_readings(watcher, 3)
    streaming.broker.save()
    streaming.broker.kill()
    streaming.broker.start()
    until_readings(watcher, 2)
    streaming.recorder.start()
    expect_all_recorded_once(streaming, watcher)


def test_the_whole_house_stops_when_asked(streaming: Stack, watcher: Viewer) -> None:
    for process in (streaming.poller, streaming.recorder):
        assert process.end() == 0
        said = watcher.wait_for(f"service/{process.name}/status", state="offline")
        assert reason_text(said) == "Stopped."
        assert "Traceback" not in process.log
    expect_all_recorded_once(streaming, watcher)


def test_passwords_that_are_replaced_while_everything_runs(streaming: Stack, watcher: Viewer) -> None:
    broker = streaming.broker
    for account in ("recorder", "poller"):
        (broker.secrets_dir / account).write_text(f"another-{account}\n")
        command = ["mosquitto_passwd", "-b", str(broker.state_dir / "passwd"), account, f"another-{account}"]
        subprocess.run(command, check=True, capture_output=True)
    os.kill(broker.pid, signal.SIGHUP)  # it disconnects whose password is no longer right
    eventually(lambda: len(watcher.on("replay/request")) == 2, "the recorder is a new client")
    until_readings(watcher, 6)
    expect_all_recorded_once(streaming, watcher)
    assert streaming.recorder.is_running
    assert streaming.poller.is_running
