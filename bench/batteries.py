"""The BMS service: decoding time of a frame, time to the first reading, and load with eight batteries."""

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
    """Run all three and print the results; the argument is the duration of the last one in minutes."""
    minutes = float(sys.argv[1]) if len(sys.argv) == 2 and sys.argv[1].replace(".", "").isdecimal() else MINUTES
    time_a_frame()
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, viewer):
        first_reading(stack, viewer)
    with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, viewer):
        stream_eight(stack, viewer, minutes)


def time_a_frame() -> None:
    """Print how long it takes from notification to values, with sixteen cells."""
    for layout in Layout:
        data = cell_frame(layout, Measurement((3.3,) * 16, -12.5, 55.5), 1)
        assembler = FrameAssembler()
        began = time.perf_counter()
        for _ in range(FRAMES):
            for frame in (*assembler.feed(data[:150]), *assembler.feed(data[150:])):
                detect(frame.data, "15.38" if layout is Layout.JK02_32S else "10.07", layout)
                decode.cells(frame.data, layout, "15.38")
        print(f"{layout}: {1e6 * (time.perf_counter() - began) / FRAMES:.0f} us a frame")


def list_batteries(stack: Stack) -> None:
    """List all batteries, so that the service need not discover them."""
    addresses = [f"C8:47:80:00:00:{number:02X}" for number in range(1, BATTERIES + 1)]
    stack.devices_file.write_text("batteries:\n" + "".join(f'  - {{address: "{one}"}}\n' for one in addresses))


def first_reading(stack: Stack, viewer: Viewer) -> None:
    """Print how long after its start the service publishes a listed battery."""
    list_batteries(stack)
    stack.start_batteries(HOUSE_BATTERIES="1")
    took = []
    for _ in range(3):
        seen, began = len(viewer.on(TOPICS[0])), time.monotonic()
        stack.bms.start()
        until_more(viewer, seen)
        took.append(time.monotonic() - began)
        stack.bms.end()
    print(f"start to the first reading of a listed battery: median {statistics.median(took):.1f} s")


def until_more(viewer: Viewer, seen: int) -> None:
    """Wait for another reading."""
    eventually(lambda: len(viewer.on(TOPICS[0])) > seen)


def stream_eight(stack: Stack, viewer: Viewer, minutes: float) -> None:
    """Print the load of eight batteries that send two frames a second and are published every ten seconds."""
    list_batteries(stack)
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
