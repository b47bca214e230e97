"""A backup of every night: checked, kept by rule, and never where or when it would do harm."""

import errno
import os
import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recorder import nightly_backup
from services.recorder.backup_rules import DAYS, WEEKS, night_of, to_keep
from services.recorder.ingest import back_up_before_migration, report_upgrade
from services.recorder.nightly_backup import DISK_NOTE, RESERVE, BackupError, Backups, Disk
from services.recorder.retention import set_note
from services.recorder.rows import to_row
from services.recorder.settings import RecorderSettings
from services.recorder.store import Store, open_store
from shared.errors import DamagedError, StorageError
from shared.health import Health
from shared.history.alembic_runner import upgrade
from shared.history.engine import reader
from shared.history.last_backup import LastBackup, last_backup
from shared.history.migration import HEAD, revision
from shared.history.tables import to_ms
from tests.recorder.test_store import reading
from tests.support.damaged import KYIV, PAGE
from tests.support.disks import fill_up, small_disk
from tests.support.recorded import ask

__all__ = ["small_disk"]

NIGHT = datetime(2026, 11, 24, 2, tzinfo=UTC)
"""Four in the morning in Kyiv."""
DAY = timedelta(days=1)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def backups(store: Store, path: Path) -> Backups:
    store.write([to_row(*reading(1))])
    return Backups(path, path.parent / "backups")


def make(backups: Backups, store: Store, now: datetime = NIGHT) -> Path | None:
    return backups.make(store, now, KYIV, lambda: None)


@pytest.mark.parametrize(
    ("utc", "night"), [("2026-11-24T00:59", 23), ("2026-11-24T01:00", 24), ("2026-11-24T23:00", 24)]
)
def test_a_night_begins_at_three(utc: str, night: int) -> None:
    assert night_of(datetime.fromisoformat(utc + "+00:00"), KYIV) == date(2026, 11, night)


@given(st.sets(st.dates(date(2020, 1, 1), date(2030, 1, 1)), max_size=60))
def test_what_is_kept(nights: set[date]) -> None:
    kept = to_keep(nights)
    newest_first = sorted(nights, reverse=True)
    assert set(newest_first[:DAYS]) <= kept <= nights
    assert len(kept) <= DAYS + WEEKS
    weeks = sorted({night.isocalendar()[:2] for night in nights}, reverse=True)[:WEEKS]
    assert {night.isocalendar()[:2] for night in kept} >= set(weeks)


def test_one_a_night_if_anything_is_new(backups: Backups, store: Store) -> None:
    first = make(backups, store)
    assert first
    assert first.name == "easun-2026-11-24.db"
    assert ask(first, "SELECT load_power_w FROM inverter_state") == [(1,)]
    assert make(backups, store, NIGHT + timedelta(hours=5)) is None, "the same night"
    assert make(backups, store, NIGHT + DAY) is None, "nothing was recorded"
    store.write([to_row(*reading(2))])
    assert make(backups, store, NIGHT + DAY)
    assert {file.name for file in backups.directory.iterdir()} == {"easun-2026-11-24.db", "easun-2026-11-25.db"}


def test_the_first_one_waits_until_there_is_something_to_keep(backups: Backups, store: Store) -> None:
    started = NIGHT - DAY  # the reading is of the following evening
    assert make(backups, store, started) is None
    assert last_backup(reader(backups.place)) is None
    made = make(backups, store)
    assert made
    assert last_backup(reader(backups.place)) == LastBackup(made, NIGHT)


@pytest.fixture
def of_the_version_before(path: Path, tmp_path: Path) -> Path:
    """A database of the schema before ours, with the backup of the night and a reading after it."""
    old = tmp_path / "old" / "easun.db"
    old.parent.mkdir()
    upgrade(old, "0009")
    with sqlite3.connect(old) as connection:
        connection.execute(f"INSERT INTO inverter_state (device, at) VALUES ('main', {to_ms(NIGHT - DAY)})")
    connection.close()
    with closing(Store(old)) as store:
        assert Backups(old, old.parent / "backups").make(store, NIGHT, KYIV, lambda: None)
    with sqlite3.connect(old) as connection:
        connection.execute(f"INSERT INTO inverter_state (device, at) VALUES ('main', {to_ms(NIGHT)})")
    connection.close()
    return old


