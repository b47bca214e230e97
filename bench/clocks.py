"""What is lost, doubled or dated wrong where the clock is wrong: real processes, and a machine with simulated time."""

import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.history.tables import to_ms
from tests.support.simulated_clock import SimulatedClock
from tests.support.stack import Stack, running_stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

DAY_S = 24 * 3600.0
TO_1970_S = 1000.0 - time.time()
TO_2120_S = 94 * 365.25 * DAY_S
STRETCH_S = 6.0
"""How long each part of a case lasts; readings come twice a second."""
QUIET_S = 30.0
"""After so long nothing more comes."""
SLACK_MS = 1500
"""From the reading to its arrival, on a busy machine."""


@dataclass
class Run:
    """A home in which power goes at the beginning, and what is true of it."""

    stack: Stack
    clock: SimulatedClock
    viewer: Viewer
    outages: list[list[int]] = field(default_factory=list)

    def start(self) -> None:
        """Start the poller, and wait until it reads."""
        self.stack.poller.start()
        before = len(self.viewer.on("grid/state"))
        eventually(lambda: len(self.viewer.on("grid/state")) > before + 3, "readings come", 60)

    def reboot(self, ahead_s: float, *, synchronised: bool = False) -> None:
        """Let the machine boot again."""
        for service in (self.stack.poller, self.stack.recorder):
            service.end()
        self.clock.boot(ahead_s, synchronised=synchronised)
        self.stack.recorder.start()
        self.start()

    def switch(self, mode: str) -> None:
        """Let power go or come back."""
        self.stack.command("grid", mode=mode)
        now = to_ms(datetime.now(UTC))
        if mode == "off":
            self.outages.append([now])
        else:
            self.outages[-1].append(now)
        self.viewer.wait_for("grid/state", state=mode)


def wait() -> None:
    """Let readings come."""
    time.sleep(STRETCH_S)


def boots_wrong(ahead_s: float) -> Callable[[Run], None]:
    """Return a case: the machine boots during the outage with a wrong clock, which is set later."""

    def case(run: Run) -> None:
        run.reboot(ahead_s)
        wait()
        run.clock.synchronise()
        wait()

    return case


def never_set_during_it(run: Run) -> None:
    """The clock is set only when power has been back for a while."""
    run.reboot(-2400)
    wait()
    run.switch("on")
    wait()
    run.clock.synchronise()


def leaps(ahead_s: float) -> Callable[[Run], None]:
    """Return a case: the clock leaps during the outage and is put back."""

    def case(run: Run) -> None:
        run.clock.show(ahead_s, synchronised=True)
        wait()
        run.clock.synchronise()
        wait()

    return case


def synchronised_ahead(run: Run) -> None:
    """The kernel itself calls a clock synchronised that is two days ahead; then it is corrected."""
    run.reboot(2 * DAY_S, synchronised=True)
    wait()
    run.clock.show(2 * DAY_S)
    time.sleep(2)
    run.clock.synchronise()
    wait()


def never_learns(run: Run) -> None:
    """A boot ends before its clock was set."""
    run.reboot(-2400)
    wait()
    run.reboot(-2400)
    wait()
    run.clock.synchronise()
    wait()


CASES: tuple[tuple[str, Callable[[Run], None]], ...] = (
    ("boots 40 minutes behind, set later", boots_wrong(-2400)),
    ("boots two days behind, set later", boots_wrong(-2 * DAY_S)),
    ("boots three months behind, set later", boots_wrong(-90 * DAY_S)),
    ("boots two days ahead, set later", boots_wrong(2 * DAY_S)),
    ("boots in 1970, set later", boots_wrong(TO_1970_S)),
    ("boots in 2120, set later", boots_wrong(TO_2120_S)),
    ("boots 40 minutes behind, set after the outage", never_set_during_it),
    ("leaps to 2120 and back", leaps(TO_2120_S)),
    ("leaps two days behind and back", leaps(-2 * DAY_S)),
    ("put back by a second", leaps(-1.0)),
    ("two days ahead, and the kernel calls it synchronised; corrected", synchronised_ahead),
    ("a boot that never learns the time, then one that does", never_learns),
)


