"""A backup in the place of the database, which is set aside and never deleted."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from stat import S_IMODE

from services.recorder.tools.backup import copy
from services.recorder.tools.files import (
    FINISHED,
    faults,
    plainly,
    reading,
    require_another,
    require_database,
    side_files,
)
from shared.errors import ConfigError, StorageError
from shared.files import sync
from shared.history.engine import Place
from shared.history.schema import NEEDED, migrate

LOCK_BYTES = (512, 0x4000_0000)
"""Length and place of the bytes that SQLite locks, by its file format: whoever has a database open in WAL mode holds
one of them all the time, idle or not, and the system lets go of it when the process ends."""


def restore(place: Place, file: Path, now: datetime) -> str:
    """Put a backup in the place of the database and return a sentence that says so."""
    if isinstance(place, str):
        raise ConfigError("The database is a PostgreSQL server: use its own pg_restore or psql.")
    with plainly(f"The restoring of {file}"):
        _require_backup(file, place)
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_name(f".{place.name}.{os.getpid()}.part")
        try:
            with _held(place):
                _prepare(file, part, place)
                aside = _set_aside(place, now)
                part.replace(place)
                sync(place.parent)
        finally:
            for leftover in (part, *side_files(part)):
                leftover.unlink(missing_ok=True)
    where = f" What was there before is {aside} now." if aside else ""
    return f"{file} is restored to {place}.{where}"


def _require_backup(file: Path, place: Path) -> None:
    """Raise where a file is not a whole backup of ours that this program understands."""
    require_database(file)
    require_another(file, place)
    log = side_files(file)[0]
    if log.exists() and log.stat().st_size:
        raise ConfigError(
            f"{file} has commits in {log.name} beside it, so it is no finished backup: make one of it first."
        )
    with reading(file, FINISHED) as connection:
        wrong = faults(connection)
        if wrong:
            raise StorageError(f"{file} is damaged ({wrong}); nothing is changed.")
        schema = _schema(connection)
    if schema is None:
        raise ConfigError(f"{file} holds no readings of this program; nothing is changed.")
    if schema > NEEDED:
        raise ConfigError(
            f"{file} was made by a newer version of this program (schema {schema}, this one knows {NEEDED}); nothing "
            "is changed."
        )


def _schema(connection: sqlite3.Connection) -> str | None:
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


@contextmanager
def _held(place: Path) -> Iterator[None]:
    """Keep everybody out of a database, or raise ConfigError where somebody has it open.

    A recorder without an open connection (it has just started, or waits for us) needs none: it notices the new file.
    """
    if not place.exists():
        yield
        return
    with place.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, *LOCK_BYTES)
        except BlockingIOError:
            raise ConfigError(f"{place} is in use: stop the recorder, then restore; nothing is changed.") from None
        yield


def _prepare(file: Path, part: Path, place: Path) -> None:
    """Copy the backup, bring it to our schema, and give it the owner of what it replaces."""
    copy(file, part, FINISHED)
    try:
        migrate(part)
    except StorageError as error:
        raise StorageError(f"{file} cannot be brought to the schema {NEEDED} ({error}); nothing is changed.") from None
    with sqlite3.connect(part) as connection:  # the migration may leave commits beside the file
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    with suppress(FileNotFoundError):
        owned = place.stat()
        part.chmod(S_IMODE(owned.st_mode))
        with suppress(PermissionError):
            os.chown(part, owned.st_uid, owned.st_gid)
    sync(part)


def _set_aside(place: Path, now: datetime) -> Path | None:
    """Give the database, and the commits beside it, a dated name."""
    if not place.exists():
        return None
    aside = place.with_name(f"{place.name}.before-restore-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    if aside.exists():
        raise StorageError(f"{aside} is there already; wait a second and try again.")
    for old, new in zip((place, *side_files(place)), (aside, *side_files(aside)), strict=True):
        with suppress(FileNotFoundError):
            old.rename(new)
    return aside
