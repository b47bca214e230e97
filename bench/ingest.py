"""From the broker into SQLite: CPU a row, rows a second and memory of our recorder, an earlier one, and Node-RED.

BEFORE names the earlier version, a commit. NODE_RED is a directory with the npm packages node-red@4.1 and
node-red-node-sqlite; without it Node-RED is left out.
"""

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from bench.recorder import filled_reading
from shared.history.tables import from_ms, inverter_state
from shared.topics import INVERTER_STATE
from tests.support.broker import ROOT, Broker
from tests.support.ports import free_port
from tests.support.waiting import eventually

BEFORE = "d13a79e"
"""The last commit of version 0.1."""
ROWS = 10_000
ROUNDS = 3
EVERY = timedelta(seconds=5)
SLOW_PER_S = 50
SLOW_S = 20
START = datetime.now(UTC).replace(microsecond=0) - timedelta(days=9)
"""Neither ahead of the clock nor so old that it is compressed."""
TOPIC = INVERTER_STATE.named("main")


class Contestant:
    """A recorder with a broker and a database of its own; `command` starts it, `table` is where its rows go."""

    table = "inverter_state"

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self.directory = directory / name.replace(" ", "-")
        self.directory.mkdir()
        self.broker = Broker(self.directory / "state")
        self.db = self.directory / "easun.db"
        self.sent = 0
        self.burst: list[Figures] = []
        self.backlog: list[Figures] = []
        self.slow_share = 0.0
        self.peak_mb = 0.0

    def command(self) -> tuple[list[str], Path, dict[str, str]]:
        """Return the command, its directory and its environment."""
        return [sys.executable, "-m", "services.recorder"], ROOT, self.broker.env() | {"DB_PATH": str(self.db)}

    def start(self) -> None:
        """Start it, and return when it records."""
        command, cwd, env = self.command()
        with (self.directory / "log").open("ab") as log:
            self.process = psutil.Popen(command, cwd=cwd, env=env, stdout=log, stderr=log)

    def wait_ready(self) -> None:
        """Wait until it records what is published, and has nothing else to do."""
        self.publish(1)
        eventually(self.recorded_all, f"{self.name} records", 60)
        time.sleep(2)

    def stop(self) -> None:
        """End it; its session stays at the broker."""
        self.peak_mb = max(self.peak_mb, peak_mb(self.process.pid))
        self.process.terminate()
        self.process.wait(30)

    def publish(self, count: int) -> None:
        """Publish so many readings, and wait until the broker has them."""
        assert self.start_publishing(count).wait(60) == 0

    def start_publishing(self, count: int) -> "subprocess.Popen[bytes]":
        """Publish so many readings, as fast as mosquitto_pub can."""
        lines = self.directory / "lines"
        moments = (START + EVERY * number for number in range(self.sent, self.sent + count))
        lines.write_bytes(b"".join(filled_reading(at) + b"\n" for at in moments))
        self.sent += count
        with lines.open("rb") as stdin:
            return subprocess.Popen(self._mosquitto_pub(), stdin=stdin)

    def publish_slowly(self, count: int, per_second: float) -> None:
        """Publish so many readings at a steady rate."""
        with subprocess.Popen(self._mosquitto_pub(), stdin=subprocess.PIPE) as publisher:
            assert publisher.stdin
            for number in range(self.sent, self.sent + count):
                publisher.stdin.write(filled_reading(START + EVERY * number) + b"\n")
                publisher.stdin.flush()
                time.sleep(1 / per_second)
        self.sent += count

    def _mosquitto_pub(self) -> list[str]:
        address = ["-h", "127.0.0.1", "-p", str(self.broker.port)]
        password = (self.broker.secrets_dir / "poller").read_text().strip()
        return ["mosquitto_pub", *address, "-u", "poller", "-P", password, "-t", TOPIC, "-q", "1", "-r", "-l"]

    def recorded(self) -> int:
        """Return how many readings are recorded, if they are recorded in order."""
        with closing(sqlite3.connect(self.db, timeout=10)) as connection, suppress(sqlite3.OperationalError):
            ((newest,),) = connection.execute(f"SELECT max(at) FROM {self.table} WHERE device = 'main'")
            return 0 if newest is None else (from_ms(newest) - START) // EVERY + 1
        return 0

    def recorded_all(self) -> bool:
        """Return whether everything is recorded."""
        return self.recorded() == self.sent

    def count(self) -> int:
        """Return how many rows there are."""
        with closing(sqlite3.connect(self.db, timeout=10)) as connection:
            ((count,),) = connection.execute(f"SELECT count(*) FROM {self.table}")
            return int(count)


