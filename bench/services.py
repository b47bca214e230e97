"""Memory (PSS) and CPU of each service of a quiet home: a reading in five seconds, the page in one tab, in ten."""

import tempfile
import time
from pathlib import Path

import psutil
import requests

from tests.support.stack import Process, Stack, running_stack
from tests.support.waiting import eventually

SETTLE_S = 10
WATCH_S = 45


def pss_mb(process: psutil.Process) -> float:
    """Return the proportional set size: what would be free again if the process ended."""
    return float(process.memory_full_info().pss) / 1e6


def main() -> None:
    """Print a line a process."""
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, _):
        stack.start_house()
        stack.poller.env |= {"POLL_INTERVAL": "5"}
        stack.recorder.env.pop("BATCH_SECONDS")
        stack.start(stack.recorder, stack.poller, stack.dashboard)
        for tabs in (1, 10):
            watch(stack, tabs)


def watch(stack: Stack, tabs: int) -> None:
    """Watch every process for a while, the live page in so many tabs asking every two seconds."""
    live = f"http://127.0.0.1:{stack.dashboard_port}/live/now"
    eventually(lambda: requests.get(live, timeout=5).ok)
    time.sleep(SETTLE_S)
    running = {process.name: psutil.Process(pid_of(process)) for process in stack.processes if process.pid}
    running["mosquitto"] = psutil.Process(stack.broker.pid)
    before = {name: cpu_s(process) for name, process in running.items()}
    began = time.monotonic()
    while time.monotonic() < began + WATCH_S:
        for _ in range(tabs):
            requests.get(live, timeout=5)
            time.sleep(2 / tabs)
    print(f"\nwatched for {WATCH_S} s, POLL_INTERVAL=5, {tabs} tabs\n")
    for name, process in sorted(running.items()):
        share = (cpu_s(process) - before[name]) / (time.monotonic() - began)
        print(f"{name:12} {pss_mb(process):6.1f} MB PSS   {share:6.2%} of one core")


def pid_of(process: Process) -> int:
    """Return the number of a running process."""
    assert process.pid
    return process.pid


def cpu_s(process: psutil.Process) -> float:
    """Return the seconds of CPU that a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    main()
