"""Rows into a real database: once each, all or none, and never a silent loss."""

import errno
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.recorder.rows import to_row
from services.recorder.store import Store, open_store
from shared.conditions import battery, inverter
from shared.errors import BadMessageError, ConfigError, StorageError
from shared.history.database_errors import Kind, diagnose
from shared.history.engine import Place, reader
from shared.history.queries import latest, recorded
from shared.messages import BatteryState, Grid, GridState, InverterState, Message, Mode
from shared.topics import BATTERY_STATE, GRID_STATE, INVERTER_STATE
from tests.support.databases import needs_postgres
from tests.support.postgres import Postgres, running_postgres
from tests.support.recorded import ask

START = datetime(2026, 11, 23, 18, tzinfo=UTC)


def reading(second: int, **fields: object) -> tuple[str, bytes]:
    at = START + timedelta(seconds=second)
    return INVERTER_STATE.named("main"), payload(InverterState(at=at, load_power_w=second, **fields))


def payload(message: Message) -> bytes:
    return message.model_dump_json().encode()


def test_a_reading_becomes_a_row(database: Place) -> None:
    store = open_store(database)
    warnings = (inverter.MAINS_LOST(), battery.unknown_alarm(bit=5))
    store.write([to_row(*reading(5, mode=Mode.MAINS, grid_voltage_v=230.4, warnings=warnings))])
    query = "SELECT device, at, mode, load_power_w, grid_voltage_v, pv_power_w, warnings FROM inverter_state"
    ((*values, stored),) = ask(database, query)
    assert values == ["main", 1795456805000, "mains", 5, 230.4, None]
    assert json.loads(stored) == [
        {"code": "inverter.mains_lost", "params": {}, "text": "mains lost"},
        {"code": "battery.unknown_alarm", "params": {"bit": 5}, "text": "unknown alarm 5"},
    ]


def test_a_grid_state_becomes_a_row(database: Place) -> None:
    store = open_store(database)
    message = GridState(at=START, since=START, state=Grid.OFF, transition_id="off-1", voltage_v=0.0)
    store.write([to_row(GRID_STATE.named(), payload(message))])
    query = "SELECT device, at, state, since, transition_id, voltage_v FROM grid_state"
    assert ask(database, query) == [("grid", 1795456800000, "off", 1795456800000, "off-1", 0.0)]


@settings(max_examples=25)
@given(st.lists(st.lists(st.integers(0, 30), max_size=20), max_size=6))
def test_any_order_and_any_repetition_gives_each_reading_once(
    store: Store, path: Path, batches: list[list[int]]
) -> None:
    store.write([])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM inverter_state")
    for batch in batches:
        store.write([to_row(*reading(second)) for second in batch])
    stored = [second for (second,) in ask(path, "SELECT load_power_w FROM inverter_state ORDER BY at")]
    assert stored == sorted({second for batch in batches for second in batch})


def test_the_first_message_of_a_moment_stays(database: Place) -> None:
    store = open_store(database)
    store.write([to_row(*reading(1, grid_voltage_v=230.0))])
    store.write([to_row(*reading(1, grid_voltage_v=1.0))])
    assert ask(database, "SELECT grid_voltage_v FROM inverter_state") == [(230.0,)]


def test_duplicates_of_another_recorder_are_stored_once(database: Place) -> None:
    assert open_store(database).write([to_row(*reading(second)) for second in range(500)]) == {}
    assert open_store(database).write([to_row(*reading(second)) for second in range(300, 600)]) == {}
    assert ask(database, "SELECT load_power_w FROM inverter_state ORDER BY at") == [(load,) for load in range(600)]


def test_lists_and_flags_survive(database: Place) -> None:
    message = BatteryState(at=START, cell_voltages_v=(3.3, None), heating=True, precharging=None)
    open_store(database).write([to_row(BATTERY_STATE.named("jk"), payload(message))])
    query = "SELECT cell_voltages_v, heating, precharging FROM battery_state"
    assert ask(database, query) == [("[3.3,null]", True, None)]


