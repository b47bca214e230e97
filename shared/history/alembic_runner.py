"""python -m shared.history.alembic_runner REVISION: upgrades the database named on standard input.

Not on the command line, where every user of the machine could read a server's password. The only importer of Alembic
except the migrations.
"""

import sys
from pathlib import Path
from sqlite3 import Connection as Driver
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

from shared.history import views
from shared.history.database_errors import FAILED, FAULT, diagnose
from shared.history.engine import Place, writer
from shared.history.migration import HEAD

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 3_276_006
"""An arbitrary advisory lock number; no other program uses it on the server."""


def upgrade(place: Place, revision: str = "head") -> None:
    """Run the migrations up to a revision in one transaction; concurrent programs wait for each other."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = writer(place)
    if isinstance(place, Path):
        _begin_immediate(engine)
    try:
        with engine.begin() as connection:
            if isinstance(place, str):
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")
            config.attributes["connection"] = connection
            views.drop(connection)
            command.upgrade(config, revision)
            if revision in ("head", HEAD):
                views.create(connection)
    finally:
        engine.dispose()


def _begin_immediate(engine: Engine) -> None:
    """Wrap DDL in a transaction, which SQLite's driver does not: a kill must not leave half a schema."""
    event.listen(engine, "connect", _disable_implicit_transactions)
    event.listen(engine, "begin", _begin)


def _disable_implicit_transactions(driver: Driver, _record: Any) -> None:
    driver.isolation_level = None


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


if __name__ == "__main__":
    name = sys.stdin.read()
    try:
        upgrade(name if "://" in name else Path(name), sys.argv[1])
    except DBAPIError as error:
        sys.stdout.buffer.write(FAULT.dump_json(diagnose(error)))
        sys.exit(FAILED)
