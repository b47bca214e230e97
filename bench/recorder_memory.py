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
from typing import Any
from uuid import uuid4

from bench.recorder_probe import FASTER, SAMPLE_S
from shared.messages import BatteryState, GridState, InverterState
from tests.support.broker import ROOT
from tests.support.databases import empty_database
from tests.support.samples import sample
from tests.support.stack import running_stack
from tests.support.viewer import Viewer

MINUTES, READING_S, TURN_S = 16.5, 10.0, 24_000.0


def full(kind: type[Any]) -> dict[str, Any]:
    """Return a message with everything in it but the clock, of a boot that nobody knows: so it is dated."""
    known: dict[str, Any] = json.loads(sample(kind).model_dump_json(exclude={"clock"}))
    return known


def live(poller: Viewer, bms: Viewer, minutes: float) -> None:
    """Publish what poller and bms would."""
    inverter, power, battery = (full(kind) for kind in (InverterState, GridState, BatteryState))
    began, n, grid = time.monotonic(), 0, dict[str, Any]()
    first = datetime.now(UTC) - timedelta(minutes=minutes * FASTER)
    while (passed_s := time.monotonic() - began) < 60 * minutes:
        at = (first + timedelta(seconds=n * READING_S)).isoformat()
        if n % (TURN_S // READING_S) == 0:
            state = "off" if grid.get("state") == "on" else "on"
            grid = {"state": state, "since": at, "transition_id": uuid4().hex}
        grid_v, soc = (220 + n % 97 / 10 if grid["state"] == "on" else 0.0), 60 + n % 30
        reading = {"grid_voltage_v": grid_v, "load_power_w": 300 + n % 1009, "battery_soc_percent": soc, "at": at}
        for account, topic, payload in (
            (poller, "inverter/main/state", inverter | reading),
            (poller, "grid/state", power | grid | {"voltage_v": grid_v, "at": at}),
            (bms, "battery/p1/state", battery | {"soc_percent": soc, "at": at}),
        ):
            account.client.publish(topic, json.dumps(payload), qos=1, retain=True)
        n += 1
        time.sleep(max(0.0, n * READING_S / FASTER - passed_s))


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
        for account in (poller, bms):
            account.client.unsubscribe("#")  # what it publishes it need not keep
        stack.db_path.write_bytes(empty_database())
        notes = Path(directory) / "notes.jsonl"
        command = [sys.executable, "-m", "bench.recorder_probe", str(notes), *cache_kb]
        with stack.recorder.log_file.open("ab") as log:
            recorder = subprocess.Popen(command, cwd=ROOT, env=stack.recorder.env, stdout=log, stderr=log)
        threading.Thread(target=show, args=(notes,), daemon=True).start()
        live(poller, bms, minutes)
        recorder.terminate()
        recorder.wait()


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else MINUTES, *sys.argv[2:])
