"""A day of a whole home with random faults, in an hour or less: make soak.

    python -m tests.e2e.faults.soak [--minutes N] [--seed N] [--calm] [--write]

The house lives faster: sun, loads and battery have their day in the time given, and readings are as far apart as that
makes them. The services run in real time, as they do at home. --write puts the report into docs/reliability.md.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from statistics import fmean, linear_regression

import psutil

from deploy.units import ALLOCATOR
from tests.e2e.faults import network
from tests.e2e.faults.answers import Answer, verdict
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
ANSWER_S = 70.0
"""In time: a request for commands that Telegram never answers lasts 40 s, and up to 15 s later comes the next."""
YOUNG_S, TELLING_S = 300.0, 600.0
"""Until the first a process is still filling its caches; then growth is told from so long a time of all its lives."""
MAY_TELL = r"\A(?![\s\S]*Service “)[\s\S]*([Bb]attery|[Pp]lug)"
"""Alerts beside those of the outages that a day as hard as this may bring: a low battery, plugs that did not answer.

No service is ever away for as long as it takes to be called down.
"""
FAULTS = tuple(
    case
    for case in CASES
    if not (case.disk or case.clock or case.drops or case.names or case.from_strike or case.lost)
    and case.group not in ("hostile", "database")
)
"""What a home must survive without a loss, several times a day. What damages files is in the matrix only."""


@dataclass
class Memory:
    """How much memory the process of a service has had, by its age."""

    pid: int
    began_s: float
    seen_mb: list[tuple[float, float]] = field(default_factory=list)

    @property
    def grown_up(self) -> list[tuple[float, float]]:
        """Its hours and megabytes once its caches are filled, each against their mean."""
        old = [(age_s / 3600, megabytes) for age_s, megabytes in self.seen_mb if age_s > YOUNG_S]
        if not old:
            return []
        hours, megabytes = fmean(age for age, _ in old), fmean(mb for _, mb in old)
        return [(age - hours, mb - megabytes) for age, mb in old]


@dataclass
class Day:
    """What is known of a day so far."""

    home: Home
    chance: random.Random
    until_s: float
    is_calm: bool = False
    struck: list[str] = field(default_factory=list)
    answers: int = 0
    wrong: list[str] = field(default_factory=list)
    """Answers that were not true at any moment between question and answer, or did not come, each with its moment."""
    bot_s: list[float] = field(default_factory=list)
    """How long the bot took to answer."""
    not_in_order: list[str] = field(default_factory=list)
    memories: dict[str, list[Memory]] = field(default_factory=dict)
    _turn_at_s: float = 0.0

    def live(self) -> None:
        """Let faults come and go until the day is over."""
        self._turn_at_s = time.monotonic() + self.chance.uniform(*CALM_S)
        while time.monotonic() < self.until_s:
            self._pass(self.chance.uniform(*CALM_S))
            if self.is_calm:
                self.not_in_order += self.home.out_of_order()
                self._check()
                continue
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
            print(f"{datetime.now(UTC):%H:%M:%S} {self.struck[-1]}", flush=True)
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
        """Ask page, bot and record how the power is, and compare it with what the broker said at that moment."""
        home = self.home
        real = [(flip.at, "on" if flip.on else "off") for flip in home.flips]
        answers = [
            (_asked("broker", home.grid), real),
            *((_asked(who, ask), home.told()) for who, ask in (("page", home.shown), ("record", home.recorded))),
        ]
        bot = _asked("bot", self._asked_bot)
        answers.append((bot, home.told()))
        self.bot_s.append(bot.answered_s - bot.asked_s)
        self.answers += len(answers)
        after = self.struck[-1] if self.struck else "the start"
        for answer, told in answers:
            if wrong := verdict(answer, told):
                at = datetime.fromtimestamp(answer.asked_s, UTC)
                self.wrong.append(f"{at:%H:%M:%S} after {after}: {answer.who} {wrong}")

    def _asked_bot(self) -> str | None:
        """Ask the bot as a person does, and return what it says of the power; None where it says nothing."""
        before = len(self.home.chat())
        self.home.stack.tell_telegram("say", chat=CHAT, text="/status")
        deadline = time.monotonic() + ANSWER_S
        while time.monotonic() < deadline:
            for message in self.home.chat()[before:]:
                if found := REPLY.search(message["text"]):
                    return found[1] or "unknown"
            time.sleep(0.2)
        return None


def _asked(who: str, ask: Callable[[], str | None]) -> Answer:
    asked_s = time.time()
    power = ask()
    return Answer(who, power, asked_s, time.time())


def _collide(faults: list[Case]) -> bool:
    """Whether the end of one fault would end the other, as they are of one kind, or the two together may lose readings.

    What waits for a recorder that is away is at the broker and for a while with the poller: if both lose it, nobody has
    it.
    """
    loses_readings = any(one.forgets for one in faults) and any(one.away in ("recorder", "poller") for one in faults)
    return loses_readings or len({"network" if case.group == "HTTP" else case.group for case in faults}) < len(faults)


def main() -> int:
    """Live a day; return whether something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.faults.soak")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--calm", action="store_true", help="no faults, so that processes live long: for their memory")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    network.enter()  # where nobody else takes the port of an inverter that is unplugged for a moment
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and stop everything
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    try:
        with running_home(folder) as home:
            home.stack.house.env["HOUSE_SPEED"] = str(DAY_MIN / given.minutes)
            for service in home.stack.services:
                service.has_own_interpreter = True  # so that its memory is its own
                service.env |= ALLOCATOR
            home.start()
            start = Start.of(home)
            day = Day(home, random.Random(given.seed), time.monotonic() + 60 * given.minutes, given.calm)
            day.live()
            tally = count(home, start, time.time(), MAY_TELL)
            others = [one["text"] for one in home.chat()[start.chat :] if not REPLY.search(one["text"])]
            text = report(day, tally, given.minutes, given.seed)
            broken = [*day.not_in_order, *day.wrong, *home.tracebacks()]
            broken += broken_rules(Case("soak", "", lambda _: None, unpublished=tally.read), tally, may_lose=False)
            print(text, *broken, "", *others, sep="\n", flush=True)
    finally:
        stop_fork_server()
    if given.write:
        replace_part("soak", text)
    if broken:
        print(f"Its logs and its database are in {folder}.")
    else:
        shutil.rmtree(folder)
    return len(broken)


