"""Rows per second into SQLite: the raw sqlite3 module, our store, and our whole way from payload to commit."""

import json
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Float, Integer

from services.recorder.rows import to_row
from services.recorder.store import open_store
from shared.history.tables import inverter_state
from shared.messages import InverterState
from shared.topics import INVERTER_STATE

ROWS = 40_000
BATCH = 500
ROUNDS = 3
START = datetime(2026, 11, 23, tzinfo=UTC)


def payloads() -> list[bytes]:
    """Return readings as they travel, with most fields filled."""
    fields = {
        name: 5
        for name, column in inverter_state.columns.items()
        if isinstance(column.type, Integer | Float) and name != "at"
    }
    readings = (InverterState(at=START + timedelta(seconds=5 * n), **fields, warnings=()) for n in range(ROWS))
    return [reading.model_dump_json().encode() for reading in readings]


def batches(rows: Sequence[Any]) -> list[Sequence[Any]]:
    """Cut rows as the recorder does at full speed."""
    return [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]


def rate(work: Callable[[Path], None]) -> float:
    """Return rows per second, the best of a few rounds, each into a new file."""
    best = 0.0
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "bench.db"
            open_store(path).close()
            began = time.perf_counter()
            work(path)
            best = max(best, ROWS / (time.perf_counter() - began))
    return best


def plain_row(message: dict[str, Any], names: list[str]) -> list[Any]:
    """Return the same row without any check: what a short script would do."""
    message |= {
        "device": "main",
        "at": int(datetime.fromisoformat(message["at"]).timestamp() * 1000),
        "warnings": json.dumps(message["warnings"]),
    }
    return [message[name] for name in names]


def raw_module(rows: Sequence[Any], prepare: Callable[[Any], Any], insert: str) -> Callable[[Path], None]:
    """Return the work of the plain sqlite3 module."""

    def work(path: Path) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        for batch in batches(rows):
            connection.execute("BEGIN")
            connection.executemany(insert, [prepare(row) for row in batch])
            connection.execute("COMMIT")
        connection.close()

    return work


def our_store(rows: Sequence[Any], prepare: Callable[[Any], Any]) -> Callable[[Path], None]:
    """Return the work of our store."""

    def work(path: Path) -> None:
        store = open_store(path)
        for batch in batches(rows):
            store.write([prepare(row) for row in batch])
        store.close()

    return work


def main() -> None:
    """Print the ratios at the same batch and durability: WAL, synchronous=FULL, a commit a batch."""
    topic = INVERTER_STATE.named("main")
    sent = payloads()
    rows = [to_row(topic, payload) for payload in sent]
    names = [column.name for column in inverter_state.columns]
    insert = (
        f"INSERT INTO inverter_state ({','.join(names)}) VALUES ({','.join('?' * len(names))}) ON CONFLICT DO NOTHING"
    )
    print(
        f"{len(names)} columns, batches of {BATCH}, WAL, synchronous=FULL, best of {ROUNDS}; rows a second and ratio\n"
    )
    compare("rows that are ready", raw_module(rows, lambda row: row[1], insert), our_store(rows, lambda row: row))
    raw = raw_module(sent, lambda payload: plain_row(json.loads(payload), names), insert)
    compare("from the JSON payload", raw, our_store(sent, lambda payload: to_row(topic, payload)))


def compare(what: str, raw: Callable[[Path], None], ours: Callable[[Path], None]) -> None:
    """Print our rate beside that of the plain module on the same task."""
    ceiling, got = rate(raw), rate(ours)
    print(f"{what:24} raw sqlite3 {ceiling:9,.0f}   ours {got:9,.0f}   {got / ceiling:.2f}")
