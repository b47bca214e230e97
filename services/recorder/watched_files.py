"""The files of an open SQLite database, watched for changes from outside."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from shared.history.engine import Place


@dataclass(frozen=True)
class FileState:
    """What distinguishes a file from a later one of the same name, and its size."""

    inode: int
    size: int

    @classmethod
    def of(cls, file: Path) -> Self | None:
        """Return the state of a file, None if there is none. Raises OSError if that is unknown."""
        try:
            found = file.stat()
        except FileNotFoundError:
            return None
        return cls(found.st_ino, found.st_size)


@dataclass(frozen=True)
class DatabaseFiles:
    """The state of a database file and of its write-ahead log; both None for a server."""

    main: FileState | None = None
    log: FileState | None = None

    @classmethod
    def of(cls, place: Place) -> Self:
        """Return the state of both. Raises OSError."""
        if isinstance(place, str):
            return cls()
        return cls(FileState.of(place), FileState.of(log_of(place)))

    @property
    def inode(self) -> int | None:
        """What identifies the database file."""
        return self.main.inode if self.main else None

    def replaced(self, before: Self) -> bool:
        """Whether the database file has been replaced or removed."""
        return self.inode != before.inode

    def tampered(self, before: Self) -> bool:
        """Whether one of the files was removed, replaced or cut since: an open database only lets them grow."""
        return self.replaced(before) or _tampered(self.main, before.main) or _tampered(self.log, before.log)

    def tampered_in_use(self, before: Self) -> bool:
        """The same since our own use began, whose checkpoint shrinks the database file after a vacuum."""
        return self.replaced(before) or _tampered(self.log, before.log)


def _tampered(now: FileState | None, before: FileState | None) -> bool:
    if before is None:
        return False
    return now is None or now.inode != before.inode or now.size < before.size


def log_of(place: Path) -> Path:
    """Return where SQLite keeps commits that are not in the database file yet."""
    return place.with_name(place.name + "-wal")


def remove_stale_log(place: Path, before: DatabaseFiles) -> None:
    """Remove the log of a database that is gone: SQLite would apply it to its replacement."""
    log = FileState.of(log_of(place))
    if log and before.log and log.inode == before.log.inode:
        for file in (place.with_name(place.name + "-shm"), log_of(place)):
            file.unlink(missing_ok=True)


def free_name(wanted: Path) -> Path:
    """Return a free name: an unset clock may show the same time again and again."""
    number, found = 1, wanted
    while os.path.lexists(found):
        number += 1
        found = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    return found
