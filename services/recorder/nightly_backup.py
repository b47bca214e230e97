"""A checked backup of the database every night, and when it is not made, why."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from stat import S_IMODE

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import DatabaseError

from services.recorder.backup_rules import night_of, to_keep
from services.recorder.sqlite_files import copy_checked, integrity_fault, opened_read_only, side_files
from services.recorder.store import Store, newest_reading
from services.recorder.watched_files import DatabaseFiles, log_of
from shared.conditions import storage, system
from shared.errors import DamagedError, StorageError
from shared.files import sync
from shared.history.database_errors import diagnose
from shared.history.derived import upkeep_note
from shared.history.engine import reader

RESERVE = 200_000_000
"""How much room a backup leaves on the disk that the recording needs too."""
NOTE = "backup_directory"
FSTAB = Path("/etc/fstab")

Breathe = Callable[[], None]


@dataclass(frozen=True)
class Backups:
    """The nightly backups of one database in one directory."""

    place: Path
    directory: Path

    def nights(self) -> dict[date, Path]:
        """Return the backups by their night, the oldest first."""
        found = {}
        for file in sorted(self.directory.glob(f"{self.place.stem}-????-??-??{self.place.suffix}")):
            try:
                found[date.fromisoformat(file.stem.removeprefix(f"{self.place.stem}-"))] = file
            except ValueError:
                continue
        return found

    def newest(self) -> Path | None:
        """Return the last backup."""
        return next(reversed(self.nights().values()), None)

    def make(self, store: Store, now: datetime, zone: tzinfo, breathe: Breathe) -> Path | None:
        """Make the backup of this night unless there is one, or nothing was recorded since the last one.

        Raises StorageError if that is not possible now, DamagedError if the database itself is damaged.
        """
        try:
            disk = self._disk()
            self._require_mounted(disk, store.run(_known_disk))
            self.directory.mkdir(exist_ok=True)
            night, nights = night_of(now, zone), self.nights()
            if night in nights or self._unchanged(store):
                return None
            self._make_room(list(nights.values()))
            file = self._write(self.directory / f"{self.place.stem}-{night}{self.place.suffix}", breathe)
            store.run(lambda connection: _remember(connection, disk))
            self._rotate()
        except PermissionError:
            raise StorageError(storage.backup_denied(directory=str(self.directory), uid=os.getuid())) from None
        except (OSError, sqlite3.Error) as error:
            cause = diagnose(error).cause
            raise StorageError(storage.backup_failed(directory=str(self.directory), cause=cause)) from None
        return file

    def _write(self, file: Path, breathe: Breathe) -> Path:
        part = file.with_name(f".{self.place.stem}.part")
        inode = DatabaseFiles.of(self.place).inode

        def step(_done: int, _all: int) -> None:
            sync(part)  # little by little, or the recorder's next commit would wait for all of it
            breathe()

        try:
            _remove(part)
            part.touch()  # says why it cannot be; SQLite would only say that it cannot
            fault = copy_checked(self.place, part, step)
            if fault:
                self._blame(inode)
            part.chmod(S_IMODE(self.place.stat().st_mode))
            sync(part)
            part.replace(file)
            sync(file.parent)
        finally:
            _remove(part)
        return file

    def _blame(self, inode: int | None) -> None:
        """Raise for the database if that is damaged, else for its copy."""
        with opened_read_only(self.place) as connection:
            if integrity_fault(connection):
                raise DamagedError(storage.MALFORMED(), self.place, inode)
        raise StorageError(storage.backup_failed(directory=str(self.directory), cause=system.DISK_ERROR()))

    def _unchanged(self, store: Store) -> bool:
        last = self.newest()
        if last is None:
            return False
        engine = reader(last)
        try:
            with engine.connect() as connection:
                return newest_reading(connection) == store.run(newest_reading)
        except DatabaseError:  # it is no good, so this one is needed
            return False
        finally:
            engine.dispose()

    def _make_room(self, existing: list[Path]) -> None:
        """Delete the oldest backups if this one does not fit otherwise; never the last one."""
        needed = sum(file.stat().st_size for file in (self.place, log_of(self.place)) if file.exists()) + RESERVE
        free = shutil.disk_usage(self.directory).free
        spare = existing[:-1]
        if free + sum(file.stat().st_size for file in spare) < needed:
            raise StorageError(
                storage.backup_no_space(
                    directory=str(self.directory), needed_mb=round(needed / 1e6), free_mb=round(free / 1e6)
                )
            )
        for file in spare:
            if shutil.disk_usage(self.directory).free >= needed:
                break
            file.unlink()

    def _rotate(self) -> None:
        nights = self.nights()
        for night in nights.keys() - to_keep(nights):
            nights[night].unlink()

    def _disk(self) -> "Disk":
        """Return on which disk the backups would be written."""
        existing = next(path for path in (self.directory, *self.directory.absolute().parents) if path.exists())
        apart = existing.stat().st_dev != self.place.parent.stat().st_dev
        return Disk(str(self.directory.absolute()), str(_mount_of(existing.resolve())), apart)

    def _require_mounted(self, disk: "Disk", known: "Disk | None") -> None:
        """Raise StorageError if the directory lies where another disk should be mounted."""
        path = Path(disk.directory)
        gone = any(point in (path, *path.parents) and not os.path.ismount(point) for point in _mount_points())
        if known and known.directory == disk.directory:
            gone = gone or (known.apart and not disk.apart) or Path(disk.mount) in Path(known.mount).parents
        if gone:
            raise StorageError(storage.backup_unmounted(directory=disk.directory))


@dataclass(frozen=True)
class Disk:
    """Where the last backup was written: below which mount, and whether on another disk than the database."""

    directory: str
    mount: str
    apart: bool


def _mount_of(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if os.path.ismount(one))


def _mount_points() -> list[Path]:
    """Return where this machine's disks are mounted, according to its own table."""
    try:
        lines = [line.split() for line in FSTAB.read_text(errors="replace").splitlines()]
    except OSError:
        return []
    return [Path(line[1]) for line in lines if len(line) > 1 and line[0][0] != "#" and line[1].startswith("/")]


def _known_disk(connection: Connection) -> Disk | None:
    value = connection.execute(select(upkeep_note.c.value).where(upkeep_note.c.name == NOTE)).scalar()
    return Disk(**json.loads(value)) if value else None


def _remember(connection: Connection, disk: Disk) -> None:
    connection.execute(delete(upkeep_note).where(upkeep_note.c.name == NOTE))
    connection.execute(insert(upkeep_note), {"name": NOTE, "value": json.dumps(vars(disk))})


def _remove(part: Path) -> None:
    for leftover in (part, *side_files(part)):
        leftover.unlink(missing_ok=True)
