"""Lets all engines of the tests' process share what SQLAlchemy has compiled.

Each engine has a cache of its own, and nearly every test opens some: most of what they computed was the same SQL anew.
"""

from typing import Any

from sqlalchemy import Engine, util
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

SIZE = 4000
create = Engine.__init__
cache: Any = util.LRUCache(SIZE)


def share_compiled_statements() -> None:
    """From now on a statement is compiled once for each kind of database; all engines of a kind have equal settings."""
    Engine.__init__ = _with_shared_cache  # type: ignore[method-assign,assignment]
    for kind in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        # the dialect is part of the cache's keys
        kind.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
        kind.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]


def _with_shared_cache(engine: Engine, *given: Any, **more: Any) -> None:
    create(engine, *given, **more)
    engine._compiled_cache = cache
