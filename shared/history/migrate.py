"""python -m shared.history.migrate DATABASE: runs the migrations that it has not had yet."""

import sys
from pathlib import Path
from sqlite3 import Connection as Driver
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event

from shared.history.engine import writer

MIGRATIONS = Path(__file__).parent / "migrations"


def main(path: Path) -> None:
    """Run the migrations that the database has not had yet, in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = writer(path)
    # the driver would open no transaction for DDL, and a kill could leave half a schema
    event.listen(engine, "connect", _leave_transactions_to_us)
    event.listen(engine, "begin", _begin)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _leave_transactions_to_us(driver: Driver, _record: Any) -> None:
    driver.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
