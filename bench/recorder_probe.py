"""python -m bench.recorder_probe FILE [CACHE_KB]: the recorder in flying time, which appends its memory to FILE.

Nothing is traced, and nothing of the bench is loaded beside the recorder.
"""

import ctypes
import json
import re
import runpy
import sqlite3  # noqa: F401  # loads the library that is asked below
import sys
import threading
import time
from ctypes.util import find_library
from pathlib import Path

from services.recorder import upkeep
from shared.history import engine

FASTER, SAMPLE_S = 100, 15.0
MALLOC = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")


class Malloc(ctypes.Structure):
    """What mallinfo2 of glibc returns."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in MALLOC)


LIBC, SQLITE = ctypes.CDLL(None), ctypes.CDLL(find_library("sqlite3"))
LIBC.mallinfo2.restype, SQLITE.sqlite3_memory_used.restype = Malloc, ctypes.c_int64


def note() -> dict[str, float]:
    """Return the memory of this process in MB, and the number of blocks of Python."""
    kept = re.findall(r"^(Rss|Anonymous): +(\d+) kB", Path("/proc/self/smaps_rollup").read_text(), re.MULTILINE)
    malloc = LIBC.mallinfo2()
    return {name: int(kb) * 1024 / 1e6 for name, kb in kept} | {
        "SQLite": SQLITE.sqlite3_memory_used() / 1e6,
        "malloc": (malloc.uordblks + malloc.hblkhd) / 1e6,
        "free": malloc.fordblks / 1e6,
        "blocks": sys.getallocatedblocks(),
    }


def record(file: Path, cache_kb: str = "") -> None:
    """Run the recorder, and append a note to the file again and again."""
    upkeep.INTERVAL_S /= FASTER
    if cache_kb:
        vars(engine)["WRITING"] += (f"PRAGMA cache_size=-{cache_kb}",)
    threading.Thread(target=watch, args=(file,), daemon=True).start()
    sys.argv = ["services.recorder"]
    runpy.run_module("services.recorder", run_name="__main__", alter_sys=True)


def watch(file: Path) -> None:
    """Append a note again and again."""
    while True:
        time.sleep(SAMPLE_S)
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(note()) + "\n")


if __name__ == "__main__":
    record(Path(sys.argv[1]), *sys.argv[2:])
