"""A damaged database comes back beside the recording: nothing twice, through any kill, with what is derived from it."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from services.recorder.mending import mend, mended, pending
from services.recorder.rows import to_row
from services.recorder.store import open_store, set_aside
from services.recorder.upkeep import Upkeep
from shared.conditions import storage
from shared.errors import DamagedError, StorageError
from shared.history.alembic_runner import upgrade
from shared.history.tables import to_ms
from tests.recorder.test_store import reading
from tests.support.damaged import KYIV, NOW, READINGS, Rows, contents, fill, owners, zeroed
from tests.support.recorded import ask

DERIVED = ("inverter_rollup", "battery_rollup", "grid_run", "outage")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("whole") / "easun.db")


def aside(whole: Path, empty: Path, directory: Path, tables: tuple[str, ...]) -> tuple[Path, Path, Rows]:
    """Return a database with a new reading, a damaged one beside it, and what was in that."""
    place = Path(shutil.copy(whole, directory / "easun.db"))
    known = owners(whole)
    data = bytearray(whole.read_bytes())
    first = {table: min(page for page, name in known.items() if name == table) for table in tables}
    zeroed(data, [page for page, name in known.items() if name in tables and page >= first[name]])
    place.write_bytes(data)
    assert set_aside(DamagedError(storage.MALFORMED(), place, place.stat().st_ino), NOW)
    shutil.copy(empty, place)
    (damaged,) = pending(place)
    return place, damaged, contents(whole)


def finish(place: Path, damaged: Path, backup: Path | None = None) -> None:
    with closing(open_store(place)) as store:
        mend(damaged, store, backup, NOW, lambda: None)
        Upkeep(store, KYIV, 400).finish(NOW)


def test_derived_tables_that_are_gone_are_made_from_the_readings(whole: Path, empty: Path, tmp_path: Path) -> None:
    place, damaged, true_rows = aside(whole, empty, tmp_path, (*DERIVED, "upkeep_note"))
    with closing(open_store(place)) as store:
        store.write([to_row(*reading(1))])
    finish(place, damaged)
    kept = contents(place)
    for name in READINGS:
        assert true_rows[name] <= kept[name], name
        assert len(kept[name]) - len(true_rows[name]) == (name == "inverter_state"), "only what is new comes on top"
    for name in DERIVED:
        assert true_rows[name] <= kept[name], name
    assert not pending(place)
    done = mended(place, NOW)
    assert done
    assert (done.saved, done.lost) == (1440, 0)
    assert mended(place, NOW + timedelta(days=8)) is None


def test_roll_ups_outlast_readings_that_are_gone_and_a_backup_fills_the_gap(
    whole: Path, empty: Path, tmp_path: Path
) -> None:
    place, damaged, true_rows = aside(whole, empty, tmp_path, ("inverter_state",))
    again = Path(shutil.copy(damaged, tmp_path / "again.db"))
    finish(place, damaged)
    kept = contents(place)
    assert len(kept["inverter_state"]) < 240
    assert kept["inverter_rollup"] == true_rows["inverter_rollup"]
    shutil.copy(again, damaged)
    damaged.with_name(damaged.name + ".json").unlink()
    finish(place, damaged, backup=whole)
    assert contents(place)["inverter_state"] == true_rows["inverter_state"]
    done = mended(place, NOW)
    assert done
    assert done.from_backup > 0
    assert done.reason().code == "storage.salvaged_with_backup"


def test_a_backup_of_the_version_before_fills_a_gap_too(whole: Path, empty: Path, tmp_path: Path) -> None:
    place, damaged, _ = aside(whole, empty, tmp_path, ("inverter_state",))
    backup = tmp_path / "backup.db"
    upgrade(backup, "0007")
    with closing(sqlite3.connect(backup)) as file, file:
        file.execute(f"INSERT INTO inverter_state (device, at, load_power_w) VALUES ('main', {to_ms(NOW)}, 77)")
        file.execute("PRAGMA journal_mode=DELETE")
    before = backup.read_bytes()
    finish(place, damaged, backup)
    done = mended(place, NOW)
    assert done
    assert done.from_backup == 1
    assert ask(place, f"SELECT load_power_w FROM inverter_state WHERE at = {to_ms(NOW)}") == [(77,)]
    assert backup.read_bytes() == before
    assert {file.name for file in tmp_path.glob(".*")} == set()


def die_at(breath: int, place: Path, damaged: Path, *, merging: bool) -> None:
    left = iter(range(breath))
    salvaged = damaged.with_name(f".{damaged.name}.salvaged")

    def breathe() -> None:
        if salvaged.exists() == merging and next(left, None) is None:
            os._exit(9)

    try:
        mend(damaged, open_store(place), None, NOW, breathe)
    finally:
        os._exit(0)


def test_a_kill_at_any_instant_resumes_and_doubles_nothing(whole: Path, empty: Path, tmp_path: Path) -> None:
    place, damaged, true_rows = aside(whole, empty, tmp_path, ("grid_run",))
    with closing(open_store(place)) as store:
        store.write([to_row(*reading(1))])
    for last, merging in ((10, False), (1, True), (7, True)):
        child = os.fork()
        if not child:
            die_at(last, place, damaged, merging=merging)
        os.waitpid(child, 0)
    finish(place, damaged)
    kept = contents(place)
    for name in READINGS:
        assert true_rows[name] <= kept[name]
        assert len(kept[name] - true_rows[name]) == (name == "inverter_state")
    assert {file.name for file in tmp_path.iterdir()} == {"easun.db", damaged.name, damaged.name + ".json"}


def test_a_full_disk_is_tried_again_and_leaves_nothing(whole: Path, empty: Path, tmp_path: Path) -> None:
    place, damaged, _ = aside(whole, empty, tmp_path, ("outage",))
    child = os.fork()
    if not child:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (190_000, 190_000))
        try:
            mend(damaged, open_store(place), None, NOW, lambda: None)
        except StorageError as error:
            os._exit(42 if error.reason.code == "storage.not_salvaged" else 1)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42
    assert pending(place) == [damaged]
    assert not list(tmp_path.glob(".*"))
    finish(place, damaged)
    assert not pending(place)
