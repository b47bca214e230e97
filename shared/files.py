"""Atomic replacement of files: after a power cut either the old or the new content is there, never half of it."""

import errno
import os
import shutil
from pathlib import Path

OURS_ALONE = 0o600
"""The mode of files that hold a secret."""


def replace_atomically(
    file: Path, content: str | bytes, *, mode: int = 0o666, owner: tuple[int, int] | None = None
) -> None:
    """Replace a file and wait until it is on disk. `owner` is (uid, gid), by default our own. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_of(file)
    draft.unlink(missing_ok=True)  # a leftover may be readable by others
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        out.write(content.encode() if isinstance(content, str) else content)
    if owner:
        os.chown(draft, *owner)
    move_into_place(draft, file)


def draft_of(file: Path) -> Path:
    """Return the temporary file for new content, which may be incomplete after a power cut."""
    return file.with_name(f".{file.name}.new")


def move_into_place(draft: Path, file: Path) -> None:
    """Give a finished file its name once its content is on disk, and wait until the name is, too. Raises OSError."""
    sync(draft)
    draft.replace(file)
    sync(file.parent)


def sync(path: Path) -> None:
    """Flush a file, or the names in a directory, to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def second_name(file: Path, name: Path) -> None:
    """Give a file a second name, or a copy if the file system has no hard links. Raises OSError."""
    try:
        os.link(file, name)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        shutil.copy2(file, name)
        sync(name)