def recorder_settings(place: Path, **changes: object) -> RecorderSettings:
    return RecorderSettings.model_validate({"db_path": place, **changes})


def test_before_a_migration_there_is_a_copy_beside_that_of_the_night(of_the_version_before: Path) -> None:
    place, health = of_the_version_before, Health()
    settings = recorder_settings(place)
    for _ in range(2):  # a migration that is killed is begun again
        back_up_before_migration(settings, health, NIGHT)
    copies = sorted((place.parent / "backups").iterdir())
    assert [file.name for file in copies] == ["easun-2026-11-24.db", "easun-2026-11-24.schema-0009.db"]
    assert [ask(file, "SELECT count(*) FROM inverter_state") for file in copies] == [[(1,)], [(2,)]]
    assert [revision(file) for file in copies] == ["0009", "0009"]
    open_store(place).close()
    assert last_backup(reader(place)) == LastBackup(copies[1], NIGHT)
    back_up_before_migration(settings, health, NIGHT + DAY)
    assert len(list((place.parent / "backups").iterdir())) == 2, "there is nothing to migrate"
    backups = Backups(place, place.parent / "backups")
    with closing(open_store(place)) as store:
        for number in range(1, 40):
            store.write([to_row(*reading(number * 86400))])
            backups.make(store, NIGHT + number * DAY, KYIV, lambda: None)
    assert not copies[1].exists(), "it goes with its night"


def test_an_upgrade_is_reported_while_it_lasts(of_the_version_before: Path) -> None:
    health = Health()
    report_upgrade(of_the_version_before, health)
    assert [one.code for one in health.status(NIGHT).reasons] == ["storage.upgrading"]
    open_store(of_the_version_before).close()
    for place in (of_the_version_before, of_the_version_before.with_name("missing.db")):
        report_upgrade(place, not_needed := Health())
        assert not not_needed.status(NIGHT).reasons


def test_without_backups_there_is_none_before_a_migration(of_the_version_before: Path) -> None:
    place = of_the_version_before
    back_up_before_migration(recorder_settings(place, backup_nightly=False), Health(), NIGHT)
    assert len(list((place.parent / "backups").iterdir())) == 1


