"""What a reader publishes after a fault on the line: ours and easunpy.

The simulated inverter replays one dump, so that the truth never changes: it is what a reader's own first cycle says.
"""

import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from bench.wire_cycles import Values
from bench.wire_house import EASUNPY_UDP, Cycle, House, easunpy, has_easunpy, house, ours, own_address
from shared.messages import Mode

CYCLES = 30
STRIKE_EVERY = 5
LIMIT_S = 60
ONCE = {"a stray frame": "stray", "a stale frame": "stale", "a doubled frame": "double"}
OFTEN = {"5 % corrupt": "corrupt", "5 % silent": "silent"}
BLOCKS = {
    f"{how} {start}": (layout, {"kind": kind, "first": start, "last": start})
    for layout, starts in (("classic", (215,)), ("k11", (203, 277, 338, 702)))
    for start in starts
    for how, kind in (("zeros at", "zeros"), ("silent at", "silent"))
}
"""Requests that touch one register are answered with zeros, or never."""
CLASSIC = {184: 1, 201: 2, 202: 2304, 203: 4998, 207: 4997, 210: 2301, 212: 4996, 215: 527, 225: 16, 229: 57}
K11 = {184: 3, 696: 2026, 201: 2, 203: 4998, 227: 4997, 253: 4996, 277: 527, 280: 57, 338: 2304, 346: 2301, 350: 16}
DUMPS = {"classic": CLASSIC, "k11": K11}


def main() -> None:
    """Print a line a layout, fault and program."""
    theirs = has_easunpy()
    print(
        f"{CYCLES} cycles or {LIMIT_S} s; no latency; our time-out 1 s, easunpy's 5 s. A frame: the fault strikes one"
    )
    print(
        f"request in {STRIKE_EVERY} cycles. Wrong: a value that is not true. Void: none wrong, but some are missing.\n"
    )
    print(f"{'layout':8} {'fault':16} {'program':8}  right  wrong   void   seconds")
    for layout in DUMPS:
        with tempfile.TemporaryDirectory() as directory, replayed(layout, Path(directory)) as inverter:
            for name in (*ONCE, *OFTEN, *(name for name, (of, _) in BLOCKS.items() if of == layout)):
                show(name, "ours", inverter, partial(ours, MODBUS_TIMEOUT="1"))
                if theirs:
                    show(name, "easunpy", inverter, easunpy)


def replayed(layout: str, directory: Path) -> AbstractContextManager[House]:
    """Run a dongle on an inverter whose registers differ from each other and stay as they are."""
    dump = directory / "dump.json"
    words = {address: address for address in range(110, 800)} | DUMPS[layout]
    dump.write_text(json.dumps(words))
    at = {"HOUSE_DONGLE_BIND": own_address(), "HOUSE_DONGLE_PORT": str(EASUNPY_UDP)}
    return house("dongle-eybond", layout, HOUSE_REPLAY=str(dump), **at)


def show(name: str, program: str, inverter: House, read: Callable[..., Iterator[Cycle]]) -> None:
    """Let things go wrong, and print what was published."""
    began = time.monotonic()
    seen = Counter(verdicts(name, inverter, read(inverter, CYCLES + 1, LIMIT_S)))
    inverter.command("fault", kind="none")
    counts = " ".join(f"{seen[verdict]:6}" for verdict in ("right", "wrong", "void"))
    print(f"{inverter.layout:8} {name:16} {program:8} {counts} {time.monotonic() - began:9.1f}", flush=True)


def verdicts(name: str, inverter: House, cycles: Iterator[Cycle]) -> Iterator[str]:
    """Yield what is to be said of each cycle but the first, which is clean."""
    truth = next(cycles).values or {}
    if name in OFTEN:
        inverter.command("fault", kind=OFTEN[name], probability=0.05)
    if name in BLOCKS:
        inverter.command("fault", **BLOCKS[name][1])
    for number, cycle in enumerate(cycles):
        if name in ONCE and number % STRIKE_EVERY == 0:
            time.sleep(random.uniform(0, min(cycle.seconds, 1)))  # so that it is any of the requests
            strike(inverter, ONCE[name])
        yield verdict(cycle.values or {}, truth)


def strike(inverter: House, kind: str) -> None:
    """Let exactly one request go wrong: between two there is a pause, in which the fault is set and called off."""
    await_request(inverter)
    inverter.command("fault", kind=kind)
    await_request(inverter)
    inverter.command("fault", kind="none")


def await_request(inverter: House) -> None:
    """Wait for the next request; a reader that has ended asks no more."""
    before, patience = inverter.requests, time.monotonic() + LIMIT_S
    while inverter.requests == before and time.monotonic() < patience:
        time.sleep(0.01)


def verdict(values: Values, truth: Values) -> str:
    """Return what a cycle was worth."""
    if any(value not in (None, Mode.UNKNOWN) and value != truth.get(name) for name, value in values.items()):
        return "wrong"
    return "right" if values == truth else "void"
