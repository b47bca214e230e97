"""What a test asks of a database, behind the back of our own queries."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, create_engine, make_url

from shared.history.engine import Place


def ask(place: Place, query: str) -> list[tuple[Any, ...]]:
    """Return the rows that a query finds."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as connection:
            return connection.execute(query).fetchall()
    engine = create_engine(make_url(place).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def change(place: Place, *statements: str) -> None:
    """Run statements in one transaction."""
    if isinstance(place, Path):
        with closing(sqlite3.connect(place)) as file, file:
            for statement in statements:
                file.execute(statement)
        return
    engine = create_engine(make_url(place).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
