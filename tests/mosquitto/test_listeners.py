"""Wherever else the broker listens, the services of this machine reach it at 127.0.0.1."""

import socket
from pathlib import Path

import pytest

from tests.support.broker import Broker
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
