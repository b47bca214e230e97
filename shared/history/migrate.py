"""python -m shared.history.migrate DATABASE: runs the migrations that it has not had yet."""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config

from shared.history.engine import writer

MIGRATIONS = Path(__file__).parent / "migrations"


def main(path: Path) -> None:
    """Run the migrations that the database has not had yet, in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writer(path).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