def test_only_changes_of_the_grid_are_stored_and_one_row_a_minute(database: Place) -> None:
    states = [Grid.ON] * 30 + [Grid.OFF] * 3
    moments = [START + timedelta(seconds=5 * number) for number in range(len(states))]
    messages = [GridState(at=at, since=START, state=state) for at, state in zip(moments, states, strict=True)]
    open_store(database).write([to_row(GRID_STATE.named(), payload(message)) for message in messages])
    stored = ask(database, "SELECT (at - 1795456800000) / 1000, state FROM grid_state ORDER BY at")
    assert stored == [(0, "on"), (60, "on"), (120, "on"), (150, "off")]


def test_nothing_is_recorded_until_there_is_a_reading(place: Place) -> None:
    assert not recorded(reader(place))
    store = open_store(place)
    assert not recorded(reader(place))
    store.write([to_row(*reading(1))])
    assert recorded(reader(place))
    store.close()


@needs_postgres
def test_a_row_that_the_server_rejects_does_not_block_the_others(server: Postgres) -> None:
    store = open_store(server.create("rejected"))
    rows = [to_row(*reading(1)), to_row(*reading(2, grid_power_w=2**31)), to_row(*reading(3))]
    assert list(store.write(rows)) == [1]
    assert ask(server.url("rejected"), "SELECT load_power_w FROM inverter_state ORDER BY at") == [(1,), (3,)]
    store.close()


@needs_postgres
def test_a_server_that_takes_nobody_in_may_still_do_so(server: Postgres) -> None:
    """A connection that fails has no SQLSTATE, and the sentence is in the server's language."""
    with pytest.raises(StorageError, match="accepts no connection") as caught:
        open_store(server.url("nowhere"))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("SQLITE_READONLY", "storage.read_only"),
        ("SQLITE_READONLY_DIRECTORY", "system.not_permitted"),
        ("SQLITE_READONLY_ROLLBACK", "storage.read_only"),
        ("SQLITE_IOERR_SHORT_READ", "system.disk_error"),
        ("SQLITE_IOERR_FSYNC", "system.disk_error"),
        ("SQLITE_FULL", "system.disk_full"),
        ("SQLITE_CANTOPEN", "storage.not_opened"),
        ("SQLITE_PERM", "system.not_permitted"),
        ("SQLITE_BUSY_SNAPSHOT", "storage.locked"),
    ],
)
def test_what_a_code_means_whatever_the_sentence(name: str, code: str) -> None:
    error = sqlite3.OperationalError("речення мовою системи")
    error.sqlite_errorcode = getattr(sqlite3, name)
    fault = diagnose(error)
    assert (fault.kind, fault.cause.code) == (Kind.TRANSIENT, code)


@pytest.mark.parametrize("name", ["SQLITE_CORRUPT", "SQLITE_CORRUPT_INDEX", "SQLITE_NOTADB"])
def test_a_damaged_file_is_told_by_its_code(name: str) -> None:
    error = sqlite3.DatabaseError("речення мовою системи")
    error.sqlite_errorcode = getattr(sqlite3, name)
    assert diagnose(error).kind is Kind.DAMAGED


def test_a_disk_that_is_read_only_at_the_start_may_be_written_later(
    empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data" / "easun.db"

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "mkdir", refuse)
        with pytest.raises(StorageError, match=r"read-only\. Readings wait at the broker"):
            open_store(path)
    path.parent.mkdir()
    shutil.copy(empty, path)
    open_store(path).close()


