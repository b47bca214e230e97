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
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

from bench.memory_probe import SAMPLE_S
from bench.reading_stream import ReadingStream
from tests.support.broker import ROOT
from tests.support.databases import empty_database
from tests.support.stack import Process, running_stack
from tests.support.viewer import Viewer

WARM_S, TURN = 300.0, timedelta(minutes=4)
MINUTES, PER_SECOND = 30.0, 10.0
KINDS = ("rss", "anonymous", "traced")
MOST_SHOWN = 3


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


def watch(readers: Sequence[Reader], stream: ReadingStream, minutes: float, per_second: float) -> None:
    """Stream for so long, and print the memory of each service every half a minute."""
    began = printed_s = time.monotonic()
    print("RSS and traced memory in MB\nminute    sent  " + "  ".join(f"{one.name:>15}" for one in readers), flush=True)
    while (now_s := time.monotonic()) < began + 60 * minutes:
        stream.step(datetime.now(UTC))
        if now_s - printed_s >= SAMPLE_S:
            printed_s = now_s
            last = "  ".join(f"{one['rss']:7.1f} {one['traced']:7.2f}" for one in map(newest, readers))
            print(f"{(now_s - began) / 60:6.1f} {3 * stream.steps:7,}  {last}", flush=True)
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
            stream = ReadingStream(poller, bms, TURN)
            stream.step(datetime.now(UTC))
            stack.db_path.write_bytes(empty_database())
            services = (stack.bot, stack.dashboard, stack.homeassistant, stack.outlook, stack.recorder, stack.schedule)
            readers = [Reader(one, Path(directory)) for one in services]
            watch(readers, stream, minutes, per_second)
            for one in readers:
                report(one)
                one.stop()


if __name__ == "__main__":
    main()
