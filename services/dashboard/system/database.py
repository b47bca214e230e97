"""Facts about the database itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Engine, Table, func, make_url, select, text
from sqlalchemy.exc import DatabaseError

from shared.conditions import Reason
from shared.errors import StorageError
from shared.history.database_errors import diagnose
from shared.history.engine import Place
from shared.history.homes import home_of, of_home, split_name
from shared.history.last_backup import LastBackup, last_backup
from shared.history.migration import revision
from shared.history.queries import rows_of
from shared.history.tables import from_ms, metadata, to_ms
from shared.messages import iso

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Facts:
    """Its schema, size and last backup, None if there is none yet; problem is why it cannot be read."""

    schema: str | None = None
    size_bytes: int | None = None
    backup: LastBackup | None = None
    problem: Reason | None = None


def facts(place: Place, engine: Engine) -> Facts:
    """Return the facts about a database, whether or not it can be read."""
    try:
        return Facts(revision(place), _size_bytes(place, engine), last_backup(engine))
    except StorageError as error:
        return Facts(problem=error.reason)
    except (DatabaseError, OSError) as error:
        return Facts(problem=diagnose(error).cause)


def password_of(place: Place) -> str:
    """Return the password in a database's address, empty if there is none."""
    return (make_url(place).password or "") if isinstance(place, str) else ""


def rows_by_table(engine: Engine, now: datetime) -> dict[str, Any]:
    """Return the rows of the last day and the time of the last row, by table and device."""
    of_messages = [table for table in metadata.sorted_tables if "device" in table.c and "at" in table.c]
    return {table.name: _by_device(engine, table, to_ms(now - DAY)) for table in of_messages if "step" not in table.c}


def _by_device(engine: Engine, table: Table, since: int) -> dict[str, Any]:
    """One seek per device: a plain GROUP BY would read the whole table."""
    found: dict[str, Any] = {}
    device, home = "", home_of(engine)
    column: Column[Any] = table.c.device
    while rows := rows_of(
        engine, select(column).where(column > device, *of_home(home, column)).order_by(column).limit(1)
    ):
        device = rows[0].device
        of, name = split_name(device)
        if of != home:
            continue
        last = rows_of(engine, select(func.max(table.c.at).label("at")).where(column == device))[0].at
        here = (column == device, table.c.at >= since)
        count = rows_of(engine, select(func.count().label("count")).select_from(table).where(*here))[0].count
        found[name] = {"last": iso(from_ms(last)), "rows_of_the_last_day": count}
    return found


def _size_bytes(place: Place, engine: Engine) -> int | None:
    if isinstance(place, Path):
        files = [place, place.with_name(f"{place.name}-wal")]
        return sum(file.stat().st_size for file in files if file.exists()) if place.exists() else None
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
