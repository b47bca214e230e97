"""What strangers and visitors in a hurry hold does not silence the others."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from services.dashboard import web_server
from services.dashboard.history import csv_export
from services.dashboard.web_server import CONNECTIONS, make_room
from shared.history import queries
from tests.dashboard.crowd import A_CENTURY, DASH, PASSWORD, idle, visitor
from tests.dashboard.full_house import served
from tests.dashboard.harness import record
from tests.support.waiting import PATIENCE_S


def test_idle_connections_files_and_odd_requests_hold_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "easun.db"
    record(path, datetime.now(UTC), days=1, every=timedelta(minutes=30), device="main")
    go_on, read, pieces = threading.Event(), queries.series, []

    def slowly(*given: Any, **more: Any) -> Any:
        assert go_on.wait(PATIENCE_S)
        pieces.append(more["start"])
        return read(*given, **more)

    monkeypatch.setattr(csv_export, "series", slowly)
    with served(path, dashboard_password=PASSWORD) as address, ThreadPoolExecutor(10) as others:
        one = visitor(address)
        one.close()  # the connection of the login is the oldest idle one: it may be closed just when it is used again
        with idle(address, 150), idle(address, 150, b"GET / HTTP/1.1\r\nHost: x\r\n"):
            files = [others.submit(one.get, address + A_CENTURY, timeout=PATIENCE_S) for _ in range(6)]
            for _ in range(20):
                assert one.post(address + DASH, json={"output": "x"}, timeout=PATIENCE_S).status_code == 400
            assert requests.get(f"{address}/healthz", timeout=PATIENCE_S).status_code == 200
            for _ in range(3):
                assert one.get(f"{address}/live/now", timeout=PATIENCE_S).json()["page"] == "live"
            assert [file.result() for file in files if file.done()] == [], "all are still held"
        go_on.set()
        assert {file.result().status_code for file in files} == {200}
    assert len(pieces) <= 2 * len(files), "only the day with readings is read, however long the period"


def test_the_longest_idle_connection_makes_room(tmp_path: Path) -> None:
    with served(tmp_path / "none.db") as address, idle(address, CONNECTIONS + 5) as opened:
        assert requests.get(f"{address}/healthz", timeout=PATIENCE_S).status_code == 200
        assert [one.recv(1) for one in opened[:5]] == [b""] * 5, "closed, the oldest first"


class Held:
    """A connection for `make_room`."""

    def __init__(self, since: float, requests: int = 0, unsent: int = 0) -> None:
        self.idle_since, self.requests, self.total_outbufs_len = since, [None] * requests, unsent
        self.closed = False

    def handle_close(self) -> None:
        self.closed = True


def test_a_connection_that_is_being_answered_stays() -> None:
    some: list[Any] = [
        Held(1, requests=1),
        Held(2, unsent=9),
        *(Held(3 + number) for number in range(CONNECTIONS - 2)),
    ]
    make_room(some[:-1])
    assert not any(one.closed for one in some)
    make_room(some)
    assert [one.closed for one in some[:4]] == [False, False, True, False]
    busy: list[Any] = [Held(1, requests=1)] * CONNECTIONS
    make_room(busy)
    assert not busy[0].closed


def test_a_file_is_made_for_our_own_page_only(tmp_path: Path) -> None:
    with served(tmp_path / "none.db", dashboard_password=PASSWORD) as address:
        one = visitor(address)
        for file in ("/history.csv", "/diagnostics.zip"):
            foreign = {"X-CSRF-Token": None, "Sec-Fetch-Site": "cross-site"}
            assert one.get(address + file, headers=foreign, timeout=PATIENCE_S).status_code == 403
            assert one.get(address + file, headers={"X-CSRF-Token": None}, timeout=PATIENCE_S).status_code == 403
            assert one.get(address + file, timeout=PATIENCE_S).status_code in (200, 404)
            query = {"csrf": one.headers["X-CSRF-Token"]}
            answer = one.get(address + file, params=query, headers={"X-CSRF-Token": None}, timeout=PATIENCE_S)
            assert answer.status_code in (200, 404)


def test_every_lane_is_of_an_address_that_is_there(tmp_path: Path) -> None:
    with served(tmp_path / "none.db") as address:
        for path in web_server.LANES:
            answer = requests.get(address + path, timeout=PATIENCE_S, allow_redirects=False)
            assert answer.status_code != 404 or "csv" in path
