"""What users get wrong: one plain sentence in the log and on the status topic, and the right end."""

import sqlite3
from pathlib import Path

import pytest

from tests.support.reasons import reason_text
from tests.support.stack import INVERTER, Stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

EXIT_CONFIG = 78


@pytest.mark.parametrize(
    ("service", "settings", "sentence"),
    [
        pytest.param(
            "poller",
            {"INVERTER_MODEL": "EASUN"},
            'INVERTER_MODEL is "EASUN": possible values: auto, ISOLAR_SMG_II_4K',
            id="model",
        ),
        pytest.param("poller", {"POLL_INTERVAL": "often"}, 'POLL_INTERVAL is "often"', id="not-a-number"),
        pytest.param("poller", {"MODBUS_PORT": "70000"}, 'MODBUS_PORT is "70000"', id="out-of-range"),
        pytest.param("poller", {"INVERTER_NAME": "a/b"}, 'INVERTER_NAME is "a/b"', id="name-with-a-level"),
        pytest.param("poller", {"GRID_LOST_V": "170"}, "GRID_LOST_V must be lower than GRID_PRESENT_V", id="limits"),
        pytest.param("poller", {"HEALTH_FILE": "/proc/x"}, "HEALTH_FILE /proc/x cannot be written", id="health-file"),
        pytest.param("recorder", {"DB_PATH": "/proc"}, "/proc cannot be opened", id="database"),
        pytest.param("dashboard", {"DASHBOARD_PORT": "web"}, 'DASHBOARD_PORT is "web"', id="port"),
    ],
)
def test_only_the_user_can_mend_it(
    service: str, settings: dict[str, str], sentence: str, stack: Stack, watcher: Viewer
) -> None:
    process = getattr(stack, service)
    process.start(**settings)
    assert process.exit_code() == EXIT_CONFIG
    assert sentence in process.log
    assert "Traceback" not in process.log
    assert sentence in reason_text(watcher.wait_for(f"service/{service}/status", state="offline"))


def test_a_settings_file_that_is_not_there_is_reported(stack: Stack) -> None:
    stack.poller.start(ENV_FILE="/no/such.env")
    assert stack.poller.exit_code() == EXIT_CONFIG
    assert "The settings file /no/such.env, which ENV_FILE names, is not there." in stack.poller.log


@pytest.mark.parametrize("name", ["MQTT_PASSWORD", "MQTT_SECRETS_DIR"])
def test_a_wrong_password_ends_it_without_being_repeated(name: str, stack: Stack, tmp_path: Path) -> None:
    (tmp_path / "recorder").write_text("hunter2")
    stack.recorder.start(**{name: "hunter2" if name == "MQTT_PASSWORD" else str(tmp_path)})
    assert stack.recorder.exit_code() == EXIT_CONFIG
    assert 'refuses the user "recorder"' in stack.recorder.log
    assert "hunter2" not in stack.recorder.log


def test_a_wrong_setting_in_the_file_is_named_with_the_file(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "home.env"
    file.write_bytes(b"INVERTER_MODEL=6K\r\nMQTT_PASSWORD=hunter2\r\n")
    stack.poller.start(ENV_FILE=str(file))
    assert stack.poller.exit_code() == EXIT_CONFIG
    assert 'INVERTER_MODEL is "6K"' in stack.poller.log
    assert str(file) in stack.poller.log
    assert "hunter2" not in stack.poller.log


def test_no_inverter_configured_is_disabled_and_waits(stack: Stack, watcher: Viewer) -> None:
    stack.start(stack.poller)
    assert "MODBUS_HOST" in reason_text(watcher.wait_for("service/poller/status", state="disabled"))
    assert stack.poller.end() == 0


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "x" * 70])
def test_an_impossible_host_name_is_reported(stack: Stack, watcher: Viewer, host: str) -> None:
    stack.poller.start(MODBUS_HOST=host)
    assert f"The name {host} is not known" in reason_text(watcher.wait_for("service/poller/status", state="degraded"))
    assert stack.poller.end() == 0


