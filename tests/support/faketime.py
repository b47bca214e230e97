"""libfaketime, where it is installed: programs that know nothing of it, and their libraries, get a wrong wall clock.

It is that of `pip install libfaketime`; Debian's 0.9.10 breaks `time.sleep` of Python while the monotonic clock is not
faked. What it cannot fake is the kernel's own word on its clock (adjtimex) and the boot: SIMULATED_CLOCK tells those.
"""

import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

AHEAD_S = 1000
PROBE = "import time; a = time.monotonic(); time.sleep(0.01); assert time.monotonic() - a < 5; print(time.time())"


@cache
def library() -> Path | None:
    """Return the library, None where it is not installed or does not work on this machine."""
    found = find_spec("libfaketime")
    for place in (found and found.submodule_search_locations) or ():
        for file in Path(place).glob("vendor/libfaketime/src/libfaketime.so.1"):
            if _works(file):
                return file
    return None


def environment(file: Path, ahead_file: Path) -> dict[str, str]:
    """Return what a process needs in its environment to be ahead by what stands in a file, whenever that changes."""
    return {
        "LD_PRELOAD": str(file),
        "FAKETIME_TIMESTAMP_FILE": str(ahead_file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def show(ahead_file: Path, ahead_s: float) -> None:
    """Let the clock be ahead by so much."""
    new = Path(f"{ahead_file}.new")
    new.write_text(f"{ahead_s:+.3f}\n")
    new.replace(ahead_file)


def _works(file: Path) -> bool:
    env = {"LD_PRELOAD": str(file), "FAKETIME": f"+{AHEAD_S}", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    here, there = (
        subprocess.run([sys.executable, "-c", PROBE], env=one, capture_output=True, text=True, check=False).stdout
        for one in ({}, env)
    )
    return bool(there) and AHEAD_S <= float(there) - float(here) < 2 * AHEAD_S