class Earlier(Contestant):
    """Our recorder as it was."""

    def command(self) -> tuple[list[str], Path, dict[str, str]]:
        """Return the same command in a directory with the earlier sources."""
        sources = self.directory / "sources"
        if not sources.exists():
            sources.mkdir()
            archive = subprocess.run(["git", "archive", BEFORE], cwd=ROOT, stdout=subprocess.PIPE, check=True)
            subprocess.run(["tar", "x", "-C", sources], input=archive.stdout, check=True)
        command, _, env = super().command()
        return command, sources, env


class NodeRed(Contestant):
    """Node-RED with a flow as its users draw it: mqtt in, a function, sqlite with a prepared statement.

    In WAL mode with synchronous=NORMAL: unlike ours it syncs no commit, and acknowledges before it writes.
    """

    table = "readings"

    def command(self) -> tuple[list[str], Path, dict[str, str]]:
        """Return the command, and write the flow, its password and an empty database."""
        packages = Path(os.environ["NODE_RED"])
        if not self.db.exists():
            self._prepare()
        arguments = ["--userDir", str(self.directory), "--port", str(free_port()), str(self.directory / "flows.json")]
        env = {"PATH": os.environ["PATH"], "HOME": str(self.directory)}
        return ["node", str(packages / "node_modules/node-red/red.js"), *arguments], packages, env

    def _prepare(self) -> None:
        names = inverter_state.columns.keys()
        with closing(sqlite3.connect(self.db)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"CREATE TABLE readings ({','.join(names)}, PRIMARY KEY (device, at)) WITHOUT ROWID")
        insert = f"INSERT OR IGNORE INTO readings VALUES ({','.join('$' + name for name in names)})"
        function = (
            "const m = msg.payload; m.device = 'main'; m.at = Date.parse(m.at);"
            "m.faults = JSON.stringify(m.faults); m.warnings = JSON.stringify(m.warnings); const p = {};"
            f"for (const name of {json.dumps(names)}) p['$' + name] = m[name]; msg.params = p; return msg;"
        )
        broker = {"id": "broker", "type": "mqtt-broker", "broker": "127.0.0.1", "port": str(self.broker.port)}
        session = {
            "clientid": "node-red",
            "cleansession": False,
            "protocolVersion": "4",
            "keepalive": "10",
            "autoUnsubscribe": False,
        }
        database = {"id": "db", "type": "sqlitedb", "db": str(self.db), "mode": "RWC"}
        flows = [
            {"id": "tab", "type": "tab", "label": "recorder"},
            broker | session | {"usetls": False, "autoConnect": True},
            database,
            in_tab("in", "mqtt in", "make", topic=TOPIC, qos="1", datatype="json", broker="broker"),
            in_tab("make", "function", "write", func=function, outputs=1),
            in_tab("write", "sqlite", "", mydb="db", sqlquery="prepared", sql=insert),
            in_tab("once", "inject", "pragma", once=True, onceDelay=0.1, props=[], repeat=""),
            in_tab("pragma", "sqlite", "", mydb="db", sqlquery="fixed", sql="PRAGMA synchronous=NORMAL"),
        ]
        password = (self.broker.secrets_dir / "recorder").read_text().strip()
        credentials = {"broker": {"user": "recorder", "password": password}}
        (self.directory / "flows.json").write_text(json.dumps(flows))
        (self.directory / "flows_cred.json").write_text(json.dumps(credentials))
        modules = json.dumps(str(Path(os.environ["NODE_RED"]) / "node_modules/node-red-node-sqlite"))
        (self.directory / "settings.js").write_text(
            f"module.exports = {{credentialSecret: false, nodesDir: [{modules}]}}"
        )


def in_tab(name: str, kind: str, to: str, **more: object) -> dict[str, object]:
    """Return a node of the flow."""
    return {"id": name, "type": kind, "z": "tab", "wires": [[to]] if to else [[]], **more}


@dataclass(frozen=True)
class Figures:
    """What so many rows took."""

    rows_per_s: float
    cpu_us: float

    def __str__(self) -> str:
        return f"{self.rows_per_s:,.0f} rows/s at {self.cpu_us:.0f} µs"


