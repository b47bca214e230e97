"""A fleet of homes on one broker, recorded into one PostgreSQL while readings of other days are packed and purged."""

# names of columns

import math
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import paho.mqtt.client as mqtt
import psutil
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Connection, Engine, Float, Integer, text

from services.recorder.store import open_store
from services.recorder.upkeep import COMPRESS_AFTER
from shared.history.derived import DAY, DAY_MS, HOUR_MS, INVERTERS
from shared.history.engine import reader, writer
from shared.history.partitions import create_partitions
from shared.history.queries import latest, outages, series
from shared.history.reports import By, energy, outage_records
from shared.history.tables import grid_state, inverter_state, to_ms
from shared.messages import Grid, GridState, InverterState, Mode
from shared.topics import GRID_STATE, INVERTER_STATE
from tests.support.broker import Broker
from tests.support.postgres import Postgres, programs, running_postgres
from tests.support.stack import Process
from tests.support.waiting import eventually

HOMES = 1000
EVERY_S = 10
SPAN_S = 120
PACKED_HOURS = 1
"""So many hours of every home are due to be compressed when the recorder starts."""
RAW_DAYS = 30
PURGED_DAYS = 1
"""So many days of compressed hours, and a partition of the grid, are due to be deleted."""
KYIV = ZoneInfo("Europe/Kyiv")
LASTING = {"max_wal_size": "4GB", "shared_buffers": "512MB"}
"""PostgreSQL as it would really run: fsync and autovacuum are on."""
ANSWERS = 60
DRAWN = ("pv_power_w", "load_power_w", "grid_power_w", "battery_power_w", "battery_soc_percent")
NUMBERS = [
    column.name
    for column in inverter_state.columns
    if isinstance(column.type, Float | Integer) and column.name != "at" and "_bits" not in column.name
]


def main() -> None:
    """Print what a fleet costs, whether recording keeps up, and how long an answer of *History* takes."""
    if programs() is None:
        print("PostgreSQL is not installed.")
        return
    with tempfile.TemporaryDirectory() as name, running_postgres(LASTING) as server:
        url = server.create("fleet")
        now = datetime.now(UTC)
        began = time.perf_counter()
        fill(url, now)
        print(f"{HOMES} homes, filled in {time.perf_counter() - began:.0f} s: {overview(url)}")
        broker = Broker(Path(name) / "state")
        broker.start()
        env = broker.env() | {"DATABASE_URL": url, "RECORDER_HOMES": "true", "RAW_DAYS": str(RAW_DAYS)}
        recorder = Process("recorder", "services.recorder", env, Path(name) / "recorder.log")
        try:
            recorder.start()
            eventually(lambda: "Recording into" in recorder.log, "it records", 60)
            time.sleep(1)
            with speaking(broker) as sent:
                measure(url, server, recorder, sent)
            eventually(lambda: recorded(url, now) >= sent[-1], "every reading is recorded", 60)
            print(f"{sent[-1]} readings sent, {recorded(url, now)} recorded; {overview(url)}")
            answers(url, now)
        finally:
            recorder.stop()
            broker.stop()


def fill(url: str, now: datetime) -> None:
    """Give every home what is due to be compressed or deleted, and two days of roll-ups."""
    open_store(url).close()
    engine = writer(url)
    packed_from = to_ms(now - COMPRESS_AFTER) // HOUR_MS * HOUR_MS - PACKED_HOURS * HOUR_MS
    purged_from = to_ms(now - timedelta(days=RAW_DAYS + PURGED_DAYS))
    with engine.begin() as connection:
        create_partitions(connection, inverter_state, packed_from - DAY_MS, to_ms(now) + 2 * DAY_MS)
        create_partitions(connection, grid_state, purged_from - 60 * DAY_MS, to_ms(now) + 2 * DAY_MS)
        _raw(connection, packed_from, packed_from + PACKED_HOURS * HOUR_MS)
        _grid(connection, purged_from - 30 * DAY_MS)
        _hours(connection, purged_from, to_ms(now - timedelta(days=RAW_DAYS)))
        _rollups(connection, now)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


