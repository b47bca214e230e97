"""What happens to the files of an open database behind its back: noticed, and what can be kept is kept."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete

from services.recorder.retention import vacuum
from services.recorder.rows import to_row
from services.recorder.store import Store
from services.recorder.watched_files import free_name, log_of
from shared.history.tables import inverter_state
from tests.recorder.test_store import reading
from tests.support.recorded import ask

LOADS = "SELECT load_power_w FROM inverter_state ORDER BY at"


def write(store: Store, *seconds: int) -> None:
    store.write([to_row(*reading(second)) for second in seconds])


def replaced(log: Path) -> None:
    other = log.with_name("other")
    other.write_bytes(bytes(50_000))
    other.replace(log)


@pytest.mark.parametrize("spoil", [pytest.param(Path.unlink, id="removed"), pytest.param(replaced, id="replaced")])
def test_a_log_that_is_taken_away_costs_nothing(store: Store, path: Path, spoil: Callable[[Path], object]) -> None:
    write(store, *range(10))
    spoil(log_of(path))
    write(store, 10)
    store.close()
    assert ask(path, LOADS) == [(load,) for load in range(11)]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    assert store.lost is None


def test_a_log_that_is_cut_is_reported_if_anything_is_lost(store: Store, path: Path) -> None:
    write(store, 1)
    store.close()
    assert store.newest()
    write(store, 2, 3)
    with store._engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA shrink_memory").close()  # its pages are in the log alone
    os.truncate(log_of(path), 100)
    write(store, 4)
    store.close()
    assert ask(path, LOADS) == [(1,), (4,)]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    assert store.lost
    assert store.lost.code == "storage.log_lost"


def test_another_database_in_its_place_never_gets_its_log(store: Store, path: Path, empty: Path) -> None:
    write(store, *range(5))
    other = Path(shutil.copy(empty, path.with_name("other.db")))
    other.replace(path)
    write(store, 7)
    store.close()
    assert ask(path, LOADS) == [(7,)]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]


def test_a_file_that_is_moved_has_everything_that_was_written(store: Store, path: Path) -> None:
    write(store, 1, 2)
    path.rename(path.with_name("moved.db"))
    write(store, 3)
    store.close()
    assert ask(path.with_name("moved.db"), LOADS) == [(1,), (2,)]
    assert ask(path, LOADS) == [(3,)]


def test_a_file_that_a_vacuum_of_ours_makes_smaller_is_not_cut(
    store: Store, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(store, *range(2000))
    store.run(lambda connection: connection.exec_driver_sql("PRAGMA wal_autocheckpoint=1").close())
    store.run(lambda connection: connection.execute(delete(inverter_state).where(inverter_state.c.load_power_w < 1999)))
    before = path.stat().st_size
    store.run(vacuum)
    write(store, 2000)
    assert path.stat().st_size < before
    write(store, 2001)
    assert not caplog.messages


def test_a_name_is_never_taken_twice(tmp_path: Path) -> None:
    wanted = tmp_path / "easun.damaged-19700101T000000Z.db"
    found = []
    for _ in range(3):
        found.append(free_name(wanted))
        found[-1].touch()
    assert [file.name[6:] for file in found] == [
        "damaged-19700101T000000Z.db",
        "damaged-19700101T000000Z-2.db",
        "damaged-19700101T000000Z-3.db",
    ]
