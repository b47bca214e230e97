"""A checked backup of the database every night and before a migration, or the reason why there is none."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from functools import partial
from pathlib import Path
from stat import S_IMODE
from typing import Self

from sqlalchemy import Connection, select
from sqlalchemy.exc import DatabaseError

from services.recorder.backup_rules import night_began, night_of, to_keep
from services.recorder.retention import note, set_note
from services.recorder.sqlite_files import copy_checked, integrity_fault, opened_read_only, side_files
from services.recorder.store import READINGS, Store, newest_reading
from services.recorder.watched_files import DatabaseFiles, log_of
from shared.conditions import storage, system
from shared.errors import DamagedError, StorageError
from shared.files import move_into_place, sync
from shared.history import last_backup
from shared.history.database_errors import diagnose
from shared.history.engine import reader
from shared.history.last_backup import LastBackup
from shared.history.migration import is_older, revision
from shared.history.readings import ends
from shared.history.tables import compressed_hour, from_ms, to_ms

RESERVE = 200_000_000
"""How much room a backup leaves on the disk, for the recording."""
DISK_NOTE = "backup_directory"
FSTAB = Path("/etc/fstab")
DATE_LENGTH = len("2026-11-24")

Breathe = Callable[[], None]


class BackupError(StorageError):
    """A backup cannot be made now; the recording is not affected."""


@dataclass(frozen=True)
class Backups:
    """The nightly backups of one database in one directory."""

    place: Path
    directory: Path

    def nights(self) -> dict[date, Path]:
        """Return the backups of the nights, the oldest first."""
        return {night: file for night, file in self._copies() if file == self._file(night)}

    def all(self) -> list[Path]:
        """Return all backups, the newest first."""
        return [file for _, file in reversed(self._copies())]

    def newest(self) -> Path | None:
        """Return the last backup."""
        return next(iter(self.all()), None)

    def make(self, store: Store, now: datetime, zone: tzinfo, breathe: Breathe) -> Path | None:
        """Make the backup of this night, unless there is one, or nothing new since the last one.

        Raises BackupError if that is not possible now, DamagedError if the database itself is damaged.
        """
        night = night_of(now, zone)
        with self._plain_errors():
            disk = self._ready(store)
            if night in self.nights() or store.run(partial(_is_young, began=night_began(night, zone))):
                return None
            return self._make(store, self._file(night), disk, now, breathe)

    def make_before_migration(self, now: datetime | None, zone: tzinfo, breathe: Breathe) -> Path | None:
        """Make a backup of a database that this version migrates, besides those of the nights, unless one is complete.

        Without a trusted `now` it is of the day of the newest reading. Raises like `make`.
        """
        try:
            schema = revision(self.place)
        except (OSError, DatabaseError):  # reported when it is opened next
            return None
        if not is_older(schema):
            return None
        with closing(Store(self.place)) as store, self._plain_errors():
            newest = store.run(newest_reading)
            if newest is None:
                return None
            at = now or from_ms(newest)
            disk = self._ready(store)
            return self._make(store, self._file(night_of(at, zone), f".schema-{schema}"), disk, at, breathe)

    def _file(self, night: date, mark: str = "") -> Path:
        return self.directory / f"{self.place.stem}-{night}{mark}{self.place.suffix}"

    def _copies(self) -> list[tuple[date, Path]]:
        """Return all backups with their nights, the oldest first."""
        found, prefix = [], f"{self.place.stem}-"
        for file in self.directory.glob(f"{prefix}????-??-??*{self.place.suffix}"):
            with suppress(ValueError):
                found.append((date.fromisoformat(file.name[len(prefix) :][:DATE_LENGTH]), file))
        return sorted(found, key=lambda one: (one[0], one[1].stat().st_mtime))

    def _ready(self, store: Store) -> "Disk":
        """Return the disk that backups are written to, once their directory exists."""
        disk = self._disk()
        self._require_mounted(disk, store.run(_known_disk))
        self.directory.mkdir(exist_ok=True)
        return disk

    def _make(self, store: Store, file: Path, disk: "Disk", at: datetime, breathe: Breathe) -> Path | None:
        if self._unchanged(store):
            return None
        self._make_room([copy for _, copy in self._copies()])
        made = self._write(file, breathe)
        store.run(partial(_remember, disk=disk, backup=LastBackup(made, at)))
        self._rotate()
        return made

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except PermissionError:
            raise BackupError(storage.backup_denied(directory=str(self.directory), uid=os.getuid())) from None
        except (OSError, sqlite3.Error) as error:
            cause = diagnose(error).cause
            raise BackupError(storage.backup_failed(directory=str(self.directory), cause=cause)) from None

    def _write(self, file: Path, breathe: Breathe) -> Path:
        part = file.with_name(f".{self.place.stem}.part")
        inode = DatabaseFiles.of(self.place).inode

        def step(_done: int, _all: int) -> None:
            sync(part)  # in small steps, as otherwise the recorder's next commit would wait for all of it
            breathe()

        try:
            _remove(part)
            part.touch()  # gives the reason; SQLite would only say that it failed
            fault = copy_checked(self.place, part, step)
            if fault:
                self._blame(inode)
            part.chmod(S_IMODE(self.place.stat().st_mode))
            move_into_place(part, file)
        finally:
            _remove(part)
        return file

    def _blame(self, inode: int | None) -> None:
        """Raise an error about the database if that is damaged, otherwise about its copy."""
        with opened_read_only(self.place) as connection:
            if integrity_fault(connection):
                raise DamagedError(storage.MALFORMED(), self.place, inode)
        raise BackupError(storage.backup_failed(directory=str(self.directory), cause=system.DISK_ERROR()))

    def _unchanged(self, store: Store) -> bool:
        last = self.newest()
        if last is None:
            return False
        engine = reader(last)
        try:
            with engine.connect() as connection:
                return newest_reading(connection) == store.run(newest_reading)
        except DatabaseError:  # it is damaged, so this one is needed
            return False
        finally:
            engine.dispose()

    def _make_room(self, existing: list[Path]) -> None:
        """Delete the oldest backups if this one would not fit; never the last one."""
        needed = sum(file.stat().st_size for file in (self.place, log_of(self.place)) if file.exists()) + RESERVE
        free = shutil.disk_usage(self.directory).free
        spare = existing[:-1]
        if free + sum(file.stat().st_size for file in spare) < needed:
            raise BackupError(
                storage.backup_no_space(
                    directory=str(self.directory), needed_mb=round(needed / 1e6), free_mb=round(free / 1e6)
                )
            )
        for file in spare:
            if shutil.disk_usage(self.directory).free >= needed:
                break
            file.unlink()

    def _rotate(self) -> None:
        copies = self._copies()
        kept = to_keep({night for night, _ in copies})
        for night, file in copies:
            if night not in kept:
                file.unlink()

    def _disk(self) -> "Disk":
        """Return on which disk the backups would be written."""
        existing = next(path for path in (self.directory, *self.directory.absolute().parents) if path.exists())
        apart = existing.stat().st_dev != self.place.parent.stat().st_dev
        return Disk(str(self.directory.absolute()), str(_mount_of(existing.resolve())), apart)

    def _require_mounted(self, disk: "Disk", known: "Disk | None") -> None:
        """Raise BackupError if the directory is where another disk should be mounted."""
        path = Path(disk.directory)
        gone = any(point in (path, *path.parents) and not os.path.ismount(point) for point in _mount_points())
        if known and known.directory == disk.directory:
            gone = gone or (known.apart and not disk.apart) or Path(disk.mount) in Path(known.mount).parents
        if gone:
            raise BackupError(storage.backup_unmounted(directory=disk.directory))


@dataclass(frozen=True)
class Disk:
    """Where the last backup was written: the mount, and whether it is another disk than the database's."""

    directory: str
    mount: str
    apart: bool

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """Return what is stored, or None if another version or a bad disk has left something else."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError, RecursionError):
            return None


def _mount_of(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if os.path.ismount(one))


def _mount_points() -> list[Path]:
    """Return where disks are mounted, according to this machine's mount table."""
    try:
        lines = [line.split() for line in FSTAB.read_text(errors="replace").splitlines()]
    except OSError:
        return []
    return [Path(line[1]) for line in lines if len(line) > 1 and line[0][0] != "#" and line[1].startswith("/")]


def _known_disk(connection: Connection) -> Disk | None:
    value = note(connection, DISK_NOTE)
    return Disk.from_json(value) if value else None


def _remember(connection: Connection, disk: Disk, backup: LastBackup) -> None:
    set_note(connection, DISK_NOTE, json.dumps(vars(disk)))
    set_note(connection, last_backup.NOTE, backup.to_json())


def _is_young(connection: Connection, began: datetime) -> bool:
    """Return whether nothing had been recorded when a night began: there was nothing to back up."""
    if connection.execute(select(compressed_hour.c.at).limit(1)).first():
        return False
    oldest = min((at for table in READINGS for at in ends(connection, table, "min").values()), default=None)
    return oldest is None or oldest >= to_ms(began)


def _remove(part: Path) -> None:
    for leftover in (part, *side_files(part)):
        leftover.unlink(missing_ok=True)
