"""TLS to the broker: the home CA, services that speak it, and everything that can be wrong with it."""

import asyncio
import os
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.bus import Bus
from shared.conditions.broker import STOPPED
from shared.health import Health
from shared.messages import Grid, GridState
from shared.settings import MqttSettings
from shared.topics import GRID_STATE
from tests.support.broker import ROOT, Broker
from tests.support.ports import free_port
from tests.support.reasons import reason_text
from tests.support.stack import Process
from tests.support.viewer import Viewer
from tests.support.waiting import eventually, until

EXIT_CONFIG = 78
MAKE_CA = ROOT / "mosquitto/make-ca.sh"
START = datetime(2026, 11, 23, 12, tzinfo=UTC)


class TlsBroker(Broker):
    """A broker that listens with TLS as well."""

    def __init__(self, state_dir: Path, **settings: str) -> None:
        self.tls_port = free_port()
        names = {"MQTT_TLS_BIND": "127.0.0.1", "MQTT_TLS_NAMES": "127.0.0.1", "MQTT_TLS_PORT": str(self.tls_port)}
        super().__init__(state_dir, **names | settings)

    @property
    def ca_file(self) -> Path:
        return self.state_dir / "tls/ca.crt"

    def client(self) -> dict[str, str]:
        return {"MQTT_PORT": str(self.tls_port), "MQTT_TLS": "true", "MQTT_CA_FILE": str(self.ca_file)}


@pytest.fixture
def tls_broker(tmp_path: Path) -> Iterator[TlsBroker]:
    broker = TlsBroker(tmp_path / "state")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def schedule(tls_broker: TlsBroker, tmp_path: Path) -> Iterator[Process]:
    """A service that needs nothing but the broker."""
    process = Process("schedule", "services.schedule", tls_broker.env(), tmp_path / "schedule.log")
    yield process
    process.stop()


def make_ca(directory: Path, *names: str) -> str:
    done = subprocess.run([MAKE_CA, directory, *names], check=True, capture_output=True, text=True)
    return done.stderr


def test_a_service_speaks_tls(tls_broker: TlsBroker, schedule: Process) -> None:
    schedule.start(**tls_broker.client())
    with Viewer(tls_broker) as viewer:
        viewer.wait_for("service/schedule/status", state="disabled")
        assert schedule.end() == 0
        assert reason_text(viewer.wait_for("service/schedule/status", state="offline")) == "Stopped."


async def test_a_burst_comes_through_in_order(tls_broker: TlsBroker) -> None:
    """What TLS has read ahead lies in no socket: nobody would be woken for it."""
    received: list[float | None] = []
    client = MqttSettings(
        _env_file=None,
        mqtt_port=tls_broker.tls_port,
        mqtt_tls=True,
        mqtt_ca_file=tls_broker.ca_file,
        mqtt_secrets_dir=tls_broker.secrets_dir,
    )
    sender, receiver = Bus(client, "poller", Health()), Bus(client, "recorder", Health())
    receiver.subscribe(GRID_STATE, lambda _name, message: received.append(message.voltage_v))

    tasks = [asyncio.create_task(bus.run()) for bus in (sender, receiver)]
    await asyncio.gather(sender.connected.wait(), receiver.connected.wait())
    for number in range(500):
        at = START + timedelta(seconds=number)
        sender.publish(GRID_STATE, GridState(at=at, since=START, state=Grid.ON, voltage_v=float(number)))
    await until(lambda: len(received) == 500)
    assert received == [float(number) for number in range(500)]
    await asyncio.gather(sender.close(STOPPED()), receiver.close(STOPPED()))
    await asyncio.gather(*tasks)


def test_another_ca_is_reported_and_waited_for(tls_broker: TlsBroker, schedule: Process, tmp_path: Path) -> None:
    make_ca(tmp_path / "other", "127.0.0.1")
    ca_file = tmp_path / "ca.crt"
    ca_file.write_bytes((tmp_path / "other/ca.crt").read_bytes())
    schedule.start(**tls_broker.client() | {"MQTT_CA_FILE": str(ca_file)})
    eventually(lambda: "is not valid for 127.0.0.1" in schedule.log)
    assert "check MQTT_CA_FILE" in schedule.log
    assert "Traceback" not in schedule.log
    ca_file.write_bytes(tls_broker.ca_file.read_bytes())
    with Viewer(tls_broker) as viewer:
        viewer.wait_for("service/schedule/status", state="disabled")


def test_a_name_that_the_certificate_does_not_have_is_reported(tls_broker: TlsBroker, schedule: Process) -> None:
    schedule.start(**tls_broker.client() | {"MQTT_HOST": "localhost"})
    eventually(lambda: "not valid for localhost" in schedule.log and "Hostname mismatch" in schedule.log)


