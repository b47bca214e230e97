"""The poller at a dongle as it runs at home: its CPU, and how soon a lost grid is on the broker."""

import random
import statistics
import tempfile
import time
from pathlib import Path

import psutil

from bench.services import SETTLE_S, WATCH_S, cpu_s, pid_of, pss_mb
from bench.wire_house import House, house
from bench.wire_speed import LATE
from tests.support.stack import INVERTER, Stack, running_stack
from tests.support.viewer import Viewer

EVERY_S = 5
LOSSES = 5
GRID = "grid/state"


def main() -> None:
    """Measure an undisturbed poller, then switch the grid off a few times."""
    with (
        tempfile.TemporaryDirectory() as directory,
        running_stack(Path(directory)) as (stack, viewer),
        house("dongle-eybond", "classic", **LATE) as inverter,
    ):
        for quick in ("MODBUS_TIMEOUT", "GRID_UNKNOWN_AFTER"):
            del stack.poller.env[quick]
        stack.poller.env |= inverter.settings | {"POLL_INTERVAL": str(EVERY_S)}
        stack.start(stack.poller)
        viewer.last(INVERTER)
        watch(stack)
        cut(inverter, viewer)


def watch(stack: Stack) -> None:
    """Print the poller's share of a core."""
    time.sleep(SETTLE_S)
    process = psutil.Process(pid_of(stack.poller))
    before = cpu_s(process)
    time.sleep(WATCH_S)
    share = (cpu_s(process) - before) / WATCH_S
    print(f"poller over the dongle, watched for {WATCH_S} s, POLL_INTERVAL={EVERY_S}")
    print(f"{pss_mb(process):6.1f} MB PSS   {share:6.2%} of one core", flush=True)


def cut(inverter: House, viewer: Viewer) -> None:
    """Print how long it takes from the register to the broker, with the loss anywhere between two readings."""
    times = []
    for _ in range(LOSSES):
        viewer.wait_for(GRID, state="on")
        time.sleep(random.uniform(0, EVERY_S))
        began = time.perf_counter()
        inverter.command("grid", mode="off")
        viewer.wait_for(GRID, state="off")
        times.append(time.perf_counter() - began)
        inverter.command("grid", mode="on")
    print(f"\n{LOSSES} losses of the grid, from the register to {GRID} off on the broker")
    print(f"median {statistics.median(times):5.2f} s   worst {max(times):5.2f} s   aim < {EVERY_S + 1.5} s")
