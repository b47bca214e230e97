"""Two recorders share the work on one broker, into one file or one server: each reading is one row."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from shared.history.engine import Place, reader
from shared.history.tables import inverter_state
from tests.support.broker import Broker
from tests.support.postgres import programs, running_postgres
from tests.support.stack import Process, Stack
from tests.support.stream import Stream
from tests.support.waiting import eventually

SHARED = {"RECORDER_SHARE": "recorders", "BATCH_SECONDS": "0.2"}


def recorder(broker: Broker, directory: Path, name: str, database: dict[str, str]) -> Process:
    env = broker.env() | SHARED | database | {"RECORDER_NAME": name}
    return Process(name or "first", "services.recorder", env, directory / f"{name or 'first'}.log")


def is_recording(process: Process) -> bool:
    return "Recording into" in process.log


@contextmanager
def running(*recorders: Process) -> Iterator[None]:
    try:
        for process in recorders:
            process.start()
        for process in recorders:
            eventually(partial(is_recording, process), f"{process.name} records")
        time.sleep(0.5)  # they subscribe; nothing tells an outsider when
        yield
    finally:
        for process in recorders:
            process.stop()


def stored(place: Place) -> list[int]:
    with reader(place).connect() as connection:
        row = inverter_state.c
        return list(connection.execute(select(row.at).where(row.device == "main").order_by(row.at)).scalars())


def run(broker: Broker, directory: Path, database: dict[str, str], moments: Callable[[], list[int]]) -> None:
    first, second = (recorder(broker, directory, name, database) for name in ("", "second"))
    with running(first, second):
        with Stream(broker, per_second=100) as stream:
            eventually(lambda: len(moments()) > 50, "they record")
            second.kill()
            before = len(stream.sent)
            eventually(lambda: len(stream.sent) > before + 100, "more readings")
            stream.finish()
        time.sleep(0.5)
        assert set(moments()) < set(stream.sent)  # what was dealt to the second waits for it
        second.start()
        eventually(lambda: set(moments()) >= set(stream.sent), "every reading is recorded")
        assert moments() == sorted(stream.sent)
        assert first.end() == second.end() == 0


def test_one_file(stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "easun.db"
    run(stack.broker, tmp_path, {"DB_PATH": str(path)}, lambda: stored(path))


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed: make setup-dev installs it")
def test_one_server(stack: Stack, tmp_path: Path) -> None:
    with running_postgres() as server:
        url = server.create("easun")
        run(stack.broker, tmp_path, {"DATABASE_URL": url}, lambda: stored(url))
        assert "hunter2" not in (tmp_path / "first.log").read_text()
