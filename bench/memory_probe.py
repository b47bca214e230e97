"""python -m bench.memory_probe FILE MODULE: runs a service that appends to FILE, twice a minute, what memory it has.

Python's memory is counted in a fork, after its garbage collector has run: so looking does not change the process.
"""

import gc
import json
import os
import runpy
import sys
import threading
import time
import tracemalloc
from collections import Counter
from itertools import count
from pathlib import Path
from typing import Any

import psutil

SAMPLE_S = 30.0
DETAILS_EVERY = 10
"""Notes from one to the next list of what holds the memory, which takes seconds to make."""
MOST = 1000
ROOT = f"{Path(__file__).parent.parent}/"


def note(file: Path, age_s: float, *, with_details: bool) -> None:
    """Append the memory in MB, and how many objects wait for the garbage collector.

    traced is what Python has allocated and still needs, anonymous what the process has beside its files.
    """
    memory = psutil.Process().memory_info()
    seen: dict[str, Any] = {"rss": memory.rss / 1e6, "anonymous": (memory.rss - memory.shared) / 1e6}
    if (child := os.fork()) != 0:
        os.waitpid(child, 0)
        return
    seen |= {"age_s": age_s, "garbage": gc.collect(), "traced": tracemalloc.get_traced_memory()[0] / 1e6}
    if with_details:
        seen |= {"lines": traced_by_line(), "types": objects_by_type()}
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(seen) + "\n")
    os._exit(0)


def traced_by_line() -> dict[str, int]:
    """Return the bytes that each line of code has allocated, of those with most."""
    found = tracemalloc.take_snapshot().statistics("lineno")[:MOST]
    return {f"{name_of(one.traceback[0].filename)}:{one.traceback[0].lineno}": one.size for one in found}


def name_of(file: str) -> str:
    """Return a file without the directory of its installation."""
    return file.rpartition("site-packages/")[2].removeprefix(ROOT)


def objects_by_type() -> dict[str, int]:
    """Return how many objects there are of each type, of those that may hold others."""
    return dict(Counter(type(one).__qualname__ for one in gc.get_objects()).most_common(MOST))


def watch(file: Path) -> None:
    """Append a note again and again."""
    began = time.monotonic()
    for number in count():
        time.sleep(SAMPLE_S)
        note(file, time.monotonic() - began, with_details=number % DETAILS_EVERY == 0)


if __name__ == "__main__":
    _, out_file, module = sys.argv
    tracemalloc.start()
    threading.Thread(target=watch, args=(Path(out_file),), daemon=True).start()
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
