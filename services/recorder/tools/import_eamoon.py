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
from services.recorder.tools.eamoon import LEFT_OUT, Tally, to_state
from services.recorder.tools.files import ToolError, plain_errors, require_database
from services.recorder.tools.progress import progress
from shared.errors import BadMessageError, StorageError, UsageError
from shared.history.engine import Place, reader
from shared.history.readings import readings
from shared.history.tables import inverter_state
from shared.topics import INVERTER_STATE

BATCH = 500
COLUMNS = {"id", "created_at", "payload", "error"}


def import_eamoon(place: Place, file: Path, device: str, now: datetime) -> str:
    """Import a file and return sentences about what became of its rows."""
    require_database(file)
    topic = INVERTER_STATE.named(device)
    if INVERTER_STATE.name_in(topic) is None:
        raise UsageError(f'"{device[:60]}" is not a valid inverter name: it must not contain slashes or spaces.')
    tally, new = Tally(), 0
    with plain_errors(f"The import of {file}"), opened_read_only(file, READ_ONLY) as source:
        total = _require_readings(source, file)
        store, engine = open_store(place), reader(place)
        try:
            rows_to_write = _rows(source, total, topic, tally, now)
            while rows := list(islice(rows_to_write, BATCH)):
                times = {row[1] for row in rows}
                new += len(times) - _count_stored(engine, device, times)
                store.write([(inverter_state, row) for row in rows])
        except StorageError as error:
            raise ToolError(f"The import stopped: {error} What was imported stays; run it again later.") from None
        finally:
            store.close()
            engine.dispose()
    return "\n".join(_sentences(tally, new, file, device))


def _require_readings(source: sqlite3.Connection, file: Path) -> int:
    columns = {row[1] for row in source.execute("PRAGMA table_info(readings)")}
    if not columns >= COLUMNS:
        raise UsageError(f"{file} is not a database of eamoon: no table `readings` with created_at and payload.")
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
    for _, created_at, payload, error in progress(_source_rows(source), total, "importing", "rows"):
        state = to_state(created_at, payload, error, tally)
        if state is None:
            continue
        try:
            _, row = to_row(topic, json.dumps(state).encode(), now)
        except BadMessageError as problem:
            tally.bad[str(problem)] += 1
            continue
        tally.readings += 1
        yield row


def _count_stored(engine: Engine, device: str, times: Collection[int]) -> int:
    """Return how many of the times are in the database already."""
    with engine.connect() as connection:
        samples = readings(connection, inverter_state, device, (), (min(times), max(times) + 1))
        return sum(1 for (at,) in samples if at in times)


def _sentences(tally: Tally, new: int, file: Path, device: str) -> Iterator[str]:
    yield (
        f"{file} has {tally.rows:,} rows: {new:,} new readings were imported as inverter {device}, "
        f"{tally.readings - new:,} were already there or are duplicates in the file."
    )
    if tally.errors:
        yield f"{tally.errors:,} rows contain only an error of eamoon; skipped."
    if tally.copies:
        yield f"{tally.copies:,} rows are copies of older readings made by its battery service; skipped."
    for reason, count in tally.bad.most_common():
        yield f"{count:,} rows were skipped: {reason}."
    if tally.unreadable:
        yield f"{tally.unreadable:,} values are not numbers or implausible; they are stored as unknown."
    for name, count in tally.unknown.most_common(20):
        yield f'The field "{name[:60]}" of {count:,} rows is unknown and was skipped.'
    yield f"Skipped on purpose: {', '.join(f'{name} ({reason})' for name, reason in LEFT_OUT.items())}."