def _raw(connection: Connection, start: int, end: int) -> None:
    """Readings whose figures wander by a digit."""
    values = ", ".join(
        f"(100 + 50 * sin(at / 1000000.0 + {i}))::int + (random() * 3)::int" for i in range(len(NUMBERS))
    )
    connection.execute(
        text(
            f"INSERT INTO inverter_state (device, at, mode, faults, warnings, {', '.join(NUMBERS)}) "
            f"SELECT 'home' || home || '/main', at, 'mains', '[]', '[]', {values} "
            "FROM generate_series(0, :homes - 1) home, generate_series(:start, :end - 1, :every) at"
        ),
        {"homes": HOMES, "start": start, "end": end, "every": EVERY_S * 1000},
    )


def _grid(connection: Connection, start: int) -> None:
    connection.execute(
        text(
            "INSERT INTO grid_state (device, at, state, since) SELECT 'home' || home || '/grid', at, 'on', :start "
            "FROM generate_series(0, :homes - 1) home, generate_series(:start, :start + 3600000, 60000) at"
        ),
        {"homes": HOMES, "start": start},
    )


def _hours(connection: Connection, start: int, end: int) -> None:
    connection.execute(
        text(
            "INSERT INTO compressed_hour (source, device, at, last, n, data) SELECT 'inverter_state', "
            "'home' || home || '/main', at, at + 3590000, 360, decode(repeat(md5(random()::text), 160), 'hex') "
            "FROM generate_series(0, :homes - 1) home, generate_series(:start, :end - 1, 3600000) at"
        ),
        {"homes": HOMES, "start": start // HOUR_MS * HOUR_MS, "end": end},
    )


def _rollups(connection: Connection, now: datetime) -> None:
    """Five minutes and hours of two days for all, of a month for ten; days of all."""
    figures = [f"{name}_{kind}" for name in DRAWN for kind in ("min", "mean", "max")]
    energies = INVERTERS.energies
    values = ", ".join(["50"] * len(figures) + ["0.04"] * len(energies))
    query = text(
        f"INSERT INTO inverter_rollup (device, step, at, n, {', '.join((*figures, *energies))}) "
        f"SELECT 'home' || home || '/main', :step, at, 30, {values} "
        "FROM generate_series(0, :homes - 1) home, generate_series(:start, :end - 1, :width) at ON CONFLICT DO NOTHING"
    )
    for homes, days in ((HOMES, 2), (10, 30)):
        for step in (5, 60):
            width = step * 60_000
            start = to_ms(now - timedelta(days=days)) // width * width
            connection.execute(query, {"homes": homes, "step": step, "start": start, "end": to_ms(now), "width": width})
    midnight = datetime.combine(now.astimezone(KYIV).date(), datetime.min.time(), KYIV)
    first = to_ms(midnight.astimezone(UTC)) - 40 * DAY_MS
    span = {"homes": HOMES, "step": DAY, "start": first, "end": first + 40 * DAY_MS, "width": DAY_MS}
    connection.execute(query, span)


@contextmanager
def speaking(broker: Broker) -> Iterator[list[int]]:
    """Let every home publish a reading in ten seconds, and its grid once a minute; yield how many readings so far."""
    with (broker.state_dir / "acl").open("a") as acl:
        acl.write("user viewer\ntopic readwrite #\n")
    os.kill(broker.pid, signal.SIGHUP)
    time.sleep(1)
    sent, ending = [0], threading.Event()
    speaker = threading.Thread(target=_speak, args=(broker, sent, ending))
    speaker.start()
    try:
        yield sent
    finally:
        ending.set()
        speaker.join(60)


def _speak(broker: Broker, sent: list[int], ending: threading.Event) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.username_pw_set("viewer", (broker.secrets_dir / "viewer").read_text().strip())
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    chance, began = random.Random(1), time.monotonic()
    while not ending.is_set():
        while sent[0] < (time.monotonic() - began) * HOMES / EVERY_S:
            home, at = f"home{sent[0] % HOMES}", datetime.now(UTC)
            figures = {name: 90 + chance.randrange(9) for name in NUMBERS}
            reading = InverterState(at=at, mode=Mode.MAINS, faults=(), warnings=(), **figures)
            client.publish(f"{home}/{INVERTER_STATE.named('main')}", reading.model_dump_json(), qos=1)
            if sent[0] // HOMES % 6 == 0:
                state = GridState(at=at, state=Grid.ON, since=at.replace(hour=0, minute=0, second=0, microsecond=0))
                client.publish(f"{home}/{GRID_STATE.named()}", state.model_dump_json(), qos=1)
            sent[0] += 1
        time.sleep(0.02)
    info = client.publish("home0/end", "{}", qos=1)
    info.wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def measure(url: str, server: Postgres, recorder: Process, sent: list[int]) -> None:
    """Print what both programs take while the fleet speaks, and how far recording is behind."""
    now, behind = datetime.now(UTC), []
    used, served = cpu(recorder.pid), cpu(server.pid)
    began = time.monotonic()
    while time.monotonic() - began < SPAN_S:
        time.sleep(2)
        missing = sent[0] - recorded(url, now)
        behind.append(missing * EVERY_S / HOMES)
    span = time.monotonic() - began
    used, served = cpu(recorder.pid) - used, cpu(server.pid) - served
    behind.sort()
    print(f"{HOMES / EVERY_S:.0f} readings a second for {span:.0f} s: {overview(url)}")
    print(f"CPU of the recorder {100 * used / span:.1f} % of a core, of PostgreSQL {100 * served / span:.1f} %")
    print(f"recording is behind by {behind[len(behind) // 2]:.1f} s (median), {behind[-1]:.1f} s (worst)")


def cpu(pid: int | None) -> float:
    """Return the CPU seconds of a program and of those that it has started."""
    program = psutil.Process(pid)
    seconds = 0.0
    for one in (program, *program.children(recursive=True)):
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        seconds += times.user + times.system
    times = program.cpu_times()
    return seconds + times.children_user + times.children_system


def recorded(url: str, since: datetime) -> int:
    """Return how many readings of now are recorded."""
    query = text("SELECT count(*) FROM inverter_state WHERE at >= :since")
    with closing_engine(url) as engine, engine.connect() as connection:
        return int(connection.execute(query, {"since": to_ms(since)}).scalar_one())


@contextmanager
def closing_engine(url: str, home: str = "") -> Iterator[Engine]:
    """Return an engine that is closed again."""
    engine = reader(url, home)
    try:
        yield engine
    finally:
        engine.dispose()


def overview(url: str) -> str:
    """Return what is left to do."""
    old = to_ms(datetime.now(UTC) - COMPRESS_AFTER) // HOUR_MS * HOUR_MS
    queries = {
        "readings to compress": "SELECT count(*) FROM inverter_state WHERE at < :old",
        "compressed hours": "SELECT count(*) FROM compressed_hour",
        "steps due": "SELECT count(*) FROM rollup_due",
        "partitions": "SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r'",
    }
    with closing_engine(url) as engine, engine.connect() as connection:
        parameters = {"old": old}
        found = (f"{connection.execute(text(query), parameters).scalar()} {name}" for name, query in queries.items())
        return ", ".join(found)


def answers(url: str, now: datetime) -> None:
    """Print how long a home waits for its charts."""
    home, today = "home7", now.astimezone(KYIV).date()
    with closing_engine(url, home) as engine:
        latest(engine)
        for name, days, buckets in (("day", 1, 288), ("month", 30, 360)):
            took = sorted(_answer(engine, today, days, buckets) for _ in range(ANSWERS))
            p95 = took[math.ceil(ANSWERS * 0.95) - 1]
            print(f"queries of a {name} of one home: median {took[ANSWERS // 2]:.1f} ms, p95 {p95:.1f} ms")


def _answer(engine: Engine, today: date, days: int, buckets: int) -> float:
    end = datetime.combine(today + timedelta(days=1), datetime.min.time(), KYIV).astimezone(UTC)
    start = end - timedelta(days=days)
    began = time.perf_counter()
    assert latest(engine)
    series(engine, "main", DRAWN, start=start, end=end, buckets=buckets)
    outages(engine, start=start, end=end)
    outage_records(engine, start=start, end=end)
    energy(engine, "main", first=start.date(), last=end.date(), by=By.DAY, zone=KYIV)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
