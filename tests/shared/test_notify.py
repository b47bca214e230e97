"""What systemd hears of a service, on a socket like its own."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.notify import notify
from tests.support.stack import Stack
from tests.support.waiting import PATIENCE_S, eventually


@pytest.fixture(params=["path", "abstract"])
def systemd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """An address as systemd gives it, and the socket that listens there."""
    path = str(tmp_path / "notify")
    address, bound = (path, path) if request.param == "path" else (f"@{path}", f"\0{path}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(bound)
        listening.settimeout(PATIENCE_S)
        yield address, listening


def test_a_service_says_that_it_is_ready_and_how_it_fares(systemd: tuple[str, socket.socket], stack: Stack) -> None:
    address, listening = systemd
    stack.poller.start(NOTIFY_SOCKET=address)
    assert listening.recv(1000) == b"READY=1"
    assert listening.recv(1000).startswith(b"WATCHDOG=1\nSTATUS=")


def test_the_watchdog_is_quiet_without_a_broker(systemd: tuple[str, socket.socket], stack: Stack) -> None:
    address, listening = systemd
    stack.broker.stop()
    stack.poller.start(NOTIFY_SOCKET=address)
    assert listening.recv(1000) == b"READY=1"
    assert b"WATCHDOG=1" in listening.recv(1000)
    eventually(lambda: "No broker at" in stack.poller.log)


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify("READY=1")
    monkeypatch.delenv("NOTIFY_SOCKET")
    notify("READY=1")
