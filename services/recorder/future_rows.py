"""Rows from the future, dated by a clock that was ahead, become messages without a time again.

Those of a boot that has learnt the time since are recorded again at their true times; the others are kept apart.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Table, and_, bindparam, delete, select

from services.recorder.ledger import mark_due
from services.recorder.rollups import forget_rollups
from services.recorder.rows import MAX_AHEAD, RECORDED, Row, name_on_topic, to_undated
from services.recorder.store import DERIVED_FROM, Store
from shared.history.derived import SOURCES
from shared.history.readings import seeks
from shared.history.stored_messages import message_of
from shared.history.tables import from_ms, outage_schedule, to_ms
from shared.messages import LONGEST_UPTIME_S, ClockStamp
from shared.topics import Topic
from shared.trusted_time import STEP, unset_start, with_moments

CHUNK = 200
NO_BOOT = "ahead"
"""The boot for rows of no boot known to be ahead: their time in the future is kept relative to it."""

Starts = Mapping[str, datetime]
"""When boots began by a clock that was ahead."""


def set_aside(store: Store, now: datetime, starts: Starts) -> bool:
    """Move some rows ahead of a clock known to be right to the undated messages; return whether there were any."""
    found = store.run(partial(_some_after, at=to_ms(now + MAX_AHEAD)))
    if found is None:
        return False
    topic, table, rows = found
    store.write([_undated(topic, row, starts) for row in rows])
    store.run(partial(_remove, table=table, rows=rows))
    store.forget_newest()
    return True


def _some_after(connection: Connection, at: int) -> tuple[Topic[Any], Table, Sequence[RowMapping]] | None:
    """Return some rows of a table that has any after a time."""
    for topic, table in RECORDED:
        if table is not outage_schedule:  # a schedule has the time of its server
            rows = connection.execute(_rows_after(table), {"after": at}).mappings().all()
            if rows:
                return topic, table, rows
    return None


@cache
def _rows_after(table: Table) -> Select[Any]:
    """Return the query for some rows after a time, which seeks those of each device; built once, as it runs often."""
    device = seeks(table.c.device).c.value
    return select(table).where(table.c.device == device, table.c.at > bindparam("after")).limit(CHUNK)


def _undated(topic: Topic[Any], row: RowMapping, starts: Starts) -> tuple[Table, Row]:
    at = from_ms(row["at"])
    began, boot = max(((start, boot) for boot, start in starts.items() if start <= at), default=(None, NO_BOOT))
    start = unset_start(boot)
    began = began or start
    message = message_of(topic.payload, row)
    message = with_moments(message, lambda one: start + (one - began) if one >= began - STEP else one)
    stamp = ClockStamp(boot=boot, uptime_s=min(round((at - began).total_seconds(), 3), LONGEST_UPTIME_S))
    name = name_on_topic(topic, row["device"])
    payload = message.model_copy(update={"clock": stamp}).model_dump_json().encode()
    return to_undated(topic.named(name), payload, stamp)


def _remove(connection: Connection, *, table: Table, rows: Sequence[RowMapping]) -> None:
    keys = [column for column in table.columns if column.primary_key]
    for row in rows:
        connection.execute(delete(table).where(and_(*(column == row[column.name] for column in keys))))
    if table.name in SOURCES:
        forget_rollups(connection, SOURCES[table.name], ((row["device"], row["at"]) for row in rows))
    if table in DERIVED_FROM:
        mark_due(connection, ((table.name, row["device"], row["at"]) for row in rows))
