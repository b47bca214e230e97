"""A year of readings: how long queries and whole answers of *History* take, memory, bytes; the predecessor's way."""

import json
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import requests
from sqlalchemy import Engine

from bench.year import END, year
from services.dashboard.history.period import Span, period, period_of_query
from services.dashboard.history.power import FIELDS
from services.dashboard.history.time_axis import whole
from services.recorder.store import open_store
from services.recorder.upkeep import Upkeep
from shared.history.derived import BATTERIES
from shared.history.engine import reader
from shared.history.queries import latest, outages, series
from shared.history.readings import readings
from shared.history.reports import By, energy, outage_records, statistics
from shared.history.tables import from_ms, to_ms
from shared.history.tables import inverter_state as table
from tests.support.ports import free_port
from tests.support.waiting import eventually

ZONE = ZoneInfo("Europe/Kyiv")
FILE = Path(tempfile.gettempdir()) / "easun-bench-year.db"
DAYS = 365
BEGIN = END - timedelta(days=DAYS)
TIMES = 40
P95 = int(TIMES * 0.95)
DAY = timedelta(days=1)
CELLS = ("cell_min_v", "cell_max_v", "cell_delta_v")
KEPT_DAYS = 10_000
"""Nothing of it is purged, however long ago it was."""


def main() -> None:
    """Print milliseconds by query, memory, bytes by table, and the predecessor's time for the same charts."""
    if not FILE.exists():
        build()
    engine = reader(FILE)
    before = peak_mb()
    print(f"{'query':38} {'median':>9} {'p95':>9} {'CPU p95':>9}   ms, {TIMES} random periods")
    for name, ask in queries(engine).items():
        told, spent = map(sorted, zip(*(timed(ask, random.Random(number)) for number in range(TIMES)), strict=True))
        print(f"{name:38} {told[TIMES // 2]:9.2f} {told[P95]:9.2f} {spent[P95]:9.2f}")
    print(f"\npeak memory before the queries {before:.1f} MB, after {peak_mb():.1f} MB")
    answers()
    sizes()
    for days in (7, 30):
        predecessor(days)


def build() -> None:
    """Record the year, roll it up and pack it; takes half an hour."""
    half = FILE.with_suffix(".part")
    began = time.perf_counter()
    rows = year(half, DAYS)
    print(f"{rows} messages recorded in {time.perf_counter() - began:.0f} s")
    began = time.perf_counter()
    store = open_store(half)
    Upkeep(store, ZONE, KEPT_DAYS).finish(END)
    store.close()
    print(f"rolled up and compressed in {time.perf_counter() - began:.0f} s")
    half.rename(FILE)


Ask = Callable[[random.Random], object]


def queries(engine: Engine) -> dict[str, Ask]:
    """Return what the page asks, each of a period by chance."""
    return {
        "chart of a day, with outages": chart(engine, Span.DAY),
        "chart of a week, with outages": chart(engine, Span.WEEK),
        "chart of a month, with outages": chart(engine, Span.MONTH),
        "chart of a year, with outages": lambda _: whole_year(engine),
        "chart of any 10 minutes to 180 days": lambda chance: any_hours(engine, chance),
        "cells of a battery, 7 days": lambda chance: cells(engine, chance),
        "energy, a month by day": lambda chance: bars(engine, some_day(chance), 30, By.DAY),
        "energy, a year by week": lambda _: bars(engine, BEGIN.date(), DAYS, By.WEEK),
        "energy, a year by month": lambda _: bars(engine, BEGIN.date(), DAYS, By.MONTH),
        "outages of a year with statistics": lambda _: year_of_outages(engine),
        "latest": lambda _: latest(engine),
    }


def chart(engine: Engine, span: Span) -> Ask:
    """Return the question of the page *History*."""

    def ask(chance: random.Random) -> object:
        shown = period(span, some_day(chance))
        start, end = shown.bounds(ZONE)
        outages(engine, start=start, end=end)
        buckets = (end - start) // whole(shown, ZONE).step
        return series(engine, "main", FIELDS, start=start, end=end, buckets=buckets)

    return ask


def whole_year(engine: Engine) -> object:
    """Ask for everything."""
    outages(engine, start=BEGIN, end=END)
    return series(engine, "main", FIELDS, start=BEGIN, end=END, buckets=366)


def any_hours(engine: Engine, chance: random.Random) -> object:
    """Ask for a period that fits no calendar."""
    start = BEGIN + timedelta(seconds=chance.randrange(180 * 86400))
    end = start + timedelta(seconds=chance.randrange(600, 180 * 86400))
    return series(engine, "main", FIELDS, start=start, end=end, buckets=300)


def cells(engine: Engine, chance: random.Random) -> object:
    """Ask how far a battery's cells were apart in a week."""
    start = BEGIN + DAY * chance.randrange(DAYS - 7)
    return series(engine, "jk-1", CELLS, start=start, end=start + 7 * DAY, buckets=336, source=BATTERIES)


