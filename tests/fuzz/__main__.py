"""Draws inputs for every parser that reads from outside, and counts them: make fuzz.

    python -m tests.fuzz [--inputs N] [--seed N] [--only PART-OF-A-NAME] [--table FILE]

First what is too large, too deep or damaged, then N inputs near real ones. One that is neither understood nor refused
by an error of ours is made smaller and shown. The targets take turns, so that a run that is broken off is even, too.
"""

import argparse
import json
import logging
import random
import resource
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tests.fuzz.folder import kept_in_memory
from tests.fuzz.inputs import extremes
from tests.fuzz.target import HangError, Target, peak_mb, watched
from tests.fuzz.targets import TARGETS

TURN = 100
FOUND = 3
"""After so many failures of a target it gets no more turns."""
MOST_MEMORY = 4_000_000_000
SHOWN = 1000


@dataclass
class Result:
    """What came of a target. seconds are of the processor; peak_mb is that of the process, whatever used it."""

    target: str
    inputs: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    peak_mb: float = 0.0
    failures: int = 0


def main() -> int:
    """Fuzz all targets, and return how many failures there were."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=20_000, help="for each target")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", default="")
    parser.add_argument("--table", type=Path, help="the results are kept in this file, a JSON object a line")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    with kept_in_memory():
        return _run(given)


def _run(given: argparse.Namespace) -> int:
    results = {target: Result(target.name) for target in TARGETS if given.only in target.name}
    print(f"seed {given.seed}, {len(results)} targets", flush=True)
    for done in range(0, given.inputs, TURN):
        for target, result in results.items():
            if result.failures < FOUND:
                fuzz(target, min(TURN, given.inputs - done), f"{given.seed} {done}", result)
        inputs, failures = (sum(getattr(one, name) for one in results.values()) for name in ("inputs", "failures"))
        print(f"{inputs:>9} inputs, {failures} failures, {peak_mb():.0f} MB", flush=True)
        if given.table:
            given.table.write_text("".join(f"{json.dumps(vars(result))}\n" for result in results.values()))
    for one in results.values():
        cost = f"{one.seconds:6.0f} s, slowest {one.slowest_s:4.1f} s"
        print(f"{one.inputs:>9} inputs, {one.refused:>9} refused, {cost}  {one.target}")
    return sum(one.failures for one in results.values())


def fuzz(target: Target, inputs: int, seed: str, result: Result) -> None:
    """Give a target a turn; its first begins with the extremes."""
    began, at_first = time.process_time(), not result.inputs
    large = (data[: target.most] for data in extremes(target.seeds)) if at_first else ()
    for data in chain(large, _drawn(target, inputs, seed)):
        result.inputs += 1
        before = time.process_time()
        error = _error(target, data, result)
        result.slowest_s = max(result.slowest_s, time.process_time() - before)
        if error:
            result.failures += 1
            _show(target, data, error)
            if result.failures >= FOUND:
                break
    result.seconds += time.process_time() - began
    result.peak_mb = peak_mb()


def _drawn(target: Target, inputs: int, seed: str) -> Iterator[bytes]:
    source = random.Random(f"{target.name} {seed}")
    return (target.draw(source) for _ in range(inputs))


def _error(target: Target, data: bytes, result: Result | None = None) -> BaseException | None:
    """Return what an input raises and must not."""
    try:
        with watched():
            taken = target.try_one(data)
    except (Exception, HangError) as error:
        return error
    if result and not taken:
        result.refused += 1
    return None


def _show(target: Target, data: bytes, error: BaseException) -> None:
    least = data if isinstance(error, HangError) else _smaller(target, data, type(error))
    shown = repr(least[:SHOWN]) + (f"... of {len(least)} bytes" if len(least) > SHOWN else "")
    print(f"--- {target.name}: {shown}", flush=True)
    traceback.print_exception(error, limit=-8)


def _smaller(target: Target, data: bytes, kind: type[BaseException], tries: int = 400) -> bytes:
    """Return a shorter input that raises the same."""
    piece = len(data) // 2
    while piece and tries:
        start = 0
        while start < len(data) and tries:
            tries -= 1
            shorter = data[:start] + data[start + piece :]
            if isinstance(_error(target, shorter), kind):
                data = shorter
            else:
                start += piece
        piece //= 2
    return data


if __name__ == "__main__":
    sys.exit(min(main(), 1))
