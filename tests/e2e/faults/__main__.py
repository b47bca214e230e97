"""Breaks the whole system on purpose, and counts what it has cost: make faults.

    python -m tests.e2e.faults [--seed N] [--only PATTERN] [--long] [--cold] [--write]

--cold cuts the host's power during every fault, and writes nothing. --write puts each row into the table of
docs/reliability.md as soon as it is known, so that a run which is broken off leaves what it has found.
"""

import argparse
import random
import re
import signal
import sys

from tests.e2e.faults import network
from tests.e2e.faults.cases import CASES, LONG
from tests.e2e.faults.report import line, total, write
from tests.e2e.faults.run import Result, kind, run
from tests.support.fork_server import stop_fork_server


def main() -> int:
    """Try all cases in a random order; return how many were not survived."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.faults")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--only", default="")
    parser.add_argument("--long", action="store_true", help="also what takes an hour each")
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    network.enter()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and stop everything
    cases = [
        case for case in (*CASES, *(LONG if given.long else ())) if re.search(given.only, f"{case.group}: {case.name}")
    ]
    chance = random.Random(given.seed)
    chance.shuffle(cases)
    cases.sort(key=kind)  # a home is used again
    print(f"seed {given.seed}", flush=True)
    results: list[Result] = []
    try:
        for result in run(cases, cold=chance if given.cold else None):
            results.append(result)
            if given.write and not given.cold:
                write(results, given.seed)
            print(f"{line(result)} {result.seconds:.0f} s", flush=True)
            print("".join(f"    {fault}\n" for fault in result.broken), end="", flush=True)
    finally:
        stop_fork_server()
        print(total([line(result) for result in results]), flush=True)
    return sum(bool(result.broken) for result in results)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
