"""python -m shared.history.migrate: runs the migrations that the database named on standard input has not had yet.

Not on the command line, where everybody on the machine could read a server's password.
"""

import sys
from pathlib import Path
from sqlite3 import Connection as Driver
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, event

from shared.history.engine import Place, writer

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 3_276_006
"""Any number that nobody else locks on the server."""


def main(place: Place, revision: str = "head") -> None:
    """Run the migrations up to a revision, in one transaction and one program at a time."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = writer(place)
    if isinstance(place, Path):
        _begin_at_once(engine)
    with engine.begin() as connection:
        if isinstance(place, str):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _begin_at_once(engine: Engine) -> None:
    """SQLite's driver would open no transaction for DDL, and a kill could leave half a schema."""
    event.listen(engine, "connect", _leave_transactions_to_us)
    event.listen(engine, "begin", _begin)


def _leave_transactions_to_us(driver: Driver, _record: Any) -> None:
    driver.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


if __name__ == "__main__":
    named = sys.stdin.read()
    main(named if "://" in named else Path(named))
