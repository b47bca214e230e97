"""Engines for the database: one that only reads and one that writes. Making one touches no file."""

from pathlib import Path
from sqlite3 import Connection, connect

from sqlalchemy import URL, Engine, NullPool, create_engine, event

BUSY_MS = 5000
"""How long a statement waits for somebody else's lock before it gives up."""

READING = (f"PRAGMA busy_timeout={BUSY_MS}", "PRAGMA query_only=ON")
WRITING = (
    f"PRAGMA busy_timeout={BUSY_MS}",
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
)


def reader(path: Path) -> Engine:
    """Return an engine that can change nothing and never creates the file.

    Every query opens the file anew, so a database that appears later, or is replaced, is simply there.
    """
    # mode=ro could not open a WAL database whose writer is away; query_only forbids changes all the same
    address = f"{path.absolute().as_uri()}?mode=rw"
    engine = create_engine("sqlite://", creator=lambda: connect(address, uri=True), poolclass=NullPool)
    return _with(engine, READING)


def writer(path: Path) -> Engine:
    """Return an engine whose commits survive a power cut, while readers read on."""
    return _with(create_engine(URL.create("sqlite", database=str(path))), WRITING)


def _with(engine: Engine, pragmas: tuple[str, ...]) -> Engine:
    @event.listens_for(engine, "connect")
    def prepare(connection: Connection, _record: object) -> None:
        for pragma in pragmas:
            connection.execute(pragma).close()

    return engine
