"""A file is replaced whole, by its owner alone where it holds a secret."""

import os
from pathlib import Path

import pytest

from shared.files import OURS_ALONE, move_into_place, replace_atomically


@pytest.mark.parametrize("content", ["так\n", b"\x00\xff"])
def test_what_is_written_is_there_and_nothing_beside_it(content: str | bytes, tmp_path: Path) -> None:
    file = tmp_path / "new" / "kept"
    replace_atomically(file, content)
    replace_atomically(file, content)
    assert file.read_bytes() == (content.encode() if isinstance(content, str) else content)
    assert [one.name for one in file.parent.iterdir()] == ["kept"]


def test_a_secret_is_never_readable_by_others_whatever_was_left_behind(tmp_path: Path) -> None:
    (tmp_path / ".kept.new").write_text("left behind")
    (tmp_path / ".kept.new").chmod(0o666)
    replace_atomically(tmp_path / "kept", "secret", mode=OURS_ALONE)
    assert (tmp_path / "kept").stat().st_mode & 0o777 == OURS_ALONE


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_a_file_in_somebodys_home_is_theirs(tmp_path: Path) -> None:
    replace_atomically(tmp_path / "kept", "theirs", mode=OURS_ALONE, owner=(1000, 1001))
    status = (tmp_path / "kept").stat()
    assert (status.st_uid, status.st_gid) == (1000, 1001)


def test_what_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_text("old")
    (tmp_path / ".kept.new").mkdir()
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
        replace_atomically(file, "new")
    assert file.read_text() == "old"


def test_a_file_gets_its_name_only_once_its_content_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft, file = tmp_path / "draft", tmp_path / "kept"
    draft.write_text("new")
    synced: list[tuple[int, bool]] = []
    fsync = os.fsync

    def record(handle: int) -> None:
        fsync(handle)
        synced.append((os.fstat(handle).st_ino, file.exists()))

    monkeypatch.setattr(os, "fsync", record)
    inode = draft.stat().st_ino
    move_into_place(draft, file)
    assert synced == [(inode, False), (tmp_path.stat().st_ino, True)]