def test_no_broker_at_the_start_is_waited_for(stack: Stack, watcher: Viewer) -> None:
    stack.start_house()
    stack.broker.stop()
    stack.start(stack.recorder, stack.poller)
    eventually(lambda: "No broker at" in stack.poller.log and "No broker at" in stack.recorder.log)
    stack.broker.start()
    watcher.last(INVERTER)
    eventually(lambda: stack.rows("SELECT 1 FROM inverter_state"))
    assert stack.poller.log.count("No broker at") <= 2  # when it began, and when it ended


BAD = ("{half", "[]", '"text"', '{"at": "yesterday"}', '{"at": "2026-11-23T12:00:00Z", "mode": 7}', "\udcff\x00")


def test_payloads_that_do_not_parse_are_reported_kept_and_block_nothing(stack: Stack, watcher: Viewer) -> None:
    stack.start_house()
    stack.start(stack.recorder)
    watcher.wait_for("service/recorder/status", state="online")
    with Viewer(stack.broker, "poller") as impostor:
        for payload in ("", *BAD):  # an empty one only clears what was retained
            impostor.client.publish(INVERTER, payload.encode(errors="surrogateescape"), qos=1)
        status = watcher.wait_for("service/recorder/status", state="degraded")
        assert f"A message on {INVERTER} is not recorded" in reason_text(status)
        eventually(lambda: stack.rows("SELECT count(*) FROM dead_letter") == [(len(BAD),)], "each is kept")
    stack.start(stack.poller)
    eventually(lambda: stack.rows("SELECT 1 FROM inverter_state"))
    watcher.wait_for("service/recorder/status", state="online")


def test_a_locked_database_loses_nothing(stack: Stack, watcher: Viewer) -> None:
    stack.start_house()
    stack.start(stack.recorder, stack.poller)
    eventually(lambda: stack.rows("SELECT 1 FROM inverter_state"))
    lock = sqlite3.connect(stack.db_path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    status = watcher.wait_for("service/recorder/status", state="degraded")
    assert "cannot be written" in reason_text(status)
    published = [payload["at"] for payload in watcher.on(INVERTER)]
    lock.execute("ROLLBACK")
    lock.close()
    watcher.wait_for("service/recorder/status", state="online")
    eventually(lambda: stack.rows("SELECT count(*) FROM inverter_state")[0][0] >= len(published))


def test_a_database_of_a_newer_version_is_left_alone(stack: Stack) -> None:
    with sqlite3.connect(stack.db_path) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('9999')")
    before = stack.db_path.read_bytes()
    stack.start(stack.recorder)
    assert stack.recorder.exit_code() == EXIT_CONFIG
    assert "written by a newer version" in stack.recorder.log
    assert stack.db_path.read_bytes() == before


def test_eamoons_files_are_left_alone_and_answered(stack: Stack, watcher: Viewer, tmp_path: Path) -> None:
    with sqlite3.connect(stack.db_path) as connection:
        connection.execute("CREATE TABLE readings (id INTEGER PRIMARY KEY, created_at TEXT, payload TEXT, error TEXT)")
    connection.close()
    batteries = tmp_path / "jk_devices.yaml"
    batteries.write_text("C8:47:80:12:34:56:\n  address: C8:47:80:12:34:56\n  name: Pack\n")
    before = stack.db_path.read_bytes(), batteries.read_bytes()
    stack.recorder.start()
    stack.bms.start(DEVICES_FILE=str(batteries))
    assert (stack.recorder.exit_code(), stack.bms.exit_code()) == (EXIT_CONFIG, EXIT_CONFIG)
    assert "import-eamoon" in reason_text(watcher.wait_for("service/recorder/status", state="offline"))
    (reason,) = watcher.wait_for("service/bms/status", state="offline")["reasons"]
    assert "only `batteries:` may stand" in reason["text"]
    assert (stack.db_path.read_bytes(), batteries.read_bytes()) == before