def main() -> None:
    """Print the table of docs/operations.md."""
    columns = ("acknowledged", "stored", "kept apart", "lost", "doubled", "wrong date", "outages (begin, end)")
    print("| the clock, during an outage | " + " | ".join(columns) + " |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for name, case in CASES:
        with tempfile.TemporaryDirectory() as directory, running_stack(Path(directory)) as (stack, viewer):
            run = Run(stack, SimulatedClock(stack), viewer)
            run.clock.boot(0, synchronised=True)
            stack.start_house()
            stack.recorder.start()
            viewer.wait_for("service/recorder/status", state="online")
            run.start()
            viewer.wait_for("grid/state", state="on")
            run.switch("off")
            wait()
            case(run)
            if len(run.outages[-1]) == 1:
                run.switch("on")
            time.sleep(1)
            stack.poller.end()
            report(name, run)


def report(name: str, run: Run) -> None:
    """Print a row, once no more is to come."""
    stack, arrivals = run.stack, arrived(run.viewer)
    stack.recorder.end()
    stack.recorder.start()  # upkeep comes with the first message, and then once a minute
    until = time.monotonic() + QUIET_S
    while time.monotonic() < until and not settled(stack, len(arrivals)):
        time.sleep(0.2)
    recorded, apart = [at for (at,) in rows(stack, "SELECT at FROM inverter_state ORDER BY at")], waiting(stack)
    wrong = [at for at in recorded if not any(0 <= arrival - at <= SLACK_MS for arrival in arrivals)]
    found = rows(stack, 'SELECT start, "end" FROM outage ORDER BY start')
    outages = f"{len(found)} of {len(run.outages)}"
    for (start, end), (began, ended) in zip(found, run.outages, strict=False):
        late_s = (start - began) / 1000, None if end is None else (end - ended) / 1000
        outages += f" ({late_s[0]:+.1f}, {'still open' if late_s[1] is None else f'{late_s[1]:+.1f}'} s)"
    lost = len(arrivals) - len(recorded) - apart
    figures = (len(arrivals), len(recorded), apart, max(0, lost), max(0, -lost), len(wrong), outages)
    print(f"| {name} | " + " | ".join(map(str, figures)) + " |", flush=True)


def arrived(viewer: Viewer) -> list[int]:
    """Return when each reading arrived, by the true clock; what the broker repeats counts once."""
    seen: dict[tuple[Any, Any], int] = {}
    for topic, payload, at in list(viewer.arrivals):
        if topic == "inverter/main/state":
            seen.setdefault((payload["at"], str(payload.get("clock"))), at)
    return list(seen.values())


def settled(stack: Stack, count: int) -> bool:
    """Return whether every reading is somewhere, and nothing that can be dated or derived is left."""
    ((stored,),) = rows(stack, "SELECT count(*) FROM inverter_state")
    known = "SELECT count(*) FROM undated_message WHERE boot IN (SELECT boot FROM boot_clock)"
    due = "SELECT count(*) FROM rollup_due"
    is_open = 'SELECT count(*) FROM outage WHERE "end" IS NULL'
    return stored + waiting(stack) >= count and all(rows(stack, query) == [(0,)] for query in (known, due, is_open))


def waiting(stack: Stack) -> int:
    """Return how many readings are kept apart."""
    ((count,),) = rows(stack, "SELECT count(*) FROM undated_message WHERE topic = 'inverter/main/state'")
    return int(count)


def rows(stack: Stack, query: str) -> list[Any]:
    """Ask the database."""
    with closing(sqlite3.connect(stack.db_path, timeout=10)) as connection:
        return connection.execute(query).fetchall()


if __name__ == "__main__":
    main()