def bars(engine: Engine, first: date, days: int, by: By) -> object:
    """Ask for energy."""
    return energy(engine, "main", first=first, last=first + timedelta(days=days), by=by, zone=ZONE)


def year_of_outages(engine: Engine) -> object:
    """Ask for all outages and what they come to."""
    return statistics(outage_records(engine, start=BEGIN, end=END), start=BEGIN, end=END, now=END, zone=ZONE)


def some_day(chance: random.Random) -> date:
    """Return a day within the year."""
    return (BEGIN + DAY * chance.randrange(2, DAYS - 32)).date()


def timed(ask: Ask, chance: random.Random) -> tuple[float, float]:
    """Return the milliseconds of one question: on the clock, where neighbours count too, and of our processor time."""
    began, spent = time.perf_counter(), time.process_time()
    ask(chance)
    return (time.perf_counter() - began) * 1000, (time.process_time() - spent) * 1000


SERVER = """
import gc
import sys
from pathlib import Path
from services.dashboard.app import application
from services.dashboard.settings import DashboardSettings
from services.dashboard.web_server import listen
from shared.broker_state import BrokerState
from shared.history.engine import reader

settings = DashboardSettings(_env_file=None, tariff_day=4.32, tariff_night=2.16)
server = listen(application(BrokerState, reader(Path(sys.argv[1])), settings), "127.0.0.1", int(sys.argv[2]))
gc.freeze()
server.run()
"""


def answers() -> None:
    """Print what whole compressed answers of *History* cost the server, first and again, of periods by chance."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(FILE), str(port)])
    try:
        eventually(lambda: answered(port, server.pid, "span=day") > 0, "the page answers", 60)
        print(f"\n{'whole answer':10} {'first: median':>14} {'p95':>6} {'again: median':>14} {'p95':>6}   ms of CPU")
        for span in (Span.DAY, Span.WEEK, Span.MONTH, Span.YEAR):
            chances = [random.Random(number) for number in range(TIMES)]
            asked = sorted({period(span, (BEGIN + DAY * chance.randrange(2, DAYS)).date()).query for chance in chances})
            for look in ("warm", "dark"):  # the first of each kind compiles queries
                first = sorted(answered(port, server.pid, f"{query}&look={look}") for query in asked)
            today = datetime.now(ZONE).date()
            over = [query for query in asked if period_of_query(query, today).last <= today]
            again = sorted(answered(port, server.pid, f"{query}&look=dark") for query in over)
            figures = (figure for times in (first, again) for figure in (times[len(times) // 2], p95(times)))
            print("{:10} {:14.1f} {:6.1f} {:14.1f} {:6.1f}".format(span, *figures))
    finally:
        server.terminate()
        server.wait()


def answered(port: int, pid: int, query: str) -> float:
    """Return the milliseconds of processor time that a server takes for an answer; 0 while it does not listen."""
    before = cpu_ms(pid)
    try:
        requests.get(f"http://127.0.0.1:{port}/history.json?{query}", timeout=60).raise_for_status()
    except requests.ConnectionError:
        return 0.0
    return cpu_ms(pid) - before


def cpu_ms(pid: int) -> float:
    """Return the processor time of a process by the kernel's clock, which is finer than its ticks."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6


def p95(times: list[float]) -> float:
    """Return the 95th percentile of sorted times."""
    return times[int(len(times) * 0.95)]


def peak_mb() -> float:
    """Return the most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def sizes() -> None:
    """Print what the file takes, table by table."""
    query = "SELECT name, sum(pgsize), sum(ncell) FROM dbstat GROUP BY name HAVING sum(pgsize) > 100000 ORDER BY 2 DESC"
    with sqlite3.connect(FILE) as connection:
        print(f"file {FILE.stat().st_size / 1e6:.0f} MB")
        for name, size, cells in connection.execute(query):
            print(f"{name:26} {size / 1e6:7.1f} MB {cells:9} rows")


def predecessor(days: int) -> None:
    """Print how long its way takes on the same data: every row of the period as JSON, parsed."""
    names = table.columns.keys()[2:]
    with tempfile.TemporaryDirectory() as directory, sqlite3.connect(Path(directory) / "json.db") as copy:
        copy.execute("CREATE TABLE readings (timestamp TEXT, data TEXT)")
        with reader(FILE).connect() as ours:
            told = readings(ours, table, "main", names, (to_ms(END - days * DAY), to_ms(END)))
            rows = ((from_ms(at).isoformat(), json.dumps(dict(zip(names, row, strict=True)))) for at, *row in told)
            copy.executemany("INSERT INTO readings VALUES (?, ?)", rows)
        copy.commit()
        began = time.perf_counter()
        read = [json.loads(text) for (text,) in copy.execute("SELECT data FROM readings ORDER BY timestamp")]
        took = (time.perf_counter() - began) * 1000
    print(f"predecessor's read of {days} days: {took:.0f} ms for {len(read)} rows, peak memory {peak_mb():.0f} MB")
