"""Rows from the future: a clock that was ahead has written them, and they become messages without a time again.

Those of a boot that has learnt the time since are recorded anew at their true times; the others are kept apart.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, and_, delete, select

from services.recorder.ledger import mark_due
from services.recorder.rollups import forget_rollups
from services.recorder.rows import MAX_AHEAD, RECORDED, Row, name_on_topic, to_undated
from services.recorder.store import DERIVED_FROM, Store
from shared.history.derived import SOURCES
from shared.history.readings import distinct
from shared.history.stored_messages import message_of
from shared.history.tables import from_ms, outage_schedule, to_ms
from shared.messages import LONGEST_UPTIME_S, ClockStamp
from shared.topics import Topic
from shared.trusted_time import STEP, unset_start, with_moments

CHUNK = 200
NO_BOOT = "ahead"
"""Of rows that are not of any boot known to be ahead: their time in the future is kept as that of this one."""

Starts = Mapping[str, datetime]
"""When boots began by a clock that was ahead."""


def set_aside(store: Store, now: datetime, starts: Starts) -> bool:
    """Move some rows that are ahead of a clock known to be right to the undated messages; whether there were any."""
    for topic, table in RECORDED:
        # a schedule has the time of its server
        rows = () if table is outage_schedule else store.run(partial(_of_table, table=table, now=now))
        if rows:
            store.write([_undated(topic, row, starts) for row in rows])
            store.run(partial(_remove, table=table, rows=rows))
            store.forget_newest()
            return True
    return False


def _of_table(connection: Connection, *, table: Table, now: datetime) -> Sequence[RowMapping]:
    """Return the first rows from the future of some device."""
    for device in distinct(connection, table.c.device):
        ahead = (table.c.device == device, table.c.at > to_ms(now + MAX_AHEAD))
        if rows := connection.execute(select(table).where(*ahead).order_by(table.c.at).limit(CHUNK)).mappings().all():
            return rows
    return ()


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
