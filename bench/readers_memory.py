"""python -m bench.readers_memory [MINUTES] [PER_SECOND]: memory of bot, outlook and schedule in a stream of messages.

The services are real processes beside a broker, with nothing else around them: a stream of readings, dated now, that
is many times faster than an inverter gives them, power that goes and comes, a schedule that is fetched every second.
"""

import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import linear_regression
from typing import Any
from uuid import uuid4

import psutil

from shared.messages import BatteryState, GridState, InverterState, Message
from tests.support.samples import sample
from tests.support.stack import Process, Stack, running_stack
from tests.support.viewer import Viewer

WARM_S, SAMPLE_S, TURN_S = 300.0, 30.0, 240.0
MINUTES, PER_SECOND = 30.0, 20.0


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
        known = json.loads(full.model_dump_json())
        account.client.publish(topic, json.dumps(known | changes | {"at": now}), qos=1, retain=True)


def watch(stack: Stack, stream: Stream, minutes: float, per_second: float) -> None:
    """Stream for so long, print the memory of each service every half a minute, and at the end how fast it grew."""
    services = (stack.bot, stack.outlook, stack.schedule)
    seen: dict[str, list[tuple[float, float]]] = {one.name: [] for one in services}
    began = time.monotonic()
    print("minute    sent  " + "  ".join(f"{name:>9}" for name in seen), flush=True)
    sampled_s = 0.0
    while (age_s := time.monotonic() - began) < 60 * minutes:
        stream.step()
        if age_s - sampled_s >= SAMPLE_S:
            sampled_s = age_s
            for one in services:
                seen[one.name].append((age_s, rss_mb(one)))
            last = "  ".join(f"{series[-1][1]:9.1f}" for series in seen.values())
            print(f"{age_s / 60:6.1f} {stream.sent:7,}  {last}", flush=True)
        time.sleep(1 / per_second)
    for name, series in seen.items():
        warm = [(age_s / 3600, megabytes) for age_s, megabytes in series if age_s > WARM_S]
        slope = linear_regression(*zip(*warm, strict=True)).slope
        half = len(warm) // 2
        later = linear_regression(*zip(*warm[half:], strict=True)).slope
        print(
            f"{name}: {slope:+.2f} MB an hour after the first {WARM_S / 60:.0f} minutes, {later:+.2f} in the last half"
        )


def rss_mb(process: Process) -> float:
    """Return the resident memory of a service."""
    return float(psutil.Process(process.pid).memory_info().rss) / 1e6


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
            stack.start(stack.bot, stack.outlook, stack.schedule)
            watch(stack, stream, minutes, per_second)


if __name__ == "__main__":
    main()
