"""The schema revision of a database, and its upgrade to the one this program needs."""

import logging
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from shared.conditions import storage
from shared.errors import ConfigError, StorageError
from shared.history import views
from shared.history.database_errors import FAILED, FAULT, SchemaError
from shared.history.engine import Place, reader, shown

log = logging.getLogger("history")

FIRST = "0004"
"""The schema of version 0.1; earlier ones were drafts."""
HEAD = "0011"
"""The schema this program needs: the last of the migrations."""


def revision(place: Place) -> str | None:
    """Return the revision of a database, None if it is empty or missing. Changes nothing."""
    if isinstance(place, Path) and not place.exists():
        return None
    engine = reader(place)
    try:
        with engine.connect() as connection:
            return revision_of(connection)
    finally:
        engine.dispose()


def revision_of(connection: Connection) -> str | None:
    """Return the revision of a connected database, None if it has none of our tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def is_older(found: str | None) -> bool:
    """Return whether a revision can be upgraded to the one this program needs."""
    return found is not None and FIRST <= found < HEAD


def migrate(place: Place) -> None:
    """Create or upgrade the schema of a database; raise ConfigError if it is newer than ours or not one of ours."""
    current = revision(place)
    if current == HEAD:
        if not _has_views(place):
            create(place, HEAD)
        return
    if current is not None:
        require_known(place, current)
    elif isinstance(place, Path):
        _require_empty(place)
    create(place, HEAD)
    log.info("The database %s now has the schema %s.", shown(place), HEAD)


def _has_views(place: Place) -> bool:
    engine = reader(place)
    try:
        with engine.connect() as connection:
            return views.are_current(connection)
    finally:
        engine.dispose()


def require_known(place: Place, current: str) -> None:
    """Raise ConfigError unless a schema is ours or can be upgraded to ours."""
    if current > HEAD:
        raise ConfigError(storage.newer(place=shown(place), found=current, known=HEAD))
    if current < FIRST:
        raise ConfigError(storage.draft(place=shown(place), found=current))


def _require_empty(place: Path) -> None:
    """Raise ConfigError if a file without our schema has tables: it is another program's, and left alone."""
    if not place.exists():
        return
    engine = reader(place)
    try:
        tables = inspect(engine).get_table_names()
    finally:
        engine.dispose()
    if "readings" in tables:  # of x-mentat/eamoon, whose setting has the same name
        raise ConfigError(storage.eamoon(place=shown(place)))
    if tables:
        raise ConfigError(storage.foreign(place=shown(place)))


def create(place: Place, revision: str) -> None:
    """Create or upgrade a schema; Alembic runs in a process of its own, to save the recorder 20 MB of memory."""
    command = [sys.executable, "-m", "shared.history.alembic_runner", revision]
    done = subprocess.run(command, input=str(place), capture_output=True, text=True, check=False)
    if done.returncode == FAILED:
        raise SchemaError(FAULT.validate_json(done.stdout))
    if done.returncode < 0:  # killed, by a user or for lack of memory: nothing was changed
        raise StorageError(storage.MIGRATION_STOPPED())
    if done.returncode:
        raise RuntimeError(f"the migration failed: {done.stderr}")