def test_tls_on_the_plain_port_is_reported(tls_broker: TlsBroker, schedule: Process) -> None:
    schedule.start(**tls_broker.client() | {"MQTT_PORT": str(tls_broker.port)})
    eventually(lambda: "No broker at" in schedule.log)
    assert "with TLS at this port?" in schedule.log
    assert "Traceback" not in schedule.log


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        pytest.param(
            {"MQTT_CA_FILE": "/no/such.crt"},
            "MQTT_CA_FILE /no/such.crt cannot be read: there is no such file",
            id="gone",
        ),
        pytest.param({"MQTT_CA_FILE": str(ROOT / "LICENSE")}, "holds no certificate in PEM form", id="no-pem"),
        pytest.param({"MQTT_TLS": "false"}, "MQTT_CA_FILE is set but MQTT_TLS is not", id="no-false-safety"),
    ],
)
def test_only_the_user_can_mend_it(
    settings: dict[str, str], sentence: str, tls_broker: TlsBroker, schedule: Process
) -> None:
    schedule.start(**tls_broker.client() | settings)
    assert schedule.exit_code() == EXIT_CONFIG
    assert sentence in schedule.log


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        pytest.param({"MQTT_TLS_CERT": "/no/such.crt", "MQTT_TLS_KEY": "/k"}, "/no/such.crt cannot be read", id="gone"),
        pytest.param({"MQTT_TLS_CERT": str(ROOT / "LICENSE")}, "belong together", id="no-key"),
        pytest.param({"MQTT_TLS_PORT": "tls"}, 'MQTT_TLS_PORT is "tls": it must be a port', id="no-port"),
        pytest.param({"MQTT_PORT": "1883 # mine"}, 'MQTT_PORT is "1883 # mine": it must be a port', id="comment"),
        pytest.param({"MQTT_PORT": "70000"}, 'MQTT_PORT is "70000"', id="too-great"),
        pytest.param({"MQTT_TLS_NAMES": "a,b"}, '"a,b" is neither a host name nor an address', id="names"),
    ],
)
def test_the_broker_says_what_it_cannot_use(settings: dict[str, str], sentence: str, tmp_path: Path) -> None:
    env = os.environ | {"MQTT_STATE_DIR": str(tmp_path), "MQTT_PORT": "1", "MQTT_TLS_PORT": "2"} | settings
    done = subprocess.run(
        [ROOT / "mosquitto/start.sh", "prepare"], check=False, env=env, capture_output=True, text=True
    )
    assert done.returncode == EXIT_CONFIG
    assert sentence in done.stderr


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    make_ca(tmp_path / "tls", "pi.local", "192.168.1.10")
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "tls").iterdir()}
    assert modes["ca.key"] == modes["server.key"] == 0o600
    assert modes["ca.crt"] == modes["server.crt"] == 0o644


def text_of(certificate: Path) -> str:
    command = ["openssl", "x509", "-in", str(certificate), "-noout", "-text"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def test_it_is_made_once_and_anew_for_other_names(tmp_path: Path) -> None:
    make_ca(tmp_path, "pi.local")
    ca, server = ((tmp_path / name).read_bytes() for name in ("ca.crt", "server.crt"))
    assert make_ca(tmp_path, "pi.local") == ""
    assert (tmp_path / "server.crt").read_bytes() == server
    make_ca(tmp_path, "pi.local", "192.168.1.10", "fd00::7")
    assert (tmp_path / "ca.crt").read_bytes() == ca
    text = text_of(tmp_path / "server.crt")
    assert "DNS:pi.local, IP Address:192.168.1.10, IP Address:FD00:0:0:0:0:0:0:7" in text


def test_a_certificate_near_its_end_is_made_anew_by_the_same_authority(tmp_path: Path) -> None:
    make_ca(tmp_path, "pi.local")
    request = "openssl req -new -key server.key -subj /CN=old"
    sign = "openssl x509 -req -CA ca.crt -CAkey ca.key -days 30 -out server.crt"
    subprocess.run(f"{request} | {sign}", shell=True, cwd=tmp_path, check=True, capture_output=True)
    ca = (tmp_path / "ca.crt").read_bytes()
    assert "a new certificate" in make_ca(tmp_path, "pi.local")
    assert (tmp_path / "ca.crt").read_bytes() == ca


def test_a_key_that_a_power_cut_parted_from_its_certificate_is_made_anew(tmp_path: Path) -> None:
    make_ca(tmp_path, "pi.local")
    another = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(tmp_path / "server.key")]
    subprocess.run(another, check=True)
    assert "a new certificate" in make_ca(tmp_path, "pi.local")


def test_names_of_the_last_time_are_kept(tmp_path: Path) -> None:
    make_ca(tmp_path, "192.168.77.77")
    make_ca(tmp_path)
    assert "IP Address:192.168.77.77" in text_of(tmp_path / "server.crt")
    assert make_ca(tmp_path) == ""