@dataclass
class Watch:
    """How far a contestant came, and when."""

    contestant: Contestant
    before: int = field(init=False)
    cpu_before: float = field(init=False)

    def __post_init__(self) -> None:
        self.before, self.cpu_before = self.contestant.recorded(), cpu_s(self.contestant.process)

    def figures(self) -> Figures:
        """Wait until all is recorded."""
        first = eventually(self._new, "the first rows", 60)
        began = time.perf_counter()
        while not self.contestant.recorded_all():
            time.sleep(0.02)
        took = time.perf_counter() - began
        time.sleep(0.5)  # it acknowledges
        rows = self._new()
        return Figures((rows - first) / took, (cpu_s(self.contestant.process) - self.cpu_before) / rows * 1e6)

    def _new(self) -> int:
        return self.contestant.recorded() - self.before


def burst(contestant: Contestant) -> Figures:
    """Publish while it runs."""
    watch = Watch(contestant)
    publisher = contestant.start_publishing(ROWS)
    figures = watch.figures()
    publisher.wait(60)
    return figures


def backlog(contestant: Contestant) -> Figures:
    """Publish while it is away. What its start takes is taken off, as measured with nothing to read."""
    before = cpu_of_start(contestant)
    contestant.stop()
    contestant.publish(ROWS)
    contestant.start()
    watch = Watch(contestant)
    watch.cpu_before += before
    return watch.figures()


def cpu_of_start(contestant: Contestant) -> float:
    """Restart it, and return the CPU time that this takes."""
    contestant.stop()
    contestant.start()
    contestant.wait_ready()
    return cpu_s(contestant.process)


def slow(contestant: Contestant) -> float:
    """Return its share of one core at a few readings a second."""
    before, began = cpu_s(contestant.process), time.monotonic()
    contestant.publish_slowly(SLOW_PER_S * SLOW_S, SLOW_PER_S)
    return (cpu_s(contestant.process) - before) / (time.monotonic() - began)


def cpu_s(process: psutil.Popen) -> float:
    """Return the seconds of CPU that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


def peak_mb(pid: int) -> float:
    """Return the highest resident memory of a process so far."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024 / 1e6


@contextmanager
def contestants() -> Iterator[list[Contestant]]:
    """Run everybody who takes part, each with a broker."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        directory = Path(name)
        taking_part = [Contestant("ours", directory), Earlier("before", directory)]
        if os.environ.get("NODE_RED"):
            taking_part.append(NodeRed("Node-RED", directory))
        for contestant in taking_part:
            contestant.broker.start()
            running.callback(contestant.broker.stop)
            contestant.start()
            running.callback(contestant.stop)
            contestant.wait_ready()
        yield taking_part


def main() -> None:
    """Let them take turns, and print a line a turn, then the medians."""
    with contestants() as taking_part:
        for _ in range(ROUNDS):
            for contestant in taking_part:
                contestant.burst.append(burst(contestant))
                contestant.backlog.append(backlog(contestant))
                print(f"{contestant.name}: {contestant.burst[-1]}, {contestant.backlog[-1]}", flush=True)
        for contestant in taking_part:
            contestant.slow_share = slow(contestant)
            eventually(contestant.recorded_all, f"{contestant.name} recorded everything", 60)
            contestant.peak_mb = max(contestant.peak_mb, peak_mb(contestant.process.pid))
            lost = contestant.sent - contestant.count()
            assert not lost, f"{contestant.name} lost {lost}"
        report(taking_part)


def report(taking_part: list[Contestant]) -> None:
    """Print the table, and the ratios to ours."""
    print(f"\nmedians of {ROUNDS} rounds of {ROWS:,} readings of {len(filled_reading(START)):,} bytes\n")
    print(f"| | live burst: rows/s, CPU a row | backlog: rows/s, CPU a row | CPU at {SLOW_PER_S}/s | peak memory |")
    print("|---|---|---|---|---|")
    for one in taking_part:
        cells = [f"{median(part, rows):,.0f}, {median(part, cpu):.0f} µs" for part in (one.burst, one.backlog)]
        print(f"| {one.name} | {cells[0]} | {cells[1]} | {one.slow_share:.2%} | {one.peak_mb:.0f} MB |")
    ours = taking_part[0]
    for other in taking_part[1:]:
        for what, mine, its in (("burst", ours.burst, other.burst), ("backlog", ours.backlog, other.backlog)):
            rate, share = (median(mine, of) / median(its, of) for of in (rows, cpu))
            print(f"ours beside {other.name}, {what}: {rate:.2f} times the rows/s, {share:.2f} of the CPU a row")


def rows(figures: Figures) -> float:
    """Return rows a second."""
    return figures.rows_per_s


def cpu(figures: Figures) -> float:
    """Return CPU a row."""
    return figures.cpu_us


def median(figures: list[Figures], of: Callable[[Figures], float]) -> float:
    """Return the median of the rounds."""
    return statistics.median(map(of, figures))


if __name__ == "__main__":
    main()
