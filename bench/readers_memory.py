"""python -m bench.readers_memory [MINUTES] [PER_SECOND]: memory of services in a stream of messages.

The services are real processes beside a broker, with nothing else around them: a stream of readings, dated now, that
is many times faster than an inverter gives them, power that goes and comes, a schedule that is fetched every second.
Beside what the system counts stands what Python has allocated and still needs: where only the first grows, no object
is kept. Tracing makes the processes about half as large again, and slower.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from bench.memory_probe import SAMPLE_S
from shared.messages import BatteryState, GridState, InverterState, Message
from tests.support.broker import ROOT
from tests.support.databases import empty_database
from tests.support.samples import sample
from tests.support.stack import Process, Stack, running_stack
from tests.support.viewer import Viewer

WARM_S, TURN_S = 300.0, 240.0
MINUTES, PER_SECOND = 30.0, 10.0
KINDS = ("rss", "anonymous", "traced")
MOST_SHOWN = 3


class Stream:
    """Publishes what poller and bms would, with figures that change every time."""

    def __init__(self, stack: Stack, poller: Viewer, bms: Viewer) -> None:
        self.sent = 0
        self._stack = stack
        self._poller, self._bms = poller, bms
        self._grid: dict[str, Any] = {}
        self._turned_s = 0.0

    def step(self) -> None:
        """Publish the next reading; and let power go or come when that is due."""
        now = datetime.now(UTC).isoformat()
        if time.monotonic() - self._turned_s > TURN_S:
            self._turned_s = time.monotonic()
            state = "off" if self._grid.get("state") == "on" else "on"
            self._grid = {"state": state, "since": now, "transition_id": uuid4().hex}
        is_on, n = self._grid["state"] == "on", self.sent
        grid_v = 220 + n % 97 / 10 if is_on else 0.0
        reading = {"grid_voltage_v": grid_v, "load_power_w": 300 + n % 1009, "pv_power_w": n % 1013,
                   "battery_soc_percent": 60 + n % 30}  # fmt: skip
        self._say(self._poller, "inverter/main/state", sample(InverterState), reading, now)
        self._say(self._poller, "grid/state", sample(GridState), self._grid | {"voltage_v": grid_v}, now)
        self._say(self._bms, "battery/p1/state", sample(BatteryState), {"soc_percent": 60 + n % 30}, now)
        self.sent += 3

    def _say(self, account: Viewer, topic: str, full: Message, changes: dict[str, Any], now: str) -> None:
        known = json.loads(full.model_dump_json(exclude={"clock"}))  # else the clock is that of a boot nobody knows
        account.client.publish(topic, json.dumps(known | changes | {"at": now}), qos=1, retain=True)


class Reader:
    """A service of its own interpreter that notes its memory."""

    def __init__(self, process: Process, directory: Path) -> None:
        self.name = process.name
        self._notes = directory / f"{process.name}.jsonl"
        command = [sys.executable, "-m", "bench.memory_probe", str(self._notes), f"services.{process.name}"]
        with process.log_file.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=process.env, stdout=log, stderr=log)

    @property
    def notes(self) -> list[dict[str, Any]]:
        """What it has noted so far, the newest last."""
        written = self._notes.read_text().splitlines() if self._notes.exists() else []
        return [json.loads(line) for line in written]

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()


def watch(readers: Sequence[Reader], stream: Stream, minutes: float, per_second: float) -> None:
    """Stream for so long, and print the memory of each service every half a minute."""
    began = printed_s = time.monotonic()
    print("RSS and traced memory in MB\nminute    sent  " + "  ".join(f"{one.name:>15}" for one in readers), flush=True)
    while (now_s := time.monotonic()) < began + 60 * minutes:
        stream.step()
        if now_s - printed_s >= SAMPLE_S:
            printed_s = now_s
            last = "  ".join(f"{one['rss']:7.1f} {one['traced']:7.2f}" for one in map(newest, readers))
            print(f"{(now_s - began) / 60:6.1f} {stream.sent:7,}  {last}", flush=True)
        time.sleep(1 / per_second)


def newest(reader: Reader) -> dict[str, Any]:
    """Return the last note of a service."""
    return (reader.notes or [{"rss": 0.0, "traced": 0.0}])[-1]


def report(reader: Reader) -> None:
    """Print how fast a service has grown after warming up, and which lines and types most."""
    warm = [one for one in reader.notes if one["age_s"] > WARM_S]
    later = warm[len(warm) // 2 :]
    slopes = ", ".join(f"{kind} {slope(warm, kind):+.2f} ({slope(later, kind):+.2f})" for kind in KINDS)
    print(f"\n{reader.name}: MB an hour after {WARM_S / 60:.0f} minutes (in the last half): {slopes}")
    print(f"  waiting for the garbage collector: at most {max(one['garbage'] for one in warm):,} objects")
    detailed = [one for one in warm if "lines" in one]
    for kind, unit in (("lines", "bytes"), ("types", "objects")):
        before, after = Counter(detailed[0][kind]), Counter(detailed[-1][kind])
        for name, count in (after - before).most_common(MOST_SHOWN):
            print(f"  {count:+8,} {unit} {name}")


def slope(notes: Sequence[dict[str, Any]], kind: str) -> float:
    """Return how fast something has grown, in an hour: the median of all pairs, for a forecast takes 5 MB meanwhile."""
    points: list[tuple[float, float]] = [(one["age_s"] / 3600, one[kind]) for one in notes]
    return median((later - earlier) / (then - before) for (before, earlier), (then, later) in combinations(points, 2))


def main() -> None:
    """Print a line every half a minute."""
    minutes, per_second = (float(one) for one in (*sys.argv[1:], *(str(MINUTES), str(PER_SECOND))[len(sys.argv) - 1 :]))
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, _):
        stack.start_telegram()
        stack.start_outages()
        with Viewer(stack.broker, "poller") as poller, Viewer(stack.broker, "bms") as bms:
            for account in (poller, bms):
                account.client.unsubscribe("#")  # what it publishes it need not keep
            stream = Stream(stack, poller, bms)
            stream.step()
            stack.db_path.write_bytes(empty_database())
            services = (stack.bot, stack.dashboard, stack.homeassistant, stack.outlook, stack.recorder, stack.schedule)
            readers = [Reader(one, Path(directory)) for one in services]
            watch(readers, stream, minutes, per_second)
            for one in readers:
                report(one)
                one.stop()


if __name__ == "__main__":
    main()
