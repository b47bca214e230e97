"""Wherever else the broker listens, the services of this machine reach it at 127.0.0.1."""

import os
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.broker import ROOT, Broker
from tests.support.waiting import eventually

pytestmark = pytest.mark.processes


def answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("bind", "hosts"),
    [
        pytest.param("::", ("127.0.0.1", "::1", "127.0.0.2"), id="everywhere"),
        pytest.param("127.0.0.2", ("127.0.0.1", "127.0.0.2"), id="one-address"),
        pytest.param("::1", ("127.0.0.1", "::1"), id="one-address-of-ipv6"),
    ],
)
def test_this_machine_can_always_come_in(bind: str, hosts: tuple[str, ...], tmp_path: Path) -> None:
    broker = Broker(tmp_path / "state", MQTT_BIND=bind)
    broker.start()
    try:
        eventually(lambda: all(answers(host, broker.port) for host in hosts), f"the broker listens at {hosts}")
    finally:
        broker.stop()


def test_version_0_1_can_start_again_in_the_same_state(tmp_path: Path) -> None:
    """It includes conf.d, too, and sets in its mosquitto.conf how the state is kept; Mosquitto refuses that twice."""
    env = {"PATH": os.environ["PATH"], "MQTT_STATE_DIR": str(tmp_path)}
    subprocess.run([ROOT / "mosquitto/start.sh", "prepare"], check=True, env=env, capture_output=True)
    assert [file.name for file in (tmp_path / "conf.d").iterdir()] == ["listener.conf"]
