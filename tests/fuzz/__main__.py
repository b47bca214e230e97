"""Draws inputs for every parser that reads from outside, and counts them: make fuzz.

    python -m tests.fuzz [--inputs N] [--seed N] [--only PART-OF-A-NAME] [--table FILE]

An input that is neither understood nor refused by an error of ours is made as small as it can be and shown.
"""

import argparse
import json
import logging
import random
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.target import HangError, Target, peak_mb, watched
from tests.fuzz.targets import TARGETS

BATCH = 2000
"""Hypothesis remembers what it has drawn: with more its memory would be measured, not ours."""
FOUND = 3
"""After so many failures of a target the next one is due."""


@dataclass
class Result:
    """What came of a target."""

    target: str
    inputs: int = 0
    seconds: float = 0.0
    grown_mb: float = 0.0
    failures: int = 0


def main() -> int:
    """Fuzz all targets, and return how many failures there were."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=20_000, help="for each target")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", default="")
    parser.add_argument("--table", type=Path, help="results are added to this file, a JSON object a line")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    print(f"seed {given.seed}", flush=True)
    results = []
    for target in TARGETS:
        if given.only in target.name:
            result = fuzz(target, given.inputs, given.seed)
            results.append(result)
            print(f"{result.inputs:>9} {result.seconds:6.0f} s {result.grown_mb:+5.0f} MB  {target.name}", flush=True)
            if given.table:
                with given.table.open("a") as table:
                    table.write(json.dumps(vars(result)) + "\n")
    print(f"{sum(one.inputs for one in results)} inputs, {sum(one.failures for one in results)} failures")
    return sum(one.failures for one in results)


def fuzz(target: Target, inputs: int, first_seed: int) -> Result:
    """Draw inputs for one target."""
    result = Result(target.name)
    began, before = time.monotonic(), peak_mb()

    def once(data: bytes) -> None:
        result.inputs += 1
        with watched():
            target.try_one(data)

    number = 0
    while result.inputs < inputs and result.failures < FOUND:
        batch = settings(
            max_examples=min(BATCH, inputs),
            database=None,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        try:
            seed(first_seed + number)(batch(given(target.inputs)(once)))()
        except (Exception, HangError):
            result.failures += 1
            print(f"--- {target.name}", flush=True)
            traceback.print_exc(limit=-8)
        number += 1
    result.seconds, result.grown_mb = time.monotonic() - began, peak_mb() - before
    return result


if __name__ == "__main__":
    sys.exit(min(main(), 1))
