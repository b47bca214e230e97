"""Searches for inputs that reach new lines of the parsers, with atheris: part of make fuzz.

    python -m tests.fuzz.coverage_guided [--seconds N] [--only PART-OF-A-NAME] [--table FILE]

atheris is not among the tools of the tests (pip install 'easun-bridge[fuzz]'): it has wheels for few platforms.
"""

import argparse
import json
import logging
import os
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn

import atheris

from tests.fuzz.folder import kept_in_memory

with atheris.instrument_imports(include=["services", "shared"]):
    from tests.fuzz.target import Target
    from tests.fuzz.targets import TARGETS

RSS_LIMIT_MB = 1024
PATIENCE_S = 60
DONE = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
PEAK = re.compile(r"stat::peak_rss_mb:\s*(\d+)")
COVERED = re.compile(r"cov: (\d+)")


def main() -> int:
    """Fuzz all targets, and return how many of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.coverage_guided")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--only", default="")
    parser.add_argument("--table", type=Path, help="results are added to this file, a JSON object a line")
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    with kept_in_memory():
        return _run(given)


def _run(given: argparse.Namespace) -> int:
    failures = inputs = 0
    for target in (one for one in TARGETS if given.only in one.name):
        result = fuzz(target, given.seconds)
        failures, inputs = failures + result["failures"], inputs + result["inputs"]
        print(f"{result['inputs']:>9} cov {result['covered']:>5} {result['peak_mb']:>5} MB  {target.name}", flush=True)
        if given.table:
            with given.table.open("a") as table:
                table.write(json.dumps(result) + "\n")
    print(f"{inputs} inputs, {failures} failures")
    return failures


def fuzz(target: Target, seconds: int) -> dict[str, Any]:
    """Fuzz one target in a process of its own, for libFuzzer ends it."""
    with tempfile.TemporaryDirectory() as folder:
        corpus, log = Path(folder) / "corpus", Path(folder) / "log"
        corpus.mkdir()
        for number, seed in enumerate(target.seeds):
            (corpus / f"seed{number}").write_bytes(seed)
        began = time.monotonic()
        if not (pid := os.fork()):
            _search(target, seconds, corpus, log)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        said = log.read_text(errors="replace")
        if code:
            print(f"--- {target.name}\n{said[-6000:]}", flush=True)
        done, peak = DONE.search(said), PEAK.search(said)
        return {
            "target": target.name,
            "inputs": int(done[1]) if done else 0,
            "peak_mb": int(peak[1]) if peak else 0,
            "covered": int((COVERED.findall(said) or ["0"])[-1]),
            "seconds": time.monotonic() - began,
            "failures": int(code != 0),
        }


def _search(target: Target, seconds: int, corpus: Path, log: Path) -> NoReturn:
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    options = (
        f"-max_total_time={seconds}",
        f"-timeout={PATIENCE_S}",
        f"-rss_limit_mb={RSS_LIMIT_MB}",
        "-print_final_stats=1",
        "-max_len=4096",
        f"-artifact_prefix={corpus.parent}/",
    )
    atheris.Setup([sys.argv[0], *options, str(corpus)], target.try_one)
    atheris.Fuzz()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
