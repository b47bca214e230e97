"""A day of a whole home with random faults, in an hour or less: make soak.

    python -m tests.e2e.faults.soak [--minutes N] [--seed N] [--write]

The house lives faster: sun, loads and battery have their day in the time given, and readings are as far apart as that
makes them. The services run in real time, as they do at home. --write puts the report into docs/reliability.md.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.e2e.faults.cases import CASES, Case
from tests.e2e.faults.home import CHAT, SETTLE_S, Home, running_home
from tests.e2e.faults.report import COLUMNS, figures, machine, replace_part, today
from tests.e2e.faults.run import broken_rules
from tests.e2e.faults.tally import REPLY, Start, Tally, count
from tests.support.fork_server import stop_fork_server
from tests.support.stack import Process

DAY_MIN = 24 * 60
CALM_S, HOLD_S = (3.0, 15.0), (2.0, 15.0)
APART_S = (200.0, 320.0)
"""From one turn of the power to the next: more often, the bot calls it unstable and reports it as one."""
ANSWER_S = 30.0
YOUNG_S = 60.0
"""A process is still filling its caches."""
MAY_TELL = r"[Bb]attery|plug|Plug"
"""Alerts beside those of the outages that a day as hard as this may bring: a low battery, plugs that did not answer."""
FAULTS = tuple(
    case
    for case in CASES
    if not (case.disk or case.clock or case.from_strike or case.lost) and case.group not in ("hostile", "database")
)
"""What a home must survive without a loss, several times a day. What damages files is in the matrix only."""


@dataclass
class Memory:
    """How much memory the process of a service has had, by its age."""

    pid: int
    began_s: float
    seen_mb: list[tuple[float, float]] = field(default_factory=list)

    @property
    def grown_mb(self) -> float | None:
        """From its first minute to its end; None where it did not live much longer than that."""
        old = [megabytes for age_s, megabytes in self.seen_mb if age_s > YOUNG_S]
        return old[-1] - old[0] if len(old) > 10 else None


@dataclass
class Day:
    """What is known of a day so far."""

    home: Home
    chance: random.Random
    until_s: float
    struck: list[str] = field(default_factory=list)
    checks: int = 0
    unknown: int = 0
    """How often one of them did not know, or did not answer."""
    contradictions: list[str] = field(default_factory=list)
    not_in_order: list[str] = field(default_factory=list)
    memories: dict[str, list[Memory]] = field(default_factory=dict)
    _turn_at_s: float = 0.0

    def live(self) -> None:
        """Let faults come and go until the day is over."""
        self._turn_at_s = time.monotonic() + self.chance.uniform(*CALM_S)
        while time.monotonic() < self.until_s:
            self._pass(self.chance.uniform(*CALM_S))
            faults = self.chance.sample(FAULTS, self.chance.choice((1, 1, 1, 2)))
            self._suffer(faults[:1] if _collide(faults) else faults)
            self._check()
        if not self.home.power_is_on:
            self.home.power(on=True)
        self.not_in_order += [f"at the end: {one}" for one in self.home.out_of_order()]
        self._check()

    def _suffer(self, faults: list[Case]) -> None:
        for case in faults:
            self.struck.append(f"{case.group}: {case.name}")
            case.strike(self.home)
        self._pass(self.chance.uniform(*HOLD_S))
        for case in reversed(faults):
            case.mend(self.home)
        self.not_in_order += [f"{self.struck[-1]}: {one}" for one in self.home.out_of_order()]
        if len(self.struck) % 6 == 0:
            self.home.change_a_setting()

    def _pass(self, seconds: float) -> None:
        """Let time pass, and the power come and go when it is due."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            if time.monotonic() >= self._turn_at_s:
                self.home.power(on=not self.home.power_is_on)
                self._turn_at_s = time.monotonic() + self.chance.uniform(*APART_S)
            time.sleep(0.5)
        self._measure()

    def _measure(self) -> None:
        for name in self.home.services:
            part = self.home.part(name)
            if isinstance(part, Process) and part.is_running and part.pid:
                lives = self.memories.setdefault(name, [])
                if not lives or lives[-1].pid != part.pid:
                    lives.append(Memory(part.pid, time.monotonic()))
                try:
                    megabytes = psutil.Process(part.pid).memory_info().rss / 1e6
                except psutil.Error:
                    continue
                lives[-1].seen_mb.append((time.monotonic() - lives[-1].began_s, megabytes))

    def _check(self) -> None:
        """Compare what the page, the bot and the record say of the power with how it is."""
        self.checks += 1
        is_on = self.home.power_is_on
        page = self.home.page()
        recorded = self.home.stack.rows("SELECT state FROM grid_state ORDER BY at DESC LIMIT 1")
        said = {
            "page": None if page is None else "power out" not in page.text.lower(),
            "record": {"on": True, "off": False}.get(recorded[0][0]) if recorded else None,
            "bot": self._asked_bot(),
        }
        self.unknown += sum(answer is None for answer in said.values())
        wrong = [name for name, answer in said.items() if answer is (not is_on)]
        self.contradictions += [f"{name} says {'off' if is_on else 'on'}" for name in wrong]

    def _asked_bot(self) -> bool | None:
        """Ask the bot as a person does, and return whether it says that power is on; None where it says nothing."""
        before = len(self.home.chat())
        self.home.stack.tell_telegram("say", chat=CHAT, text="/status")
        deadline = time.monotonic() + ANSWER_S
        while time.monotonic() < deadline:
            for message in self.home.chat()[before:]:
                if found := REPLY.search(message["text"]):
                    return found[1] == "on"
            time.sleep(0.2)
        return None


