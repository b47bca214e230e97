"""What a database error means, by SQLite's error code or PostgreSQL's SQLSTATE; messages may be translated."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter
from sqlalchemy.exc import DBAPIError

from shared.conditions import Reason, storage, system
from shared.errors import StorageError


class Kind(StrEnum):
    """What can be done about an error."""

    TRANSIENT = "transient"
    """It may pass by itself."""
    FINAL = "final"
    """Only the user can correct it."""
    DAMAGED = "damaged"
    """The file is no longer a database."""


@dataclass(frozen=True)
class DatabaseFault:
    """The kind of an error, and its cause."""

    kind: Kind
    cause: Reason


FAULT = TypeAdapter(DatabaseFault)
FAILED = 3
"""The exit code of a migration that printed its fault as JSON."""


class SchemaError(StorageError):
    """The schema of a database could not be created or upgraded."""

    def __init__(self, fault: DatabaseFault) -> None:
        super().__init__(fault.cause)
        self.fault = fault


SQLITE = {
    sqlite3.SQLITE_PERM: (Kind.TRANSIENT, system.NOT_PERMITTED),
    sqlite3.SQLITE_BUSY: (Kind.TRANSIENT, storage.LOCKED),
    sqlite3.SQLITE_LOCKED: (Kind.TRANSIENT, storage.LOCKED),
    sqlite3.SQLITE_NOMEM: (Kind.TRANSIENT, system.NO_MEMORY),
    sqlite3.SQLITE_READONLY: (Kind.TRANSIENT, storage.READ_ONLY),
    sqlite3.SQLITE_IOERR: (Kind.TRANSIENT, system.DISK_ERROR),
    sqlite3.SQLITE_CORRUPT: (Kind.DAMAGED, storage.MALFORMED),
    sqlite3.SQLITE_FULL: (Kind.TRANSIENT, system.DISK_FULL),
    sqlite3.SQLITE_CANTOPEN: (Kind.TRANSIENT, storage.NOT_OPENED),
    sqlite3.SQLITE_PROTOCOL: (Kind.TRANSIENT, storage.LOCKED),
    sqlite3.SQLITE_AUTH: (Kind.TRANSIENT, system.NOT_PERMITTED),
    sqlite3.SQLITE_NOTADB: (Kind.DAMAGED, storage.NOT_A_DATABASE),
    # extended codes that do not mean the same as their primary codes
    sqlite3.SQLITE_READONLY_DBMOVED: (Kind.TRANSIENT, storage.MOVED),
    sqlite3.SQLITE_READONLY_DIRECTORY: (Kind.TRANSIENT, system.NOT_PERMITTED),
}
"""By extended error code, otherwise by primary error code, which is its lowest byte."""
POSTGRESQL = {
    "08": (Kind.TRANSIENT, storage.SERVER_UNREACHABLE),
    "25006": (Kind.TRANSIENT, storage.READ_ONLY),
    "28": (Kind.FINAL, storage.WRONG_PASSWORD),
    "3D000": (Kind.FINAL, storage.NO_SUCH_DATABASE),
    "40P01": (Kind.TRANSIENT, storage.LOCKED),
    "42501": (Kind.FINAL, system.NOT_PERMITTED),
    "53100": (Kind.TRANSIENT, system.DISK_FULL),
    "55P03": (Kind.TRANSIENT, storage.LOCKED),
    "57P": (Kind.TRANSIENT, storage.SERVER_UNREACHABLE),
}
"""By SQLSTATE or its prefix."""
UNDEFINED_TABLE = "42P01"


def diagnose(error: Exception) -> DatabaseFault:
    """Return what an error of a database, or of the system around it, means."""
    if isinstance(error, SchemaError):
        return error.fault
    if isinstance(error, OSError):
        return DatabaseFault(Kind.TRANSIENT, system.os_reason(error))
    if (code := sqlite_code(error)) is not None:
        known = SQLITE.get(code) or SQLITE.get(code & 0xFF)
    elif (state := _sqlstate(error)) is not None:
        known = next((POSTGRESQL[start] for start in POSTGRESQL if state.startswith(start)), None)
    else:  # a failed connection has no SQLSTATE, and its message may be in any language
        refused = storage.not_connected(detail=first_line(error))
        return DatabaseFault(Kind.TRANSIENT, refused)
    if known:
        kind, condition = known
        return DatabaseFault(kind, condition())
    unknown = Kind.FINAL if code is not None else Kind.TRANSIENT
    return DatabaseFault(unknown, storage.other(detail=first_line(error)))


def is_not_created(error: DBAPIError, missing_table: Callable[[], bool]) -> bool:
    """Return whether there is no database yet, or none of our tables in it; SQLite has no code for a missing table."""
    code = sqlite_code(error)
    if code is None:
        return _sqlstate(error) == UNDEFINED_TABLE
    return code & 0xFF == sqlite3.SQLITE_CANTOPEN or (code == sqlite3.SQLITE_ERROR and missing_table())


def first_line(error: Exception) -> str:
    """Return the first line of the driver's message."""
    sentence = str(error.orig if isinstance(error, DBAPIError) else error)
    return sentence.strip().partition("\n")[0]


def sqlite_code(error: Exception) -> int | None:
    """Return SQLite's extended error code."""
    return getattr(_original(error), "sqlite_errorcode", None)


def _sqlstate(error: Exception) -> str | None:
    return getattr(_original(error), "sqlstate", None)


def _original(error: Exception) -> object:
    return error.orig if isinstance(error, DBAPIError) else error
