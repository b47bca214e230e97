"""The poller's transports: time and faults, compared with easunpy; its CPU, a lost grid, its memory over time."""

import subprocess
import sys

from bench import wire_faults, wire_grid, wire_speed
from tests.support.broker import ROOT


def main() -> None:
    """Print all of it, the quickest first."""
    wire_speed.main()
    print("\n### one fault, and what is published afterwards\n", flush=True)
    wire_faults.main()
    print("\n### at home\n", flush=True)
    wire_grid.main()
    print("\n### memory\n", flush=True)
    # in a process of its own, whose memory holds nothing of the other benches
    subprocess.run([sys.executable, "-m", "bench.wire_memory"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
