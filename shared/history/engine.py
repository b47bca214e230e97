"""Engines for the database: one that only reads and one that writes. Making one touches no file and no server."""

from pathlib import Path
from sqlite3 import Connection, connect

from sqlalchemy import URL, Engine, NullPool, create_engine, event, make_url

Place = Path | str
"""Where a database is: a file of SQLite, or the URL of a PostgreSQL server."""

BUSY_MS = 5000
"""How long a statement waits for somebody else's lock before it gives up."""
CONNECT_S = 5

READING = (f"PRAGMA busy_timeout={BUSY_MS}", "PRAGMA query_only=ON")
WRITING = (
    f"PRAGMA busy_timeout={BUSY_MS}",
    "PRAGMA auto_vacuum=INCREMENTAL",  # heeded by a file without tables; an older one needs a VACUUM for it
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)


def reader(place: Place) -> Engine:
    """Return an engine that can change nothing and never creates the file.

    Every query opens the file anew, so a database that appears later, or is replaced, is simply there.
    """
    if isinstance(place, str):
        return _server(place, "-c default_transaction_read_only=on")
    # mode=ro could not open a WAL database whose writer is away; query_only forbids changes all the same
    address = f"{place.absolute().as_uri()}?mode=rw"
    engine = create_engine("sqlite://", creator=lambda: connect(address, uri=True), poolclass=NullPool)
    return _with(engine, READING)


def writer(place: Place) -> Engine:
    """Return an engine whose commits survive a power cut, while readers read on."""
    if isinstance(place, str):
        return _server(place, f"-c lock_timeout={BUSY_MS}")
    return _with(create_engine(URL.create("sqlite", database=str(place))), WRITING)


def shown(place: Place) -> str:
    """Return a place as it may stand in a log: without its password."""
    return make_url(place).render_as_string() if isinstance(place, str) else str(place)


def _server(address: str, options: str) -> Engine:
    url = make_url(address).set(drivername="postgresql+psycopg")
    return create_engine(url, pool_pre_ping=True, connect_args={"options": options, "connect_timeout": CONNECT_S})


def _with(engine: Engine, pragmas: tuple[str, ...]) -> Engine:
    @event.listens_for(engine, "connect")
    def prepare(connection: Connection, _record: object) -> None:
        for pragma in pragmas:
            connection.execute(pragma).close()

    return engine
