"""Views with stable names for people who write their own queries: fields with their units, readable times.

They are recreated with every schema and whenever their text changes, so migrations need not handle them.
"""

# ruff: noqa: S608  # names are our own, and no statement takes them as a parameter

from collections.abc import Iterator
from hashlib import sha256

from sqlalchemy import Connection, inspect, text

from shared.history.derived import DAY, FIVE_MINUTES, HOUR, SOURCES, Source
from shared.history.tables import metadata

STEPS = {"5min": FIVE_MINUTES, "hour": HOUR, "day": DAY}
TIMES = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%fZ', {} / 1000.0, 'unixepoch')",
    "postgresql": "to_timestamp({} / 1000.0)",
}
END = '"end"'
NOTE = "views"
"""The note that says which views a database has."""


def views(dialect: str) -> dict[str, str]:
    """Return the query of each view, in the SQL of `sqlite` or `postgresql`."""
    found: dict[str, str] = {}
    for name, source in SOURCES.items():
        kind = name.removesuffix("_state")
        for step, minutes in STEPS.items():
            found[f"v_{kind}_{step}"] = _rollup(source, minutes, dialect)
        found[f"v_{kind}_raw"] = _plain(name, dialect)
    found["v_grid"] = (
        f"SELECT home, state, {_time('since', dialect)} AS since_time, {_time('last', dialect)} AS last_time, "
        "since, last FROM grid_run"
    )
    times = f"{_time('start', dialect)} AS start_time, {_time(END, dialect)} AS end_time"
    lasted = f"({END} - start) / 60000.0 AS lasted_min"
    rest = _columns("outage", "home", "start", "end")
    found["v_outage"] = f"SELECT home, {times}, {lasted}, start, {END}, {rest} FROM outage"
    for name in ("plug_action", "plug_state", "service_status", "outage_schedule"):
        found[f"v_{name}"] = _plain(name, dialect)
    return found


def _rollup(source: Source, minutes: int, dialect: str) -> str:
    """Return a view's columns: the mean has the name of the field, lowest and highest have a suffix."""
    ways = ("{0}_mean AS {0}", "{0}_min", "{0}_max")
    fields = (way.format(name) for name in source.fields for way in ways)
    more = ("n",) if minutes == FIVE_MINUTES else ("n", "known_h")
    chosen = ", ".join((*fields, *source.energies, *more))
    time = _time("at", dialect)
    return f"SELECT device, {time} AS time, at, {chosen} FROM {source.rollup.name} WHERE step = {minutes}"


def _plain(table: str, dialect: str) -> str:
    return f"SELECT device, {_time('at', dialect)} AS time, at, {_columns(table, 'device', 'at')} FROM {table}"


def _columns(table: str, *without: str) -> str:
    return ", ".join(f'"{column.name}"' for column in metadata.tables[table].columns if column.name not in without)


def _time(column: str, dialect: str) -> str:
    return TIMES[dialect].format(column)


def digest(dialect: str) -> str:
    """Return a digest that distinguishes these views from those of another version."""
    return sha256(repr(views(dialect)).encode()).hexdigest()[:16]


def are_current(connection: Connection) -> bool:
    """Return whether a database has these views."""
    if not inspect(connection).has_table("upkeep_note"):
        return False
    noted = connection.execute(text("SELECT value FROM upkeep_note WHERE name = :name"), {"name": NOTE}).scalar()
    return noted == digest(connection.dialect.name)


def drop(connection: Connection) -> None:
    """Remove our views: a migration could not change the tables below them."""
    for name in _ours(connection):
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")


def create(connection: Connection) -> None:
    """Create our views, and note which."""
    dialect = connection.dialect.name
    for name, query in views(dialect).items():
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {query}")
    connection.execute(text("DELETE FROM upkeep_note WHERE name = :name"), {"name": NOTE})
    noted = {"name": NOTE, "value": digest(dialect)}
    connection.execute(text("INSERT INTO upkeep_note (name, value) VALUES (:name, :value)"), noted)


def _ours(connection: Connection) -> Iterator[str]:
    """Return the names of our views, including those of earlier versions."""
    return (name for name in inspect(connection).get_view_names() if name.startswith("v_"))
