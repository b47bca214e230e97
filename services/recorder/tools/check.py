"""An integrity check and a summary of the database, in plain sentences."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, Table, func, inspect, select

from services.recorder.sqlite_files import integrity_fault, opened_read_only
from services.recorder.tools.export import extent, require_ours
from services.recorder.tools.files import ToolError, plain_errors, require_database
from shared.conditions import recorder_tools as tools
from shared.history.compression import FORMAT, intact
from shared.history.engine import Place, reader
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
from shared.texts.localizer import Localizer

GAP = timedelta(minutes=5)
WEEK = timedelta(days=7)
MAX_SENTENCES = 10


def check(place: Place, now: datetime, localizer: Localizer) -> Iterator[str]:
    """Yield sentences about the database; raises one of our errors if there is a fault."""
    with plain_errors("check"):
        if isinstance(place, Path):
            yield from _file(place, localizer)
        require_ours(place)
        yield localizer("tool.db_schema", schema=HEAD)
        engine = reader(place)
        try:
            with engine.connect() as connection:
                yield from _contents(connection, now, localizer)
                if isinstance(place, str):
                    size = connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one()
                    yield localizer("tool.db_on_server", size=_mb(size, localizer))
        finally:
            engine.dispose()


def _file(path: Path, localizer: Localizer) -> Iterator[str]:
    require_database(path)
    log = path.with_name(path.name + "-wal")
    beside = {"log": _mb(log.stat().st_size, localizer)} if log.exists() else {}
    with opened_read_only(path) as connection:
        fault = integrity_fault(connection)
        if fault:
            raise ToolError(tools.damaged(file=str(path), fault=fault))
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    sizes = {"size": _mb(pages * size, localizer), "free": _mb(free * size, localizer), **beside}
    yield localizer("tool.db_intact_with_log" if beside else "tool.db_intact", file=path, **sizes)


def _contents(connection: Connection, now: datetime, localizer: Localizer) -> Iterator[str]:
    existing = set(inspect(connection).get_table_names())
    for name, table in sorted(metadata.tables.items()):
        missing = localizer("tool.table_missing", table=name)
        yield _rows(connection, table, localizer) if name in existing else missing
    yield from _damaged_hours(connection, localizer)
    for table in (inverter_state, battery_state):
        yield from _gaps(connection, table, now, localizer)
    yield from _dead_letters(connection, localizer)


def _rows(connection: Connection, table: Table, localizer: Localizer) -> str:
    count, first, last = extent(connection, table)
    found = {"table": table.name, "rows": localizer.decimal(count)}
    if first is None or last is None:
        return localizer.count("tool.table_rows", count, **found)
    return localizer.count("tool.table_span", count, **found, first=_iso(first), last=_iso(last))


def _damaged_hours(connection: Connection, localizer: Localizer) -> Iterator[str]:
    hour = compressed_hour.c
    query = select(hour.data).where(func.abs(hour.format) <= FORMAT).execution_options(yield_per=HOURS_PER_FETCH)
    damaged = sum(not intact(data) for (data,) in connection.execute(query))
    if damaged:
        yield localizer.count("tool.hours_damaged", damaged)


def _gaps(connection: Connection, table: Table, now: datetime, localizer: Localizer) -> Iterator[str]:
    """Yield gaps of more than five minutes within the last week."""
    since = to_ms(now - WEEK)
    before = func.lag(table.c.at).over(partition_by=table.c.device, order_by=table.c.at).label("before")
    steps = select(table.c.device, before, table.c.at).where(table.c.at >= since).subquery()
    query = select(steps).where(steps.c.at - steps.c.before > GAP // MILLISECOND).order_by(steps.c.device, steps.c.at)
    sentences = (
        localizer(
            "tool.gap",
            table=table.name,
            device=device,
            start=_iso(start),
            end=_iso(end),
            length=localizer.lasted((end - start) * MILLISECOND),
        )
        for device, start, end in connection.execute(query)
    )
    yield from _first_few(sentences, lambda more: localizer("tool.more_gaps", table=table.name, more=more))
    latest = select(table.c.device, func.max(table.c.at)).where(table.c.at >= since).group_by(table.c.device)
    for device, at in connection.execute(latest):
        if now - from_ms(at) > GAP:
            length = localizer.lasted(now - from_ms(at))
            yield localizer("tool.silent_since", table=table.name, device=device, at=_iso(at), length=length)


def _dead_letters(connection: Connection, localizer: Localizer) -> Iterator[str]:
    query = (
        select(dead_letter.c.topic, func.count().label("count"), func.max(dead_letter.c.at))
        .group_by(dead_letter.c.topic)
        .order_by(func.count().desc())
    )
    sentences = (
        localizer.count("tool.dead_letters", count, topic=topic, at=_iso(at))
        for topic, count, at in connection.execute(query)
    )
    yield from _first_few(sentences, lambda more: localizer("tool.more_topics", more=more))


def _first_few(sentences: Iterator[str], rest: Callable[[int], str]) -> Iterator[str]:
    yield from islice(sentences, MAX_SENTENCES)
    if more := sum(1 for _ in sentences):
        yield rest(more)


def _iso(ms: int) -> str:
    return iso(from_ms(ms))


def _mb(size: int, localizer: Localizer) -> str:
    return localizer.number("system.megabytes", size / 1e6, 1)