def test_a_copy_that_cannot_be_made_is_reported_and_delays_no_migration(
    of_the_version_before: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, health = of_the_version_before, Health()
    settings = recorder_settings(place, backup_dir=small_disk)
    with closing(Store(place)) as store:
        store.run(lambda connection: set_note(connection, DISK_NOTE, ""))
    for reserve, code in ((RESERVE, "storage.backup_no_space"), (-(10**9), "storage.backup_failed")):
        monkeypatch.setattr(nightly_backup, "RESERVE", reserve)
        fill_up(small_disk, leave=50_000)
        back_up_before_migration(settings, health, NIGHT)
        assert [one.code for one in health.status(NIGHT).reasons] == [code]
        assert [file.name for file in small_disk.iterdir()] == ["filler"]
    open_store(place).close()
    assert revision(place) == HEAD


def test_old_ones_go(backups: Backups, store: Store) -> None:
    for number in range(12):
        store.write([to_row(*reading(10 + number))])
        make(backups, store, NIGHT + number * DAY)
    assert set(backups.nights()) == to_keep([NIGHT.date() + number * DAY for number in range(12)])


@pytest.mark.parametrize("damage", ["zeros", "rows"])
def test_a_damaged_database_is_found_and_the_last_backup_stays(
    backups: Backups, store: Store, path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([to_row(*reading(number)) for number in range(500)])
    first = make(backups, store)
    assert first
    store.write([to_row(*reading(1000))])
    store.run(lambda connection: connection.exec_driver_sql("SELECT 1"))
    store.close()
    before = first.read_bytes()
    if damage == "zeros":
        data = bytearray(path.read_bytes())
        ((page,),) = ask(path, "SELECT max(pageno) FROM dbstat WHERE name = 'inverter_state'")
        data[(page - 1) * PAGE : page * PAGE] = bytes(PAGE)
        path.write_bytes(data)
        expected: type[StorageError] = DamagedError
    else:  # the copy is short of rows, but the database is sound
        monkeypatch.setattr(nightly_backup, "copy_checked", lambda *_: "rows are missing")
        expected = BackupError
    with pytest.raises(expected) as caught:
        make(backups, store, NIGHT + DAY)
    assert type(caught.value) is expected
    assert [file.name for file in backups.directory.iterdir()] == [first.name]
    assert first.read_bytes() == before


def test_a_full_disk_leaves_no_half_file(backups: Backups, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_source: Path, target: Path, *_: object) -> str:
        target.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(nightly_backup, "copy_checked", full)
    with pytest.raises(StorageError) as caught:
        make(backups, store)
    assert caught.value.reason.code == "storage.backup_failed"
    assert list(backups.directory.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "code"), [(errno.EACCES, "storage.backup_denied"), (errno.EROFS, "storage.backup_failed")]
)
def test_a_disk_that_may_not_be_written_is_reported(
    backups: Backups, store: Store, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "touch", refuse)  # the tests' root may write everywhere
    with pytest.raises(StorageError) as caught:
        make(backups, store)
    assert caught.value.reason.code == code
    assert list(backups.directory.iterdir()) == []


def test_room_is_made_by_the_oldest_but_never_the_last(
    backups: Backups, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        store.write([to_row(*reading(10 + number))])
        make(backups, store, NIGHT + number * DAY)
    size = next(iter(backups.nights().values())).stat().st_size

    def usage(directory: Path) -> Usage:
        return Usage(0, 0, nightly_backup.RESERVE + room - size * len(list(directory.glob("easun-*.db"))))

    monkeypatch.setattr(shutil, "disk_usage", usage)
    store.write([to_row(*reading(20))])
    room = size * 1.5
    with pytest.raises(StorageError) as caught:
        make(backups, store, NIGHT + 3 * DAY)
    assert caught.value.reason.code == "storage.backup_no_space"
    assert len(backups.nights()) == 3, "nothing is deleted where that is no help"
    room = size * 3.9
    store.close()  # and with it the log, which needs room as well
    made = make(backups, store, NIGHT + 3 * DAY)
    assert made == backups.newest()
    assert NIGHT.date() not in backups.nights(), "the oldest made room"
    assert (NIGHT + 2 * DAY).date() in backups.nights()


def test_a_disk_that_is_not_mounted_is_reported_and_its_place_stays_empty(
    path: Path, store: Store, tmp_path: Path
) -> None:
    others = [Path(name) for name in ("/dev/shm", "/var/tmp") if os.access(name, os.W_OK)]
    other = next((one for one in others if one.stat().st_dev != tmp_path.stat().st_dev), None)
    if other is None:
        pytest.skip("there is no second file system")
    disk = other / f"easun-{os.getpid()}"
    disk.mkdir()
    try:
        place = tmp_path / "usb"
        place.symlink_to(disk)
        backups = Backups(path, place)
        store.write([to_row(*reading(1))])
        assert make(backups, store)
        place.unlink()
        place.mkdir()  # what is left of a mount point when nothing is mounted
        store.write([to_row(*reading(2))])
        with pytest.raises(StorageError) as caught:
            make(backups, store, NIGHT + DAY)
        assert caught.value.reason.code == "storage.backup_unmounted"
        assert list(place.iterdir()) == []
        place.rmdir()
        place.symlink_to(disk)
        assert make(backups, store, NIGHT + DAY)
    finally:
        shutil.rmtree(disk)


def test_a_mount_of_the_machines_own_table_is_waited_for(
    path: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fstab").write_text(f"# a disk\nUUID=1 {tmp_path}/usb ext4 nofail 0 2\n")
    monkeypatch.setattr(nightly_backup, "FSTAB", tmp_path / "fstab")
    (tmp_path / "usb").mkdir()
    store.write([to_row(*reading(1))])
    with pytest.raises(StorageError, match="not mounted"):
        make(Backups(path, tmp_path / "usb" / "easun"), store)
    assert list((tmp_path / "usb").iterdir()) == []


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[1]", "{}", '{"file": 5}', '{"directory": "x", "of_a_newer_version": 1}', "[" * 10**5]
)
def test_a_note_that_cannot_be_read_is_none(text: str) -> None:
    """A newer version may have left it: after the way back the recorder would end every night."""
    assert Disk.from_json(text) is None
    assert LastBackup.from_json(text) is None
