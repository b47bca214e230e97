"""An integrity check and a summary of the database, in plain sentences."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Table, func, inspect, select

from services.recorder.sqlite_files import integrity_fault, opened_read_only
from services.recorder.tools.export import extent, require_ours
from services.recorder.tools.files import ToolError, plain_errors, require_database
from shared.history.compression import FORMAT, intact
from shared.history.engine import Place, reader, shown
from shared.history.migration import HEAD
from shared.history.readings import HOURS_PER_FETCH
from shared.history.tables import (
    MILLISECOND,
    battery_state,
    compressed_hour,
    dead_letter,
    from_ms,
    inverter_state,
    metadata,
    to_ms,
)
from shared.messages import iso
from shared.texts.language import Language, plural

GAP = timedelta(minutes=5)
WEEK = timedelta(days=7)
MAX_SENTENCES = 10


def check(place: Place, now: datetime) -> Iterator[str]:
    """Yield sentences about the database; raises one of our errors if there is a fault."""
    with plain_errors(f"The check of {shown(place)}"):
        if isinstance(place, Path):
            yield from _file(place)
        require_ours(place)
        yield f"Its schema is {HEAD}, the one this program needs."
        engine = reader(place)
        try:
            with engine.connect() as connection:
                yield from _contents(connection, now)
                if isinstance(place, str):
                    size = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
                    yield f"On the server it takes {_mb(size)}."
        finally:
            engine.dispose()


def _file(path: Path) -> Iterator[str]:
    require_database(path)
    log = path.with_name(path.name + "-wal")
    beside = f", plus {_mb(log.stat().st_size)} in its write-ahead log" if log.exists() else ""
    with opened_read_only(path) as connection:
        fault = integrity_fault(connection)
        if fault:
            raise ToolError(
                f"{path} is damaged ({fault}): the recorder sets it aside, records into a new one and brings over what "
                "can be read; or stop it and restore a backup."
            )
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    yield f"{path} is intact. It takes {_mb(pages * size)}{beside}; {_mb(free * size)} of it is free for new rows."


def _contents(connection: Connection, now: datetime) -> Iterator[str]:
    existing = set(inspect(connection).get_table_names())
    for name, table in sorted(metadata.tables.items()):
        yield _rows(connection, table) if name in existing else f"The table {name} is missing."
    yield from _damaged_hours(connection)
    for table in (inverter_state, battery_state):
        yield from _gaps(connection, table, now)
    yield from _dead_letters(connection)


def _rows(connection: Connection, table: Table) -> str:
    count, first, last = extent(connection, table)
    between = "" if first is None or last is None else f", from {_iso(first)} to {_iso(last)}"
    return f"{table.name}: {_count(count, 'row|rows')}{between}."


def _damaged_hours(connection: Connection) -> Iterator[str]:
    hour = compressed_hour.c
    query = select(hour.data).where(func.abs(hour.format) <= FORMAT).execution_options(yield_per=HOURS_PER_FETCH)
    damaged = sum(not intact(data) for (data,) in connection.execute(query))
    if damaged:
        yield f"compressed_hour: {damaged:,} {'hour is' if damaged == 1 else 'hours are'} damaged."


def _gaps(connection: Connection, table: Table, now: datetime) -> Iterator[str]:
    """Yield gaps of more than five minutes within the last week."""
    since = to_ms(now - WEEK)
    before = func.lag(table.c.at).over(partition_by=table.c.device, order_by=table.c.at).label("before")
    steps = select(table.c.device, before, table.c.at).where(table.c.at >= since).subquery()
    query = select(steps).where(steps.c.at - steps.c.before > GAP // MILLISECOND).order_by(steps.c.device, steps.c.at)
    sentences = (
        f"{table.name}: nothing from {device} between {_iso(start)} and {_iso(end)} ({_minutes(end - start)})."
        for device, start, end in connection.execute(query)
    )
    yield from _first_few(sentences, f"{table.name}: and {{more:,}} more gaps this week.")
    latest = select(table.c.device, func.max(table.c.at)).where(table.c.at >= since).group_by(table.c.device)
    for device, at in connection.execute(latest):
        if now - from_ms(at) > GAP:
            yield f"{table.name}: nothing from {device} since {_iso(at)} ({_minutes(to_ms(now) - at)})."


def _dead_letters(connection: Connection) -> Iterator[str]:
    query = (
        select(dead_letter.c.topic, func.count().label("count"), func.max(dead_letter.c.at))
        .group_by(dead_letter.c.topic)
        .order_by(func.count().desc())
    )
    sentences = (
        f"dead_letter: {_count(count, 'message|messages')} on {topic} could not be recorded, the last at {_iso(at)}."
        for topic, count, at in connection.execute(query)
    )
    yield from _first_few(sentences, "dead_letter: and messages on {more:,} more topics.")


def _first_few(sentences: Iterator[str], rest: str) -> Iterator[str]:
    yield from islice(sentences, MAX_SENTENCES)
    if more := sum(1 for _ in sentences):
        yield rest.format(more=more)


def _count(number: int, forms: str) -> str:
    return f"{number:,} {plural(Language.EN, number, forms)}"


def _iso(ms: int) -> str:
    return iso(from_ms(ms))


def _minutes(ms: int) -> str:
    minutes = round(ms / 60_000)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
