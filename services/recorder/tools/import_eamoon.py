"""Imports the readings of x-mentat/eamoon; repeating an import adds nothing twice."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from services.recorder.rows import Row, to_row
from services.recorder.sqlite_files import READ_ONLY, opened_read_only
from services.recorder.store import open_store
from services.recorder.tools.eamoon import Tally, to_state
from services.recorder.tools.files import ToolError, plain_errors, require_database
from services.recorder.tools.progress import progress
from shared.conditions import recorder_tools as tools
from shared.errors import BadMessageError, StorageError, UsageError
from shared.history.engine import Place, reader
from shared.history.readings import readings
from shared.history.tables import inverter_state
from shared.texts.localizer import Localizer
from shared.topics import INVERTER_STATE

BATCH = 500
COLUMNS = {"id", "created_at", "payload", "error"}


def import_eamoon(place: Place, file: Path, device: str, now: datetime, localizer: Localizer) -> str:
    """Import a file and return sentences about what became of its rows."""
    require_database(file)
    topic = INVERTER_STATE.named(device)
    if INVERTER_STATE.name_in(topic) is None:
        raise UsageError(tools.bad_inverter_name(given=device[:60]))
    tally, new = Tally(), 0
    with plain_errors(f"import-eamoon {file}"), opened_read_only(file, READ_ONLY) as source:
        total = _require_readings(source, file)
        store, engine = open_store(place), reader(place)
        try:
            rows_to_write = _rows(source, total, topic, tally, now)
            while rows := list(islice(rows_to_write, BATCH)):
                times = {row[1] for row in rows}
                new += len(times) - _count_stored(engine, device, times)
                store.write([(inverter_state, row) for row in rows])
        except StorageError as error:
            raise ToolError(tools.import_stopped(cause=error.reason)) from None
        finally:
            store.close()
            engine.dispose()
    return "\n".join(_sentences(tally, new, file, device, localizer))


def _require_readings(source: sqlite3.Connection, file: Path) -> int:
    columns = {row[1] for row in source.execute("PRAGMA table_info(readings)")}
    if not columns >= COLUMNS:
        raise UsageError(tools.not_eamoon(file=str(file)))
    count: int = source.execute("SELECT count(*) FROM readings").fetchone()[0]
    return count


def _source_rows(source: sqlite3.Connection) -> Iterator[Sequence[Any]]:
    """Yield rows page by page: one long query would block a running eamoon from writing."""
    query = "SELECT id, created_at, payload, error FROM readings WHERE id > ? ORDER BY id LIMIT 2000"
    last = -(2**63)
    while page := source.execute(query, (last,)).fetchall():
        yield from page
        last = page[-1][0]


def _rows(source: sqlite3.Connection, total: int, topic: str, tally: Tally, now: datetime) -> Iterator[Row]:
    """Yield our rows, each validated like a message from the broker."""
    for _, created_at, payload, error in progress(_source_rows(source), total, topic):
        state = to_state(created_at, payload, error, tally)
        if state is None:
            continue
        try:
            _, row = to_row(topic, json.dumps(state).encode(), now)
        except BadMessageError as problem:
            tally.bad[problem.reason] += 1
            continue
        tally.readings += 1
        yield row


def _count_stored(engine: Engine, device: str, times: Collection[int]) -> int:
    """Return how many of the times are in the database already."""
    with engine.connect() as connection:
        samples = readings(connection, inverter_state, device, (), (min(times), max(times) + 1))
        return sum(1 for (at,) in samples if at in times)


def _sentences(tally: Tally, new: int, file: Path, device: str, localizer: Localizer) -> Iterator[str]:
    decimal = localizer.decimal
    known = decimal(tally.readings - new)
    yield localizer("tool.imported", file=file, rows=decimal(tally.rows), new=decimal(new), device=device, known=known)
    if tally.errors:
        yield localizer("tool.import_errors", rows=decimal(tally.errors))
    if tally.copies:
        yield localizer("tool.import_copies", rows=decimal(tally.copies))
    for cause, count in tally.bad.most_common():
        yield localizer("tool.import_skipped", rows=decimal(count), cause=localizer.reason(cause))
    if tally.unreadable:
        yield localizer("tool.import_unreadable", count=decimal(tally.unreadable))
    for name, count in tally.unknown.most_common(20):
        yield localizer("tool.import_unknown", name=name[:60], rows=decimal(count))
    yield localizer("tool.import_left_out")
