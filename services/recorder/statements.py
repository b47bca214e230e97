"""INSERT statements for the raw driver: SQLAlchemy's own executemany is three times slower here."""

from functools import cache
from typing import Any

from sqlalchemy import Insert, Table, bindparam, cast, exists, func, insert, literal_column, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.engine import Dialect

from shared.history.tables import MILLISECOND

PLAIN: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": psycopg.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]
}
NAMED: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": psycopg.dialect(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
}


def only_changes(table: Table) -> bool:
    """Return whether a message equal to the one before is skipped; the statement of such a table takes mappings."""
    return bool(table.info.get("compared"))


@cache
def statement(table: Table, dialect: str) -> str:
    """Return the statement that inserts a row unless its key exists."""
    query = _where_changed(table) if only_changes(table) else insert(table)
    styles = NAMED if only_changes(table) else PLAIN
    return f"{query.compile(dialect=styles[dialect])} ON CONFLICT DO NOTHING"


def _where_changed(table: Table) -> Insert:
    given: dict[str, Any] = {column.name: bindparam(column.name, type_=column.type) for column in table.columns}
    device, at = table.c.device == given["device"], table.c.at
    before = select(func.max(at)).where(device, at <= given["at"]).scalar_subquery()
    same = [device, at == before, *(table.c[name].is_not_distinct_from(given[name]) for name in table.info["compared"])]
    if repeat := table.info["repeat"]:
        same.append(at > given["at"] - literal_column(str(repeat // MILLISECOND)))
    # PostgreSQL takes a NULL parameter for text
    values = [cast(given[column.name], column.type) for column in table.columns]
    return insert(table).from_select(list(given), select(*values).where(~exists().where(*same)))
