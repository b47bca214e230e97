"""A fleet of homes on one broker: two recorders share the work and write into one PostgreSQL server."""

import tempfile
import time
from pathlib import Path

import psutil
from sqlalchemy import func, select

from shared.history.engine import reader
from shared.history.tables import inverter_state
from tests.support.broker import Broker
from tests.support.postgres import programs, running_postgres
from tests.support.stack import Process, running_stack
from tests.support.stream import Stream
from tests.support.waiting import eventually

HOMES = 1000
EVERY_S = 5
SPAN_S = 30


def main() -> None:
    """Print what a fleet costs, and that each reading is one row."""
    if programs() is None:
        print("PostgreSQL is not installed.")
        return
    with tempfile.TemporaryDirectory() as name, running_stack(Path(name)) as (stack, _), running_postgres() as server:
        url = server.create("fleet")
        recorders = []
        for title in ("", "second"):
            env = stack.broker.env() | {"DATABASE_URL": url, "RECORDER_SHARE": "fleet", "RECORDER_NAME": title}
            recorders.append(Process("recorder", "services.recorder", env, Path(name) / f"recorder{title}.log"))
        try:
            measure(stack.broker, url, recorders)
        finally:
            for recorder in recorders:
                recorder.stop()


def measure(broker: Broker, url: str, recorders: list[Process]) -> None:
    """Let the fleet speak for a while."""
    for recorder in recorders:
        recorder.start()
        eventually(lambda recorder=recorder: "Recording into" in recorder.log, "it records")  # type: ignore[misc]
    time.sleep(1)
    with Stream(broker, HOMES / EVERY_S, homes=HOMES) as stream:
        before = [cpu(recorder) for recorder in recorders]
        time.sleep(SPAN_S)
        used = [cpu(recorder) - was for recorder, was in zip(recorders, before, strict=True)]
        stream.finish()
    eventually(lambda: rows(url) >= len(stream.sent), "every reading is recorded", 20)
    rate = len(stream.sent) / SPAN_S
    print(f"{HOMES} homes, a reading in {EVERY_S} s: {rate:.0f}/s, {len(stream.sent)} sent, {rows(url)} rows")
    print("CPU of the recorders: " + ", ".join(f"{100 * seconds / SPAN_S:.1f} % of a core" for seconds in used))


def cpu(recorder: Process) -> float:
    """Return the CPU seconds that it has used."""
    times = psutil.Process(recorder.pid).cpu_times()
    return float(times.user + times.system)


def rows(url: str) -> int:
    """Return how many readings are recorded."""
    with reader(url).connect() as connection:
        return connection.execute(select(func.count()).select_from(inverter_state)).scalar_one()


if __name__ == "__main__":
    main()
