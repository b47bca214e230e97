"""The readings of the predecessor into our tables: as often as one likes, each reading once."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from services.recorder.rows import Row, to_row
from services.recorder.store import open_store
from services.recorder.tools.eamoon import LEFT_OUT, Tally, to_state
from services.recorder.tools.files import THEIRS, plainly, reading, require_database
from services.recorder.tools.progress import progress
from shared.errors import BadMessageError, ConfigError, StorageError
from shared.history.engine import Place, reader
from shared.history.readings import readings
from shared.history.tables import inverter_state
from shared.topics import INVERTER_STATE

AT_ONCE = 500
COLUMNS = {"id", "created_at", "payload", "error"}


def import_eamoon(place: Place, file: Path, device: str, now: datetime) -> str:
    """Import a file and return sentences that say what became of its rows."""
    require_database(file)
    topic = INVERTER_STATE.named(device)
    if INVERTER_STATE.name_in(topic) is None:
        raise ConfigError(f'"{device[:60]}" is no name of an inverter: no slash, no blank.')
    tally, new = Tally(), 0
    with plainly(f"The import of {file}"), reading(file, THEIRS) as source:
        total = _require_readings(source, file)
        store, engine = open_store(place), reader(place)
        try:
            rows_left = _readings(source, total, topic, tally, now)
            while rows := list(islice(rows_left, AT_ONCE)):
                moments = {row[1] for row in rows}
                new += len(moments) - _there(engine, device, moments)
                store.write([(inverter_state, row) for row in rows])
        except StorageError as error:
            raise StorageError(f"The import stopped: {error} What is imported stays; run it again later.") from None
        finally:
            store.close()
            engine.dispose()
    return "\n".join(_sentences(tally, new, file, device))


def _require_readings(source: sqlite3.Connection, file: Path) -> int:
    columns = {row[1] for row in source.execute("PRAGMA table_info(readings)")}
    if not columns >= COLUMNS:
        raise ConfigError(f"{file} is no database of eamoon: it has no table readings with created_at and payload.")
    count: int = source.execute("SELECT count(*) FROM readings").fetchone()[0]
    return count


def _rows(source: sqlite3.Connection) -> Iterator[Sequence[Any]]:
    """Page by page: a reader that stays keeps a predecessor that still runs from writing."""
    query = "SELECT id, created_at, payload, error FROM readings WHERE id > ? ORDER BY id LIMIT 2000"
    last = -(2**63)
    while page := source.execute(query, (last,)).fetchall():
        yield from page
        last = page[-1][0]


def _readings(source: sqlite3.Connection, total: int, topic: str, tally: Tally, now: datetime) -> Iterator[Row]:
    """Yield our rows; each passes the same gate as a message from the broker."""
    for _, created_at, payload, error in progress(_rows(source), total, "importing", "rows"):
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


def _there(engine: Engine, device: str, moments: Collection[int]) -> int:
    """Return how many of the moments are in the database already."""
    with engine.connect() as connection:
        told = readings(connection, inverter_state, device, (), (min(moments), max(moments) + 1))
        return sum(1 for (at,) in told if at in moments)


def _sentences(tally: Tally, new: int, file: Path, device: str) -> Iterator[str]:
    yield (
        f"{file} has {tally.rows:,} rows: {new:,} new readings are imported as inverter {device}, "
        f"{tally.readings - new:,} were there already or stand twice in the file."
    )
    if tally.errors:
        yield f"{tally.errors:,} rows hold only an error that eamoon met; they are left out."
    if tally.copies:
        yield f"{tally.copies:,} rows are copies that its battery service made of an older reading; they are left out."
    for reason, count in tally.bad.most_common():
        yield f"{count:,} rows are left out: {reason}."
    if tally.unreadable:
        yield f"{tally.unreadable:,} values are no number or cannot be true; they are unknown now."
    for name, count in tally.unknown.most_common(20):
        yield f'The field "{name[:60]}" of {count:,} rows is not known here; it is left out.'
    yield f"Left out on purpose: {', '.join(f'{name} ({reason})' for name, reason in LEFT_OUT.items())}."
