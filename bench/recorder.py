"""Rows per second into SQLite: the raw sqlite3 module, our store, and our whole way from payload to commit."""

import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Float, Integer

from bench.history import KEPT_DAYS, ZONE
from bench.year import CELLS, battery
from services.recorder.rows import to_row
from services.recorder.store import open_store
from services.recorder.upkeep import Upkeep
from shared.history.tables import battery_state
from shared.history.tables import inverter_state as table
from shared.messages import BatteryState, InverterState, Message
from shared.topics import BATTERY_STATE, INVERTER_STATE
from simulators.history import inverter_state, truths
from simulators.settings import HistorySettings
from tests.support.postgres import programs, running_postgres

ROWS = 40_000
DAY = 8640
BATCH = 500
ROUNDS = 3
START = datetime(2026, 11, 23, tzinfo=UTC)
FIGURES = [name for name, column in table.columns.items() if isinstance(column.type, Integer | Float) and name != "at"]
FLOATS, WHOLES = (
    [name for name, column in battery_state.columns.items() if isinstance(column.type, kind) and name != "at"]
    for kind in (Float, Integer)
)


def payloads() -> list[bytes]:
    """Return readings as they travel, with most fields filled."""
    return [filled_reading(START + timedelta(seconds=5 * number)) for number in range(ROWS)]


def filled_reading(at: datetime) -> bytes:
    """Return a reading as it travels, with most fields filled."""
    return InverterState(at=at, **dict.fromkeys(FIGURES, 5), warnings=()).model_dump_json().encode()


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
    names = [column.name for column in table.columns]
    insert = (
        f"INSERT INTO inverter_state ({','.join(names)}) VALUES ({','.join('?' * len(names))}) ON CONFLICT DO NOTHING"
    )
    print(
        f"{len(names)} columns, batches of {BATCH}, WAL, synchronous=FULL, best of {ROUNDS}; rows a second and ratio\n"
    )
    compare("rows that are ready", raw_module(rows, lambda row: row[1], insert), our_store(rows, lambda row: row))
    raw = raw_module(sent, lambda payload: plain_row(json.loads(payload), names), insert)
    compare("from the JSON payload", raw, our_store(sent, lambda payload: to_row(topic, payload)))
    server(rows)
    sizes()


def server(rows: Sequence[Any]) -> None:
    """The same into PostgreSQL, beside psycopg itself, where a server is installed."""
    if programs() is None:
        return
    with running_postgres() as postgres:
        raw = max(into_psycopg(postgres.create(f"raw{number}"), rows) for number in range(ROUNDS))
        ours = max(into_server(postgres.create(f"ours{number}"), rows) for number in range(ROUNDS))
    print(f"{'into PostgreSQL, fsync off':24} psycopg     {raw:9,.0f}   ours {ours:9,.0f}   {ours / raw:.2f}")


def into_psycopg(url: str, rows: Sequence[Any]) -> float:
    """Return the driver's own rows per second."""
    open_store(url).close()
    insert = f"INSERT INTO inverter_state VALUES ({','.join(['%s'] * len(rows[0][1]))}) ON CONFLICT DO NOTHING"
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        began = time.perf_counter()
        for batch in batches(rows):
            cursor.executemany(insert, [row for _, row in batch])
            connection.commit()
        return len(rows) / (time.perf_counter() - began)


def into_server(url: str, rows: Sequence[Any]) -> float:
    """Return our rows per second."""
    store = open_store(url)
    began = time.perf_counter()
    for batch in batches(rows):
        store.write(batch)
    took = time.perf_counter() - began
    store.close()
    return len(rows) / took


def sizes() -> None:
    """Print the bytes that a reading takes in the file: as a row, and compressed when it is older than ten days."""
    print(f"\n{'bytes a reading':34} {'row':>5} {'hour':>7}")
    for name, messages in (
        ("inverter", house_readings()),
        ("battery of 16 cells", quiet_readings()),
        ("the same, every value by chance", battery_readings()),
    ):
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "bench.db"
            store = open_store(path)
            empty = path.stat().st_size
            rows = [to_row(topic, message.model_dump_json().encode()) for topic, message in messages]
            for batch in batches(rows):
                store.write(batch)
            store.close()
            of_rows = (path.stat().st_size - empty) / len(rows)
            Upkeep(store, ZONE, KEPT_DAYS).finish(START + timedelta(days=30))
            store.close()
            with sqlite3.connect(path) as connection:
                ((compressed,),) = connection.execute("SELECT sum(length(data)) FROM compressed_hour")
            print(f"{name:34} {of_rows:5.0f} {compressed / len(rows):7.1f}")


def house_readings() -> Iterator[tuple[str, Message]]:
    """Return a day of the simulated house, a reading in 10 s."""
    chance = random.Random(1)
    settings = HistorySettings(_env_file=None)
    for truth in truths(settings.new_house(START, 1), START, 10):
        reading = inverter_state(truth, settings.house_layout)
        yield INVERTER_STATE.named("main"), reading.model_copy(update={"at": jittered(reading.at, chance)})


def quiet_readings() -> Iterator[tuple[str, Message]]:
    """Return a day of a battery whose figures tremble by a digit, as those of a JK BMS do."""
    chance = random.Random(1)
    house = HistorySettings(_env_file=None).new_house(START, 1)
    for truth in truths(house, START, 10):
        reading = battery(truth, 0.5)
        middle = truth.battery_voltage_v / CELLS
        cells = tuple(round(middle + chance.choice((-0.001, 0, 0, 0.001)), 3) for _ in range(CELLS))
        shaken = {
            "at": jittered(reading.at, chance),
            "cell_voltages_v": cells,
            "cell_min_v": min(cells),
            "cell_max_v": max(cells),
            "cell_delta_v": round(max(cells) - min(cells), 3),
            "current_a": round((reading.current_a or 0.0) + chance.uniform(-0.1, 0.1), 3),
            "power_w": round((reading.power_w or 0.0) + chance.uniform(-5, 5), 1),
            "rssi_dbm": -60 + chance.randrange(-4, 5),
            "frame_age_s": round(chance.uniform(0, 1), 1),
        }
        yield BATTERY_STATE.named("jk"), reading.model_copy(update=shaken)


def jittered(at: datetime, chance: random.Random) -> datetime:
    """Return a moment as a clock gives it, not a simulation."""
    return at + timedelta(milliseconds=chance.randrange(500))


def battery_readings() -> Iterator[tuple[str, Message]]:
    """Return a day of a battery with every field that a JK BMS has."""
    chance = random.Random(1)
    for number in range(DAY):
        cells = tuple(round(chance.uniform(3.20, 3.35), 3) for _ in range(16))
        yield (
            BATTERY_STATE.named("jk"),
            BatteryState(
                at=START + timedelta(seconds=10 * number),
                **{name: round(chance.uniform(0, 60), 2) for name in FLOATS},
                **{name: chance.randrange(60) for name in WHOLES},
                cell_voltages_v=cells,
                cell_resistances_ohm=tuple(round(chance.uniform(0.05, 0.07), 3) for _ in cells),
                temperatures_c=(21.5, 21.7),
                alarms=(),
                **dict.fromkeys(("charging_mosfet", "discharging_mosfet", "heating"), False),
            ),
        )


def compare(what: str, raw: Callable[[Path], None], ours: Callable[[Path], None]) -> None:
    """Print our rate beside that of the plain module on the same task."""
    ceiling, got = rate(raw), rate(ours)
    print(f"{what:24} raw sqlite3 {ceiling:9,.0f}   ours {got:9,.0f}   {got / ceiling:.2f}")
