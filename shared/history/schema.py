"""Which schema a database has, and which one this program needs."""

import logging
import subprocess
import sys
from pathlib import Path

from sqlalchemy import inspect, text

from shared.errors import ConfigError, StorageError
from shared.history.engine import reader

log = logging.getLogger("history")

VERSIONS = Path(__file__).parent / "migrations/versions"
NEEDED = max(file.name.split("_")[0] for file in VERSIONS.glob("[0-9]*_*.py"))


def revision(path: Path) -> str | None:
    """Return the revision of a database, None for an empty or missing one. Changes nothing in it."""
    if not path.exists():
        return None
    with reader(path).connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(path: Path) -> None:
    """Bring a database to the schema we need, or raise ConfigError where it comes from a newer program."""
    current = revision(path)
    if current == NEEDED:
        return
    if current is not None and current > NEEDED:
        raise ConfigError(
            f"The database {path} was written by a newer version of this program (schema {current}, this one knows "
            f"{NEEDED}); it is left as it is. Install that version again, or set DB_PATH to another file."
        )
    _run(path)
    log.info("The database %s has the schema %s now.", path, NEEDED)


def _run(path: Path) -> None:
    """Let Alembic do it in a process of its own: 20 MB that a recorder need not hold for ever."""
    command = [sys.executable, "-m", "shared.history.migrate", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        faults = [line for line in done.stderr.splitlines() if "Error" in line] or ["the migration failed"]
        raise StorageError(faults[-1].rpartition(") ")[2])
