"""Deletes readings, events and dead letters that are too old, some in each transaction."""

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, Table, delete, func, insert, literal_column, select, tuple_

from services.recorder import dead_letters
from services.recorder.ledger import lock_upkeep
from services.recorder.store import READINGS, Store
from shared.history.derived import DAY, HOUR_MS, SOURCES, upkeep_note
from shared.history.partitions import drop_partition, partitioned, period_start
from shared.history.readings import ends
from shared.history.tables import EVENTS, compressed_hour, to_ms

PURGE_MS = HOUR_MS // 2
PURGE_DEVICES = 20
"""How much is deleted in one transaction: this time of this many devices, at most a few thousand rows."""
PURGE_HOURS = 500
"""How many compressed hours are deleted in one transaction."""
PURGE_EVENTS = 1000
"""How many events of a device are deleted in one transaction."""
VACUUM_PAGES = 500
"""How many pages of the file are released in one transaction."""


def purge(store: Store, days: int, now: datetime) -> bool:
    """Delete some of what is older than `days`; return whether there was any."""
    newest = store.newest()
    cutoff = to_ms(now - timedelta(days=days)) // HOUR_MS * HOUR_MS
    work = [(_purge, table) for table in READINGS] + [(_purge_events, table) for table in EVENTS]
    return store.run(partial(_purge_dead_letters, now=now, newest=newest)) or any(
        store.run(partial(purge_some, table=table, days=days, cutoff=cutoff, newest=newest))
        for purge_some, table in work
    )


def _purge(connection: Connection, table: Table, days: int, cutoff: int, newest: datetime | None) -> bool:
    lock_upkeep(connection)
    hours = _has_older_hours(connection, table, cutoff)
    oldest = {} if hours else ends(connection, table, "min")
    if not hours and min(oldest.values(), default=cutoff) >= cutoff:
        return False
    by_readings = kept_from(connection, days, newest)
    if by_readings is None:
        return False
    cutoff = min(cutoff, by_readings // HOUR_MS * HOUR_MS)
    if hours and _purge_hours(connection, table, cutoff):
        return True
    if partitioned(connection, table):
        cutoff = period_start(table, cutoff)
        if drop_partition(connection, table, cutoff, only_empty=False):
            note_purged(connection, table, cutoff)
            return True
    return _purge_rows(connection, table, cutoff, oldest or ends(connection, table, "min"))


def _purge_events(connection: Connection, table: Table, days: int, cutoff: int, newest: datetime | None) -> bool:
    """Delete some events of a device. Its last one stays, as otherwise a repeated state would look like a change."""
    lock_upkeep(connection)
    older = _with_older_events(connection, table, cutoff)
    by_readings = kept_from(connection, days, newest) if older else None
    if by_readings is None:
        return False
    cutoff = min(cutoff, by_readings)
    device, until = next(((name, min(last, cutoff)) for name, first, last in older if first < cutoff), ("", None))
    if until is None:
        return False
    chunk = select(table.c.at).where(table.c.device == device, table.c.at < until).order_by(table.c.at)
    last = connection.execute(chunk.limit(PURGE_EVENTS)).scalars().all()[-1]
    connection.execute(delete(table).where(table.c.device == device, table.c.at <= last))
    vacuum(connection)
    return True


def _with_older_events(connection: Connection, table: Table, cutoff: int) -> list[tuple[str, int, int]]:
    """Return the devices with events before the cutoff, besides their last: the first and last time of each."""
    first = ends(connection, table, "min")
    if min(first.values(), default=cutoff) >= cutoff:
        return []
    last = ends(connection, table, "max")
    return [(name, at, last[name]) for name, at in first.items() if at < min(cutoff, last[name])]


def kept_from(connection: Connection, days: int, newest: datetime | None) -> int | None:
    """Return what to keep by the readings: `days` days that have some before the newest one; None: keep all.

    Older readings may be deleted. A clock that leaps only adds the days that it shows, so it costs no more than those.
    """
    found: set[int] = set()
    for source in SOURCES.values():
        found.update(_last_days(connection, source.rollup, days + 1))
    if newest is None or len(found) <= days:
        return None
    ordered = sorted(found)
    return ordered[-days - 1] + to_ms(newest) - ordered[-1]


def _last_days(connection: Connection, rollup: Table, count: int) -> list[int]:
    """Return when the last days with readings of any device begin, by one seek each in the index of the days."""
    at, of_days = rollup.c.at, rollup.c.step == literal_column(str(DAY))
    found = select(func.max(at).label("at")).where(of_days).cte("found", recursive=True)
    before = select(func.max(at)).where(of_days, at < found.c.at).scalar_subquery()
    days = found.union_all(select(before).where(found.c.at.is_not(None)))
    return list(connection.execute(select(days.c.at).where(days.c.at.is_not(None)).limit(count)).scalars())


def _purge_dead_letters(connection: Connection, now: datetime, newest: datetime | None) -> bool:
    by_readings = kept_from(connection, dead_letters.KEEP_DAYS, newest)
    too_old = to_ms(now - timedelta(days=dead_letters.KEEP_DAYS))
    return dead_letters.purge(connection, None if by_readings is None else min(too_old, by_readings))


def _has_older_hours(connection: Connection, table: Table, cutoff: int) -> bool:
    hour = compressed_hour.c
    query = select(hour.at).where(hour.source == table.name, hour.at < cutoff).limit(1)
    return connection.execute(query).first() is not None


def _purge_hours(connection: Connection, table: Table, cutoff: int) -> bool:
    hour = compressed_hour.c
    oldest = select(hour.device, hour.at).where(hour.source == table.name, hour.at < cutoff)
    found = connection.execute(oldest.order_by(hour.at).limit(PURGE_HOURS)).all()
    if not found:
        return False
    note_purged(connection, table, cutoff)
    keys = tuple_(hour.device, hour.at).in_([tuple(key) for key in found])
    connection.execute(delete(compressed_hour).where(hour.source == table.name, keys))
    vacuum(connection)
    return True


def _purge_rows(connection: Connection, table: Table, cutoff: int, oldest: dict[str, int]) -> bool:
    first = min(oldest.values(), default=cutoff)
    if first >= cutoff:
        return False
    until = min(cutoff, first + PURGE_MS)
    names = [device for device, at in oldest.items() if at < until][:PURGE_DEVICES]
    note_purged(connection, table, cutoff)
    connection.execute(delete(table).where(table.c.device.in_(names), table.c.at < until))
    vacuum(connection)
    return True


def vacuum(connection: Connection) -> None:
    """Shrink the file. Each released page is a row without columns, which only the driver's own cursor fetches."""
    if connection.dialect.name != "sqlite":
        return
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})")
    cursor.fetchall()
    cursor.close()


def note_purged(connection: Connection, table: Table, cutoff: int) -> None:
    """Note that readings before the cutoff are no longer complete, in the transaction that deletes them."""
    before = note(connection, table.name)
    set_note(connection, table.name, str(max(cutoff, int(before or cutoff))))


def note(connection: Connection, name: str) -> str | None:
    """Return a note of upkeep."""
    return connection.execute(select(upkeep_note.c.value).where(upkeep_note.c.name == name)).scalar()


def set_note(connection: Connection, name: str, value: str) -> None:
    """Write a note of upkeep."""
    if note(connection, name) != value:
        connection.execute(delete(upkeep_note).where(upkeep_note.c.name == name))
        connection.execute(insert(upkeep_note), {"name": name, "value": value})
