"""The bms service: time a frame, time to the first reading, and eight batteries at once for a while."""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bench.services import cpu_s, pid_of, pss_mb
from services.bms import decode
from services.bms.frame_layouts import Layout
from services.bms.framing import FrameAssembler
from services.bms.layout_detection import detect
from simulators.jk.frames import Measurement, cell_frame
from tests.support.stack import Stack, running_stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

FRAMES = 20_000
BATTERIES = 8
MINUTES = 2.0
INTERVAL_S = 10
WARM_UP_S = 20
TOPICS = [f"battery/c8478000{number:04x}/state" for number in range(1, BATTERIES + 1)]


def main() -> None:
    """Print all of it. An argument is the minutes of the long part."""
    minutes = float(sys.argv[1]) if len(sys.argv) == 2 and sys.argv[1].replace(".", "").isdecimal() else MINUTES
    time_a_frame()
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, viewer):
        first_reading(stack, viewer)
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, viewer):
        eight(stack, viewer, minutes)


def time_a_frame() -> None:
    """Print the time from a notification to the values of a frame, sixteen cells."""
    for layout in Layout:
        data = cell_frame(layout, Measurement((3.3,) * 16, -12.5, 55.5), 1)
        assembler = FrameAssembler()
        began = time.perf_counter()
        for _ in range(FRAMES):
            for frame in (*assembler.feed(data[:150]), *assembler.feed(data[150:])):
                detect(frame.data, "15.38" if layout is Layout.JK02_32S else "10.07", layout)
                decode.cells(frame.data, layout, 15)
        print(f"{layout}: {1e6 * (time.perf_counter() - began) / FRAMES:.0f} us a frame")


def know(stack: Stack) -> None:
    """Tell the service its batteries, so that it need not look for them."""
    addresses = [f"C8:47:80:00:00:{number:02X}" for number in range(1, BATTERIES + 1)]
    stack.devices_file.write_text("batteries:\n" + "".join(f'  - {{address: "{one}"}}\n' for one in addresses))


def first_reading(stack: Stack, viewer: Viewer) -> None:
    """Print how long after its start the service publishes a battery it knows."""
    know(stack)
    stack.start_batteries(HOUSE_BATTERIES="1")
    took = []
    for _ in range(3):
        seen, began = len(viewer.on(TOPICS[0])), time.monotonic()
        stack.bms.start()
        until_more(viewer, seen)
        took.append(time.monotonic() - began)
        stack.bms.end()
    print(f"start to the first reading of a known battery: median {statistics.median(took):.1f} s")


def until_more(viewer: Viewer, seen: int) -> None:
    """Wait for one reading more."""
    eventually(lambda: len(viewer.on(TOPICS[0])) > seen)


def eight(stack: Stack, viewer: Viewer, minutes: float) -> None:
    """Watch eight batteries that stream twice a second, published every ten seconds."""
    know(stack)
    stack.bms.env["JK_SCAN_INTERVAL"] = str(INTERVAL_S)
    stack.start_batteries(HOUSE_BATTERIES=str(BATTERIES))
    stack.start(stack.bms)
    eventually(lambda: all(viewer.on(topic) for topic in TOPICS), "all are there", 120)
    time.sleep(WARM_UP_S)
    us = psutil.Process(pid_of(stack.bms))
    before, memory, cpu, began = [len(viewer.on(topic)) for topic in TOPICS], pss_mb(us), cpu_s(us), time.monotonic()
    time.sleep(60 * minutes)
    passed = time.monotonic() - began
    counts = [len(viewer.on(topic)) - count for topic, count in zip(TOPICS, before, strict=True)]
    share, after = (cpu_s(us) - cpu) / passed, pss_mb(us)
    print(f"{BATTERIES} batteries, {minutes:g} min: {min(counts)} to {max(counts)} readings each", end="; ")
    print(f"{passed / INTERVAL_S:.0f} due")
    print(f"{share:.1%} of one core; {memory:.1f} MB PSS before, {after:.1f} MB after")


if __name__ == "__main__":
    main()
