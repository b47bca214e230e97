"""Runs cases, one home after the other, and says of each what it has cost and which of what must hold did not."""

import random
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.faults import network
from tests.e2e.faults.cases import FAKED, Case
from tests.e2e.faults.home import Home, running_home
from tests.e2e.faults.tally import Start, Tally, count
from tests.support import faketime

DISK_MB = 48


@dataclass(frozen=True)
class Result:
    """A case, its figures, and what did not hold: nothing where it was survived. skipped is why it was not tried."""

    case: Case
    tally: Tally = field(default_factory=Tally)
    broken: tuple[str, ...] = ()
    seconds: float = 0.0
    skipped: str = ""


def run(cases: Iterable[Case], *, cold: random.Random | None = None, fresh: bool = False) -> Iterator[Result]:
    """Yield the result of each case. A home is used again, unless it is not in order after a case, or `fresh` is asked.

    With `cold`, the power of the host is cut while the fault is there, and everything starts in an order that it draws.
    """
    waiting = list(cases)
    while waiting:
        first, wanted = waiting[0], kind(waiting[0])
        if first.disk and not _may_mount():
            yield Result(waiting.pop(0), skipped="no file system can be mounted here")
            continue
        if (first.drops or first.names) and not network.is_own():
            yield Result(waiting.pop(0), skipped="no network of its own can be made here")
            continue
        if first.clock == FAKED and not faketime.library():
            yield Result(waiting.pop(0), skipped="libfaketime is not installed")
            continue
        with home_for(first) as home:
            while waiting and kind(waiting[0]) == wanted:
                result = tried(home, waiting.pop(0), cold)
                yield result
                if result.broken or fresh or first.disk or not waiting:
                    break
                home.new_day()


def kind(case: Case) -> tuple[str, str, bool, bool, float, tuple[str, ...]]:
    """Return in what home a case is tried: cases of one kind may share one."""
    return case.clock, case.disk, case.drops, case.names, case.poll_s, case.services


@contextmanager
def home_for(case: Case) -> Iterator[Home]:
    """Yield a home that is in order, of the kind that a case needs."""
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        place = Path(folder) / ("" if case.disk == "everything" else "disk")
        with (
            mounted(place, wanted=bool(case.disk)),
            network.name_server() if case.names else nullcontext() as names,
            running_home(Path(folder), case.services) as home,
        ):
            home.disk, home.name_server = place, names
            if case.disk == "database":
                home.keep_database_on(place)
            if case.clock:
                home.with_clock(faketime.library() if case.clock == FAKED else None)
            home.stack.poller.env["POLL_INTERVAL"] = str(case.poll_s)
            home.start()
            yield home


@contextmanager
def mounted(place: Path, *, wanted: bool) -> Iterator[None]:
    """Mount a small file system."""
    if not wanted:
        yield
        return
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _may_mount() -> bool:
    with tempfile.TemporaryDirectory() as place:
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", place]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            return False
        subprocess.run(["umount", place], check=True)
        return True


def tried(home: Home, case: Case, cold: random.Random | None = None) -> Result:
    """Strike, let power go, mend, let power come back, and count."""
    began = time.monotonic()
    missing: list[str] = []
    start = Start.of(home)
    home.change_a_setting()
    if case.from_strike:
        home.asides.update(range(start.number, home.number + 1))
    struck_at = time.time()
    case.strike(home)
    if case.from_strike:
        start = Start.of(home)
    home.power(on=False)
    time.sleep(case.hold_s / 2)
    if cold:
        home.power_cut(cold)
    time.sleep(case.hold_s / 2)
    if case.blinds:
        missing += blindness(home, struck_at)
    case.mend(home)
    over_at = time.time()
    missing += home.out_of_order()
    home.power(on=True)
    missing += home.out_of_order()
    if not missing:
        home.change_a_setting()
        missing += home.out_of_order()
    tally = count(home, start, over_at, case.may_tell)
    rules = tuple(broken_rules(case, tally, may_lose=bool(case.lost or cold)))
    sent = (f"sent at {one}" for one in tally.messages if any("alerts" in rule for rule in rules))
    broken = (*missing, *home.tracebacks(), *rules, *sent)
    return Result(case, tally, broken, time.monotonic() - began)


def blindness(home: Home, since: float) -> Iterator[str]:
    """Yield what was said of the power though nobody could know it."""
    if home.grid() != "unknown":
        yield f"nobody can know how the power is, and it is said to be {home.grid()}"
    if any(state == "off" and at > since for at, state in home.told()):
        yield "an outage was told without contact with the inverter"


def shown(numbers: tuple[int, ...]) -> str:
    """Return numbers of readings, but not thousands of them."""
    return ", ".join(map(str, numbers[:20])) + (", ..." if len(numbers) > 20 else "")


def broken_rules(case: Case, tally: Tally, *, may_lose: bool) -> Iterator[str]:
    """Yield what a fault has cost and may not."""
    if tally.lost and not may_lose:
        yield f"{tally.lost} readings lost, of {shown(tally.missing)}"
    if tally.doubled:
        yield f"{tally.doubled} readings doubled"
    if tally.read - tally.published > case.unpublished:
        yield f"{tally.read - tally.published} readings never published, of {shown(tally.missing)}"
    for what in ("alerts", "switches", "settings"):
        due = getattr(tally, f"{what}_due")
        done = getattr(tally, f"{what}_{DONE[what]}")
        if done != due:
            yield f"{done} of {due} {what}"
    for name in ("alerts_false", "alerts_late", "switches_wrong", "settings_wrong"):
        if number := getattr(tally, name):
            yield f"{name.replace('_', ' ')}: {number}"


DONE = {"alerts": "sent", "switches": "done", "settings": "written"}
