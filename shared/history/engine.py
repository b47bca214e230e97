"""Database engines, one for reading and one for writing. Creating one touches no file and no server."""

from pathlib import Path
from sqlite3 import Connection, connect

from sqlalchemy import URL, Engine, NullPool, create_engine, event, make_url

__all__ = [
    "Engine",
    "Place",
    "reader",
    "shown",
    "writer",
]  # readers of the history need nothing else from SQLAlchemy

Place = Path | str
"""A SQLite file, or the URL of a PostgreSQL database."""

BUSY_MS = 5000
"""How long a statement waits for a lock."""
CONNECT_S = 5

READING = (f"PRAGMA busy_timeout={BUSY_MS}", "PRAGMA query_only=ON")
WRITING = (
    f"PRAGMA busy_timeout={BUSY_MS}",
    "PRAGMA auto_vacuum=INCREMENTAL",  # takes effect in an empty file; an older one needs a VACUUM
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)


def reader(place: Place, home: str = "") -> Engine:
    """Return a read-only engine that never creates the file; in a database of many homes it reads one.

    Every connection opens the file again, to notice a database that appears later or is replaced.
    """
    if isinstance(place, str):
        return _server(place, "-c default_transaction_read_only=on").execution_options(home=home)
    # mode=ro cannot open a WAL database without a running writer; query_only forbids changes as well
    address = f"{place.absolute().as_uri()}?mode=rw"
    engine = create_engine("sqlite://", creator=lambda: connect(address, uri=True), poolclass=NullPool)
    return _with(engine, READING).execution_options(home=home)


def writer(place: Place) -> Engine:
    """Return an engine whose commits survive a power cut and do not block readers."""
    if isinstance(place, str):
        return _server(place, f"-c lock_timeout={BUSY_MS}")
    return _with(create_engine(URL.create("sqlite", database=str(place))), WRITING)


def shown(place: Place) -> str:
    """Return a place for logs and messages, without its password."""
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
