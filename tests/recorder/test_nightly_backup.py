"""A backup of every night: checked, kept by rule, and never where or when it would do harm."""

import errno
import os
import shutil
from collections import namedtuple
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recorder import nightly_backup
from services.recorder.backup_rules import DAYS, WEEKS, night_of, to_keep
from services.recorder.nightly_backup import Backups
from services.recorder.rows import to_row
from services.recorder.store import Store
from shared.errors import DamagedError, StorageError
from tests.recorder.test_store import reading
from tests.support.damaged import KYIV, PAGE
from tests.support.recorded import ask

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
        expected = StorageError
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
def test_a_disk_that_may_not_be_written_is_said(
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


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="the second file system of this test is not there")
def test_a_disk_that_is_not_mounted_is_said_and_its_place_stays_empty(path: Path, store: Store, tmp_path: Path) -> None:
    disk = Path("/dev/shm") / f"easun-{os.getpid()}"
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
