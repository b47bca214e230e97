"""python -m bench.recorder_memory [MINUTES] [CACHE_KB]: memory of the recorder in a home 100 times as fast.

Readings of 10 s apart and a battery, ten of each a second; power turns every 400 minutes of the home; upkeep runs 100
times as often. Nothing is traced. What grows is told apart: the pages that SQLite keeps (with CACHE_KB its cache is
that large), what else malloc has given out or holds free, and the blocks of Python.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.reading_stream import ReadingStream
from bench.recorder_probe import FASTER, SAMPLE_S
from tests.support.broker import ROOT
from tests.support.databases import empty_database
from tests.support.stack import running_stack
from tests.support.viewer import Viewer

MINUTES, READING_S, TURN = 16.5, 10.0, timedelta(minutes=400)


def live(stream: ReadingStream, minutes: float) -> None:
    """Let as many readings come as the home gives in so many hundred minutes, the last one dated now."""
    began = time.monotonic()
    first = datetime.now(UTC) - timedelta(minutes=minutes * FASTER)
    while (passed_s := time.monotonic() - began) < 60 * minutes:
        stream.step(first + timedelta(seconds=stream.steps * READING_S))
        time.sleep(max(0.0, stream.steps * READING_S / FASTER - passed_s))


def show(file: Path) -> None:
    """Print each note as it comes."""
    seen = 0
    while True:
        written = file.read_text().splitlines() if file.exists() else []
        for line in written[seen:]:
            seen += 1
            figures = "  ".join(f"{name} {one:,.2f}" for name, one in json.loads(line).items())
            print(f"{seen * SAMPLE_S * FASTER / 3600:5.1f} h  {figures}", flush=True)
        time.sleep(1)


def main(minutes: float, *cache_kb: str) -> None:
    """Print a line every quarter of a minute."""
    with (
        tempfile.TemporaryDirectory() as directory,
        running_stack(Path(directory)) as (stack, _),
        Viewer(stack.broker, "poller") as poller,
        Viewer(stack.broker, "bms") as bms,
    ):
        stream = ReadingStream(poller, bms, TURN)
        stack.db_path.write_bytes(empty_database())
        notes = Path(directory) / "notes.jsonl"
        command = [sys.executable, "-m", "bench.recorder_probe", str(notes), *cache_kb]
        with stack.recorder.log_file.open("ab") as log:
            recorder = subprocess.Popen(command, cwd=ROOT, env=stack.recorder.env, stdout=log, stderr=log)
        threading.Thread(target=show, args=(notes,), daemon=True).start()
        live(stream, minutes)
        recorder.terminate()
        recorder.wait()


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else MINUTES, *sys.argv[2:])