@pytest.mark.parametrize("content", [b"a letter to my aunt\n" * 900, None], ids=["a-text", "a-database"])
def test_a_foreign_file_is_left_alone(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "easun.db"
    if content:
        path.write_bytes(content)
    else:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE shopping (item TEXT)")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="not a database of this program"):
        open_store(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["easun.db"]


def test_a_directory_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="directory"):
        open_store(tmp_path)


@pytest.mark.processes
@needs_postgres
def test_a_server_that_is_away_is_an_error_that_may_pass() -> None:
    with running_postgres() as server:
        url = server.create("away")
        store = open_store(url)
        server.stop()
        for attempt in (lambda: store.write([to_row(*reading(1))]), lambda: open_store(url)):
            with pytest.raises(StorageError, match="Readings wait at the broker"):
                attempt()
        server.start()
        assert store.write([to_row(*reading(1))]) == {}
        assert ask(url, "SELECT load_power_w FROM inverter_state") == [(1,)]
        store.close()


def test_a_full_disk_is_a_passing_failure_and_keeps_the_batch_whole(path: Path) -> None:
    store = open_store(path)
    engine = store._engine
    with engine.begin() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StorageError, match="full"):
        store.write([to_row(*reading(second)) for second in range(500)])
    assert ask(path, "SELECT count(*) FROM inverter_state") == [(0,)]
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=100000")
    store.write([to_row(*reading(second)) for second in range(500)])
    assert ask(path, "SELECT count(*) FROM inverter_state") == [(500,)]


def test_commits_reach_the_disk(store: Store) -> None:
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL


@pytest.mark.parametrize("topic", ["inverter/main/info", "inverter/main/settings", "plug/x/set", "nonsense"])
def test_an_unrecorded_topic_is_reported(topic: str) -> None:
    with pytest.raises(BadMessageError, match="not recorded"):
        to_row(topic, b"{}")


@given(st.binary(max_size=300))
def test_any_payload_is_a_row_or_our_error(data: bytes) -> None:
    with pytest.raises(BadMessageError):
        to_row(INVERTER_STATE.named("main"), data)


@pytest.mark.parametrize("number", [10**20, -(2**31) - 1, 2**32])
def test_a_number_that_no_database_holds_is_reported(number: int) -> None:
    data = f'{{"at": "2026-11-23T12:00:00Z", "grid_power_w": {number}}}'
    with pytest.raises(BadMessageError, match="grid_power_w"):
        to_row(INVERTER_STATE.named("main"), data.encode())


def test_a_removed_file_is_noticed_and_begun_anew(store: Store, path: Path) -> None:
    store.write([to_row(*reading(1))])
    for file in path.parent.iterdir():
        file.unlink()
    store.write([to_row(*reading(2))])
    assert ask(path, "SELECT load_power_w FROM inverter_state") == [(2,)]


class Removing(list[Any]):
    """Rows at the sight of which somebody removes the database."""

    def __init__(self, rows: list[Any], path: Path) -> None:
        super().__init__(rows)
        self._files = [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]

    def __iter__(self) -> Iterator[Any]:
        while self._files:
            self._files.pop().unlink(missing_ok=True)
        return super().__iter__()


def test_a_file_that_is_removed_during_a_write_costs_none_of_it(store: Store, path: Path) -> None:
    store.write([to_row(*reading(1))])
    store.write(Removing([to_row(*reading(2))], path))
    store.write([to_row(*reading(3))])
    assert ask(path, "SELECT load_power_w FROM inverter_state ORDER BY at") == [(2,), (3,)]


def test_a_file_that_is_removed_during_upkeep_is_noticed(store: Store, path: Path) -> None:
    store.write([to_row(*reading(1))])
    store.run(lambda _: path.unlink())
    store.write([to_row(*reading(2))])
    assert ask(path, "SELECT load_power_w FROM inverter_state") == [(2,)]


def test_a_locked_database_at_the_start_is_a_passing_trouble(tmp_path: Path) -> None:
    path = tmp_path / "easun.db"
    open_store(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError, match="locked"):
            open_store(path)


@pytest.mark.parametrize("name", ["a?b.db", "a%20b.db", "a#b.db", "мій дім.db"])
def test_any_name_of_a_file_is_that_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    open_store(path).write([to_row(*reading(1))])
    assert list(latest(reader(path))) == ["main"]
    assert path.exists()
