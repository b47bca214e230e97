"""What a database error means, by SQLite's error code or PostgreSQL's SQLSTATE, as sentences may be translated."""

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
    """The file is no database any more."""


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
    3: (Kind.FINAL, system.NOT_PERMITTED),
    5: (Kind.TRANSIENT, storage.LOCKED),
    6: (Kind.TRANSIENT, storage.LOCKED),
    8: (Kind.FINAL, storage.READ_ONLY),
    10: (Kind.TRANSIENT, system.DISK_ERROR),
    11: (Kind.DAMAGED, storage.MALFORMED),
    13: (Kind.TRANSIENT, system.DISK_FULL),
    14: (Kind.FINAL, storage.NOT_OPENED),
    23: (Kind.FINAL, system.NOT_PERMITTED),
    26: (Kind.DAMAGED, storage.NOT_A_DATABASE),
}
"""By primary error code, which is the lowest byte."""
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
"""By SQLSTATE or its beginning."""
CONNECTING = {
    "authentication failed": (Kind.FINAL, storage.WRONG_PASSWORD),
    "no pg_hba.conf entry": (Kind.FINAL, storage.WRONG_PASSWORD),
    "does not exist": (Kind.FINAL, storage.NO_SUCH_DATABASE),
    "permission denied": (Kind.FINAL, system.NOT_PERMITTED),
}
"""By a part of the sentence: a connection that fails has no SQLSTATE."""
SQLITE_ERROR, SQLITE_CANTOPEN = 1, 14
UNDEFINED_TABLE = "42P01"


def diagnose(error: Exception) -> DatabaseFault:
    """Return what an error of a database, or of the system around it, means."""
    if isinstance(error, SchemaError):
        return error.fault
    if isinstance(error, OSError):
        cause = system.os_reason(error)
        return DatabaseFault(Kind.TRANSIENT if cause.code == system.DISK_FULL.code else Kind.FINAL, cause)
    if (code := sqlite_code(error)) is not None:
        kind, condition = SQLITE.get(code, (Kind.FINAL, None))
    elif (state := _sqlstate(error)) is not None:
        found = (POSTGRESQL[known] for known in POSTGRESQL if state.startswith(known))
        kind, condition = next(found, (Kind.TRANSIENT, None))
    else:
        found = (CONNECTING[known] for known in CONNECTING if known in str(error))
        kind, condition = next(found, (Kind.TRANSIENT, storage.SERVER_UNREACHABLE))
    return DatabaseFault(kind, condition() if condition else storage.other(detail=first_line(error)))


def is_not_created(error: DBAPIError) -> bool:
    """Return whether there is no database yet, or none of our tables in it."""
    code = sqlite_code(error)
    if code is None:
        return _sqlstate(error) == UNDEFINED_TABLE
    return code == SQLITE_CANTOPEN or (code == SQLITE_ERROR and "no such table" in str(error.orig))


def first_line(error: Exception) -> str:
    """Return the first line of the driver's sentence."""
    sentence = str(error.orig if isinstance(error, DBAPIError) else error)
    return sentence.strip().partition("\n")[0]


def sqlite_code(error: Exception) -> int | None:
    """Return SQLite's primary error code."""
    code = getattr(_original(error), "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _sqlstate(error: Exception) -> str | None:
    return getattr(_original(error), "sqlstate", None)


def _original(error: Exception) -> object:
    return error.orig if isinstance(error, DBAPIError) else error
