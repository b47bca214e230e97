"""The schema revision of a database, and its upgrade to the one this program needs."""

import logging
import subprocess
import sys
from pathlib import Path

from sqlalchemy import inspect, text

from shared.errors import ConfigError, StorageError
from shared.history.engine import Place, reader, shown

log = logging.getLogger("history")

VERSIONS = Path(__file__).parent / "migrations/versions"
HEAD = max(file.name.split("_")[0] for file in VERSIONS.glob("[0-9]*_*.py"))


def revision(place: Place) -> str | None:
    """Return the revision of a database, None if it is empty or missing. Changes nothing."""
    if isinstance(place, Path) and not place.exists():
        return None
    engine = reader(place)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    finally:
        engine.dispose()


def migrate(place: Place) -> None:
    """Create or upgrade the schema of a database; raise ConfigError if it is newer than ours or not one of ours."""
    current = revision(place)
    if current == HEAD:
        return
    if current is not None and current > HEAD:
        raise ConfigError(
            f"The database {shown(place)} was written by a newer version of this program (schema {current}, this one "
            f"knows {HEAD}); it is left as it is. Install that version again, or set DB_PATH or DATABASE_URL to "
            "another database."
        )
    if current is None and _is_eamoon(place):
        raise ConfigError(
            f"The database {shown(place)} is one of eamoon's; it is left as it is. Set DB_PATH to another file, and "
            f"take its readings over with `python -m services.recorder import-eamoon {shown(place)}`."
        )
    _run_alembic(place)
    log.info("The database %s now has the schema %s.", shown(place), HEAD)


def _is_eamoon(place: Place) -> bool:
    """Whether it is a database of x-mentat/eamoon, whose setting has the same name; its table is `readings`."""
    if isinstance(place, str) or not place.exists():
        return False
    engine = reader(place)
    try:
        return inspect(engine).has_table("readings")
    finally:
        engine.dispose()


def _run_alembic(place: Place) -> None:
    """Run Alembic in a process of its own, to save the recorder 20 MB of memory."""
    command = [sys.executable, "-m", "shared.history.alembic_runner"]
    done = subprocess.run(command, input=str(place), capture_output=True, text=True, check=False)
    if done.returncode:
        faults = [line for line in done.stderr.splitlines() if "Error" in line] or ["the migration failed"]
        raise StorageError(faults[-1].rpartition(") ")[2])
