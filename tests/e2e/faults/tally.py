"""What a fault has cost, counted from outside: by the inverter, the plugs, Telegram, and the database."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from math import inf
from typing import Any

from tests.e2e.faults.home import CHAT, Cut, Flip, Home
from tests.support.waiting import eventually

LOST = re.compile(r"Power is out|Power was out|power out")
BACK = re.compile(r"Power is back|back on")
OVER = re.compile(r"Power was out</b> for")
REPLY = re.compile(r"<b>Power is (on|off)</b>|<b>Whether power is on is unknown</b>|No data yet")
"""What the bot says of the power in its answer to /status; without a group where it does not know."""
ON_ITS_WAY_S = 20.0
LATE_S = 60.0
"""An alert is late so long after what it tells and after the fault; the machine of the test may be busy."""
ROUTER = f"bfsimulated{5:011}"
"""The plug that nobody may switch."""
HANDOVER_S = 3.0
"""A command that is on its way when the power turns, or about a state that is not confirmed yet, is not wrong."""


@dataclass(frozen=True)
class Start:
    """Where counting begins."""

    number: int
    chat: int
    flips: int
    switched: tuple[int, ...]
    due_settings: int
    written: int
    cuts: int

    @classmethod
    def of(cls, home: Home) -> "Start":
        """Return the present moment."""
        return cls(
            home.number,
            len(home.chat()),
            len(home.flips),
            tuple(len(plug["switched"]) for plug in home.plugs()),
            len(home.due_settings),
            len(home.written),
            len(home.cuts),
        )


@dataclass(frozen=True)
class Tally:
    """The figures of one fault.

    Readings: given out by the inverter; published, as an outsider or the database has them; stored; lost is what was
    published and is not stored; doubled is what is stored twice. Alerts, switches and settings: due, done, and what
    should not have been.
    """

    read: int = 0
    published: int = 0
    stored: int = 0
    lost: int = 0
    doubled: int = 0
    alerts_due: int = 0
    alerts_sent: int = 0
    alerts_false: int = 0
    alerts_late: int = 0
    switches_due: int = 0
    switches_done: int = 0
    switches_wrong: int = 0
    settings_due: int = 0
    settings_written: int = 0
    settings_wrong: int = 0
    missing: tuple[int, ...] = ()
    """The numbers of the readings that are lost, or that nobody has published."""
    messages: tuple[str, ...] = ()
    """What the bot has sent, each with its moment: shown where the alerts are not as they must be."""

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)})


def count(home: Home, start: Start, over_at: float, may_tell: str = "") -> Tally:
    """Count what has happened since a moment. The fault was over at `over_at`; other alerts may match `may_tell`."""
    found: dict[str, Any] = _readings(home, start) | _alerts(home, start, over_at, may_tell)
    return Tally(**found | _switches(home, start) | _settings(home, start))


def _readings(home: Home, start: Start) -> dict[str, Any]:
    given = set(range(start.number + 1, home.number + 1))
    with suppress(AssertionError):  # what is on its way arrives, unless it is lost
        eventually(lambda: given - home.asides <= set(home.stored()), "everything is stored", ON_ITS_WAY_S)
    stored = set(home.stored()) & given
    published = (stored | home.published()) & given
    lost = published - stored
    return {
        "read": len(given - (home.asides - published)),
        "published": len(published),
        "stored": len(stored),
        "lost": len(lost),
        "doubled": home.doubled(given),
        "missing": tuple(sorted(lost | (given - published - home.asides))),
    }


def _alerts(home: Home, start: Start, over_at: float, may_tell: str) -> dict[str, Any]:
    messages = [one for one in home.chat()[start.chat :] if not REPLY.search(one["text"])]
    told = {on: [one["date"] for one in messages for _ in pattern.findall(one["text"])] for on, pattern in PATTERNS}
    others = [one for one in messages if not any(pattern.search(one["text"]) for _, pattern in PATTERNS)]
    due = {on: [flip.at for flip in home.flips[start.flips :] if flip.on is on] for on, _ in PATTERNS}
    # an outage that was over before it could be told is one message, which tells both
    over = [one["date"] for one in messages if OVER.search(one["text"])]
    told[True] += over[: max(0, len(due[True]) - len(told[True]))]
    late = sum(
        sum(at - max(began, over_at) > LATE_S for began, at in zip(due[on], told[on], strict=False)) for on in due
    )
    again = {on: may_come_again(home.cuts[start.cuts :], KINDS[on], told[on]) for on in due}
    strange = [one for one in others if not (may_tell and re.search(may_tell, one["text"]))]
    return {
        "alerts_due": sum(map(len, due.values())),
        "alerts_sent": sum(min(len(due[on]), len(told[on])) for on in due),
        "alerts_false": sum(max(0, len(told[on]) - len(due[on]) - again[on]) for on in due) + len(strange),
        "alerts_late": late,
        "messages": tuple(f"{clock_time(one['date'])} {one['text'].splitlines()[0]}" for one in messages),
    }


def may_come_again(cuts: Sequence[Cut], kind: str, told: Sequence[float]) -> int:
    """Return how many alerts of a kind may be told twice: Telegram had them, and power was cut before the bot noted it.

    That is a matter of milliseconds, and nobody can close it: whether a message arrived only its answer tells.
    """
    waiting = [
        (datetime.fromisoformat(alert["stored_at"]).timestamp(), cut.at)
        for cut in cuts
        for alert in cut.outbox.get("waiting", {}).get(str(CHAT), ())
        if alert["kind"] == kind
    ]
    return sum(any(int(stored) <= at <= cut_at for at in told) for stored, cut_at in waiting)


KINDS = {False: "grid_lost", True: "grid_back"}


def clock_time(at_s: float) -> str:
    """Return a moment as it stands in a report."""
    return f"{datetime.fromtimestamp(at_s, UTC):%H:%M:%S}"


PATTERNS = ((False, LOST), (True, BACK))


def _switches(home: Home, start: Start) -> dict[str, int]:
    """Every turn of the power is a switch of every relay but the router's; one the wrong way round is wrong."""
    flips = home.flips[start.flips :]
    due = done = wrong = 0
    for plug, before in zip(home.plugs(), start.switched, strict=True):
        is_protected = plug["id"] == ROUTER
        commands = plug["switched"][before:]
        for gang in plug["relays"]:
            of_gang = [(at, on) for at, name, on in commands if name == gang]
            wrong += sum(is_protected or not was_so(home.flips, at, on=on) for at, on in of_gang)
            if not is_protected:
                due += len(flips)
                done += min(len(flips), _turns([on for _, on in of_gang]))
    return {"switches_due": due, "switches_done": done, "switches_wrong": wrong}


def _turns(commands: list[bool]) -> int:
    """Return how often a relay was turned round, from on; the same command again turns nothing."""
    states = [True, *commands]
    return sum(before is not after for before, after in zip(states, commands, strict=False))


def was_so(flips: Sequence[Flip], at: float, *, on: bool) -> bool:
    """Whether the power may have been so at this moment, or shortly before."""
    ends = [*(flip.by for flip in flips[1:]), inf]
    return any(
        flip.on is on and flip.at <= at and end >= at - HANDOVER_S for flip, end in zip(flips, ends, strict=True)
    )


def _settings(home: Home, start: Start) -> dict[str, int]:
    due, written = home.due_settings[start.due_settings :], home.written[start.written :]
    done = sum(1 for one, other in zip(due, written, strict=False) if one == other)
    return {"settings_due": len(due), "settings_written": done, "settings_wrong": len(written) - done}