def _collide(faults: list[Case]) -> bool:
    """Whether two faults are of one kind, so that the end of one would end the other."""
    return len({case.group if case.group != "HTTP" else "network" for case in faults}) < len(faults)


def main() -> int:
    """Live a day; return whether something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.faults.soak")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and stop everything
    try:
        with tempfile.TemporaryDirectory(prefix="faults-") as folder, running_home(Path(folder)) as home:
            home.stack.house.env["HOUSE_SPEED"] = str(DAY_MIN / given.minutes)
            home.start()
            start = Start.of(home)
            day = Day(home, random.Random(given.seed), time.monotonic() + 60 * given.minutes)
            day.live()
            tally = count(home, start, time.time(), MAY_TELL)
            others = [message["text"] for message in home.chat()[start.chat :]]
            text = report(day, tally, given.minutes, given.seed)
            broken = [*day.not_in_order, *day.contradictions, *home.tracebacks()]
            broken += broken_rules(Case("soak", "", lambda _: None, unpublished=tally.read), tally, may_lose=False)
            print(text, *broken, "", *others, sep="\n", flush=True)
    finally:
        stop_fork_server()
    if given.write:
        replace_part("soak", text)
    return len(broken)


def report(day: Day, tally: Tally, minutes: float, seed: int) -> str:
    """Return the report, as it stands in the document."""
    memory = ", ".join(_memory(name, lives) for name, lives in sorted(day.memories.items()))
    faults, turns, checks = len(day.struck), len(day.home.flips) - 1, day.checks
    late, bugs = len(day.not_in_order), len(day.home.tracebacks())
    return "\n".join(
        (
            f"{today()}, seed {seed}: a day of the house in {minutes:.0f} minutes ({DAY_MIN / minutes:.0f} times as",
            f"fast), {machine()}. {faults} faults of {len(set(day.struck))} kinds, {turns} turns of the power.",
            "",
            f"| {' | '.join(COLUMNS[2:])} |\n|{'---|' * len(COLUMNS[2:])}",
            f"| {' | '.join(figures(tally))} |",
            "",
            f"Page, bot and record asked {checks} times how the power is: {len(day.contradictions)} contradictions,",
            f"{day.unknown} times one did not know, or not within {ANSWER_S:.0f} s. Not in order within",
            f"{SETTLE_S:.0f} s of the end of a fault: {late}. Services that died of a bug: {bugs}.",
            "",
            "Memory in MB, the most of any process of a service, and how much the one that grew most has grown after",
            f"its first minute: {memory}.",
        )
    )


def _memory(name: str, lives: list[Memory]) -> str:
    most = max(megabytes for one in lives for _, megabytes in one.seen_mb)
    grown = [one.grown_mb for one in lives if one.grown_mb is not None]
    return f"{name} {most:.0f}" + (f" ({max(grown):+.1f})" if grown else "")


if __name__ == "__main__":
    sys.exit(min(main(), 1))
