"""INSERT statements for the raw driver: SQLAlchemy's own executemany is three times slower here."""

from functools import cache
from typing import Any

from sqlalchemy import (
    ClauseElement,
    Insert,
    Table,
    bindparam,
    case,
    cast,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.engine import Dialect

from shared.history.derived import SOURCES
from shared.history.tables import MILLISECOND

PLAIN: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": psycopg.dialect(paramstyle="format"),  # type: ignore[no-untyped-call]
}
NAMED: dict[str, Dialect] = {
    "sqlite": sqlite.dialect(paramstyle="named"),
    "postgresql": psycopg.dialect(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
}
UPSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@cache
def plain(query: ClauseElement, dialect: str) -> str:
    """Return a statement for the raw driver, which takes its parameters as tuples, in the order of the text."""
    return str(query.compile(dialect=PLAIN[dialect]))


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


@cache
def extension(name: str, dialect: str) -> str:
    """Return the statement that inserts a roll-up of new readings of a table, or adds them to the existing one.

    It takes the key, the number of readings, then min, mean and max of each field.
    """
    source = SOURCES[name]
    table = source.rollup
    query = UPSERT[dialect](table)
    new, old, merged = query.excluded, table.c, {"n": table.c.n + query.excluded.n}
    for field in source.fields:
        low, mean, high = (f"{field}_{kind}" for kind in ("min", "mean", "max"))
        merged[low] = case((or_(old[low].is_(None), new[low] < old[low]), new[low]), else_=old[low])
        merged[high] = case((or_(old[high].is_(None), new[high] > old[high]), new[high]), else_=old[high])
        both = (old[mean] * old.n + new[mean] * new.n) / (old.n + new.n)
        merged[mean] = case((new[mean].is_(None), old[mean]), (old[mean].is_(None), new[mean]), else_=both)
    key = [column.name for column in table.primary_key]
    given = [*key, *merged]
    query = query.on_conflict_do_update(index_elements=key, set_=merged)
    return str(query.compile(dialect=PLAIN[dialect], column_keys=given))
