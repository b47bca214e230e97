"""Two recorders share the work on one broker, into one file or one server: each reading is one row."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from shared.history.engine import Place, reader
from shared.history.tables import inverter_state
from shared.messages import InverterState, Mode
from tests.support.broker import Broker
from tests.support.postgres import programs, running_postgres
from tests.support.stack import Process
from tests.support.stream import Stream
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

SHARED = {"RECORDER_SHARE": "recorders", "BATCH_SECONDS": "0.2"}


def recorder(broker: Broker, directory: Path, name: str, database: dict[str, str]) -> Process:
    env = broker.env() | SHARED | database | {"RECORDER_NAME": name}
    return Process(name or "first", "services.recorder", env, directory / f"{name or 'first'}.log")


def stored(place: Place, device: str = "main") -> list[int]:
    with reader(place).connect() as connection:
        row = inverter_state.c
        return list(connection.execute(select(row.at).where(row.device == device).order_by(row.at)).scalars())


@contextmanager
def running(watcher: Viewer, place: Place, first: Process, second: Process) -> Iterator[None]:
    """Run both, each of which has subscribed."""
    try:
        second.start()
        eventually(lambda: "Recording into" in second.log, "there are tables")
        with Viewer(watcher.broker, "poller") as poller:
            eventually(partial(records, poller, place), "the second records alone: it has no status of its own")
        first.start()
        watcher.wait_for("service/recorder/status", state="online")
        yield
    finally:
        for process in (first, second):
            process.stop()


def records(poller: Viewer, place: Place) -> bool:
    reading = InverterState(at=datetime.now(UTC), mode=Mode.MAINS)
    poller.client.publish("inverter/probe/state", reading.model_dump_json(), qos=1)
    return bool(stored(place, "probe"))


def run(watcher: Viewer, directory: Path, database: dict[str, str], place: Place) -> None:
    broker, moments = watcher.broker, partial(stored, place)
    first, second = (recorder(broker, directory, name, database) for name in ("", "second"))
    with running(watcher, place, first, second):
        with Stream(broker, per_second=100) as stream:
            eventually(lambda: len(moments()) > 50, "they record")
            second.kill()
            before = len(stream.sent)
            eventually(lambda: len(stream.sent) > before + 100, "more readings")
            stream.finish()
        assert set(moments()) < set(stream.sent)  # what was dealt to the second waits for it
        second.start()
        eventually(lambda: set(moments()) >= set(stream.sent), "every reading is recorded")
        assert moments() == sorted(stream.sent)
        assert first.end() == second.end() == 0


def test_one_file(watcher: Viewer, tmp_path: Path) -> None:
    path = tmp_path / "easun.db"
    run(watcher, tmp_path, {"DB_PATH": str(path)}, path)


@pytest.mark.skipif(programs() is None, reason="PostgreSQL is not installed: make setup-dev installs it")
def test_one_server(watcher: Viewer, tmp_path: Path) -> None:
    with running_postgres() as server:
        url = server.create("easun")
        run(watcher, tmp_path, {"DATABASE_URL": url}, url)
        assert "hunter2" not in (tmp_path / "first.log").read_text()