def report(day: Day, tally: Tally, minutes: float, seed: int) -> str:
    """Return the report, as it stands in the document."""
    memory = ", ".join(_memory(name, lives) for name, lives in sorted(day.memories.items()))
    faults, turns = len(day.struck), len(day.home.flips) - 1
    late, bugs = len(day.not_in_order), len(day.home.tracebacks())
    return "\n".join(
        (
            f"{today()}, seed {seed}: a day of the house in {minutes:.0f} minutes ({DAY_MIN / minutes:.0f} times as",
            f"fast), {machine()}. {faults} faults of {len(set(day.struck))} kinds, {turns} changes of the grid.",
            "",
            f"| {' | '.join(COLUMNS[2:])} |\n|{'---|' * len(COLUMNS[2:])}",
            f"| {' | '.join(figures(tally))} |",
            "",
            f"Broker, page, bot and record were asked for the state of the grid {day.answers} times, and each",
            "answer was compared with the truth at that moment.",
            f"Wrong, or not answered within {ANSWER_S:.0f} s: {len(day.wrong)}. The bot took",
            f"{sorted(day.bot_s)[len(day.bot_s) // 2]:.1f} s (median) to {max(day.bot_s):.1f} s. Not recovered within",
            f"{SETTLE_S:.0f} s of the end of a fault: {late}. Services that died of a bug: {bugs}.",
            *(f"- {one}" for one in day.wrong),
            "",
            "Memory in MB, the maximum of any process of a service; in brackets the growth in MB an hour after the",
            f"first {YOUNG_S / 60:.0f} minutes, and over how many minutes it was observed: {memory}.",
        )
    )


def _memory(name: str, lives: list[Memory]) -> str:
    most = max(megabytes for one in lives for _, megabytes in one.seen_mb)
    grown_up = [one.grown_up for one in lives if one.grown_up]
    told_h = sum(life[-1][0] - life[0][0] for life in grown_up)
    if told_h < TELLING_S / 3600:
        return f"{name} {most:.0f}"
    slope = linear_regression(*zip(*chain.from_iterable(grown_up), strict=True)).slope
    return f"{name} {most:.0f} ({slope:+.1f} in {60 * told_h:.0f})"


if __name__ == "__main__":
    sys.exit(min(main(), 1))
