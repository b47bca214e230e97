"""Replaces the database by a backup; the old one is set aside, never deleted."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IMODE

from services.recorder.sqlite_files import IMMUTABLE, integrity_fault, opened_read_only, side_files
from services.recorder.tools.backup import copy
from services.recorder.tools.files import ToolError, plain_errors, require_another, require_database
from shared.conditions import recorder_tools as tools
from shared.errors import StorageError, UsageError
from shared.files import move_into_place, second_name, sync
from shared.history.database_errors import sqlite_code
from shared.history.engine import Place
from shared.history.migration import HEAD, migrate, require_known
from shared.texts.localizer import Localizer

LOCK_BYTES = (512, 0x4000_0000)
"""Length and offset of SQLite's lock bytes, by its file format: a process that has a WAL database open holds one
all the time, and the system releases it when the process ends."""


def restore(place: Place, file: Path, now: datetime, localizer: Localizer) -> str:
    """Replace the database by a backup and return a sentence about it."""
    if isinstance(place, str):
        raise UsageError(tools.SERVER_RESTORE())
    with plain_errors(f"restore {file}"):
        _require_backup(file, place)
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.{os.getpid()}.part")
        try:
            with _locked(place) as whole:
                _prepare(file, part, place)
                aside = _set_aside(place, now, whole=whole)
                move_into_place(part, place)
        finally:
            for leftover in (part, *side_files(part)):
                leftover.unlink(missing_ok=True)
    restored = localizer("tool.restored", file=file, place=place)
    return f"{restored} {localizer('tool.restored_aside', aside=aside)}" if aside else restored


def _require_backup(file: Path, place: Path) -> None:
    """Raise unless a file is an intact backup of ours with a schema we know."""
    require_database(file)
    require_another(file, place)
    log = side_files(file)[0]
    if log.exists() and log.stat().st_size:
        raise UsageError(tools.unfinished_backup(file=str(file), log=log.name))
    with opened_read_only(file, IMMUTABLE) as connection:
        fault = integrity_fault(connection)
        if fault:
            raise ToolError(tools.backup_damaged(file=str(file), fault=fault))
        schema = _schema(connection)
    if schema is None:
        raise UsageError(tools.foreign_backup(file=str(file)))
    require_known(file, schema)


def _schema(connection: sqlite3.Connection) -> str | None:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


@contextmanager
def _locked(place: Path) -> Iterator[bool]:
    """Lock a database exclusively and tell whether its file is whole, with every commit; the log is gone then.

    Raises UsageError if a process has it open. A recorder without an open connection is no obstacle: it notices the
    new file.
    """
    if not place.exists():
        yield True
        return
    with closing(sqlite3.connect(place, isolation_level=None, timeout=1)) as connection:
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("PRAGMA journal_mode=DELETE")  # as a user of this connection alone could
            connection.execute("BEGIN EXCLUSIVE")
            yield True
            return
        except sqlite3.DatabaseError as error:
            if (sqlite_code(error) or 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise _in_use(place) from None
    with place.open("r+b") as file:  # it is damaged, and SQLite cannot lock it
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, *LOCK_BYTES)
        except BlockingIOError:
            raise _in_use(place) from None
        yield False


def _in_use(place: Path) -> UsageError:
    return UsageError(tools.in_use(place=str(place)))


def _prepare(file: Path, part: Path, place: Path) -> None:
    """Copy the backup, upgrade it, and give it the owner and mode of the database it replaces."""
    copy(file, part, IMMUTABLE)
    try:
        migrate(part)
    except StorageError as error:
        raise ToolError(tools.not_upgraded(file=str(file), known=HEAD, cause=error.reason)) from None
    with sqlite3.connect(part) as connection:  # the migration may leave pages in the log
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with suppress(FileNotFoundError):
        owned = place.stat()
        part.chmod(S_IMODE(owned.st_mode))
        with suppress(PermissionError):
            os.chown(part, owned.st_uid, owned.st_gid)
    sync(part)  # a full disk may show only here, before anything is set aside


def _set_aside(place: Path, now: datetime, *, whole: bool) -> Path | None:
    """Give the database a second, dated name: until the new file takes the first one, the old one has both."""
    if not place.exists():
        return None
    aside = place.with_name(f"{place.name}.before-restore-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    if aside.exists():
        raise ToolError(tools.aside_exists(file=str(aside)))
    second_name(place, aside)
    if not whole:  # a damaged database keeps what its log has under the dated name
        for old, new in zip(side_files(place), side_files(aside), strict=True):
            if old.exists():
                second_name(old, new)
        sync(place.parent)
        for old in side_files(place):
            old.unlink(missing_ok=True)
    sync(place.parent)
    return aside
