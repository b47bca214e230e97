"""State that survives restarts, power losses and damage."""

import os
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from shared.errors import ConfigError, StorageError
from shared.files import OURS_ALONE
from shared.state_file import DamagedStateError, StateFile


class State(BaseModel):
    counts: dict[int, int] = Field(default_factory=dict)


@pytest.fixture
def file(tmp_path: Path) -> StateFile[State]:
    return StateFile("TUYA_JOURNAL_FILE", tmp_path / "new" / "state.json", State, mode=OURS_ALONE)


def nothing(path: Path) -> None:
    raise AssertionError(path)


def test_what_was_saved_is_there_again_and_its_owners_alone(file: StateFile[State], tmp_path: Path) -> None:
    assert file.load(nothing) == State()
    file.save(State(counts={1: 2}))
    assert file.load(nothing) == file.peek() == State(counts={1: 2})
    assert (tmp_path / "new" / "state.json").stat().st_mode & 0o777 == OURS_ALONE
    assert [one.name for one in (tmp_path / "new").iterdir()] == ["state.json"]


@pytest.mark.parametrize("damage", [b"", b"\x00\x00", b"{", b'{"counts": {"1": "x"}}', b"[]", b"\xff"])
def test_damaged_files_are_set_aside_each_under_a_name_of_its_own(
    damage: bytes, file: StateFile[State], tmp_path: Path
) -> None:
    path = tmp_path / "new" / "state.json"
    path.parent.mkdir()
    aside: list[Path] = []
    for again in (b"", b"{}{}"):
        path.write_bytes(damage + again)
        with pytest.raises(DamagedStateError):
            file.peek()
        assert path.exists()
        assert file.load(aside.append) == State()
        assert not path.exists()
    assert [one.read_bytes() for one in aside] == [damage, damage + b"{}{}"]
    file.save(State())
    assert file.load(nothing) == State()


def test_what_cannot_be_read_is_an_error_and_stays(file: StateFile[State], tmp_path: Path) -> None:
    (tmp_path / "new" / "state.json").mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"TUYA_JOURNAL_FILE .* cannot be read: it is a directory"):
        file.load(nothing)
    with pytest.raises(StorageError, match="cannot be written"):
        file.save(State())


def test_a_damaged_file_that_cannot_be_set_aside_is_an_error(
    file: StateFile[State], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "state.json").write_bytes(b"{")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(ConfigError, match="cannot be renamed: permission denied"):
        file.load(nothing)


@pytest.mark.parametrize(("draft", "expected"), [(b'{"counts": {"1": 3}}', {1: 3}), (b'{"counts": {"1"', {1: 2})])
def test_a_save_that_a_kill_interrupted_counts_where_it_was_written_whole(
    draft: bytes, expected: dict[int, int], file: StateFile[State], tmp_path: Path
) -> None:
    file.save(State(counts={1: 2}))
    (tmp_path / "new" / ".state.json.new").write_bytes(draft)
    assert file.peek() == State(counts={1: 2}), "who only looks changes nothing"
    assert file.load(nothing) == State(counts=expected)
    file.save(State())
    assert file.load(nothing) == State()


def test_an_interrupted_save_is_on_disk_before_it_takes_the_name(
    file: StateFile[State], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.save(State())
    draft = tmp_path / "new" / ".state.json.new"
    draft.write_text('{"counts": {"1": 3}}')  # killed while it waited for the disk
    inode, synced, fsync = draft.stat().st_ino, [], os.fsync

    def record(handle: int) -> None:
        fsync(handle)
        synced.append((os.fstat(handle).st_ino, draft.exists()))

    monkeypatch.setattr(os, "fsync", record)
    assert file.load(nothing) == State(counts={1: 3})
    assert synced[0] == (inode, True)


def test_a_file_that_takes_this_name_is_gone_with_its_draft(file: StateFile[State], tmp_path: Path) -> None:
    other = tmp_path / "new" / "other.json"
    with pytest.raises(StorageError):
        file.take_over(other)
    file.save(State(counts={1: 1}))
    StateFile("TUYA_JOURNAL_FILE", other, State).save(State(counts={1: 2}))
    other.with_name(".other.json.new").write_text('{"counts": {"1": 3}}')
    file.take_over(other)
    assert file.load(nothing) == State(counts={1: 2})
    assert StateFile("TUYA_JOURNAL_FILE", other, State).load(nothing) == State()
