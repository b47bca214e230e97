"""Which schema a database has, and which one this program needs."""

import logging
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Engine, inspect, text

from shared.errors import ConfigError

log = logging.getLogger("history")

VERSIONS = Path(__file__).parent / "migrations/versions"
NEEDED = max(file.name.split("_")[0] for file in VERSIONS.glob("[0-9]*_*.py"))


def revision(engine: Engine) -> str | None:
    """Return the revision of a database, None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def migrate(engine: Engine, path: Path) -> None:
    """Bring a database to the schema we need, or raise ConfigError where it comes from a newer program."""
    current = revision(engine)
    if current == NEEDED:
        return
    if current is not None and current > NEEDED:
        raise ConfigError(
            f"The database {path} was written by a newer version of this program (schema {current}, this one knows "
            f"{NEEDED}); it is left as it is. Install that version again, or set DB_PATH to another file."
        )
    command = [sys.executable, "-m", "shared.history.migrate", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the migration failed:\n{done.stderr}")
    log.info("The database %s has the schema %s now.", path, NEEDED)
