"""The settings of the simulated inverter that can be written, with the rules and the vices of real ones.

Typed from the protocol independently of the poller's layouts, to test those. The house does not follow them: they are
registers, and its flow of power stays as it is.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulators.faults import Fault, FaultKind
from simulators.modbus_unit import WRITE_MULTIPLE
from simulators.registers import Layout, Words

WRITE = struct.Struct(">BHHB")  # function, address, count, bytes; the words follow
CLOCK: dict[int, tuple[int, int]] = {434: (434, 0), 437: (434, 3), 696: (696, 0), 699: (696, 3)}
"""Where three words of a clock are written in one frame: the first register of the clock, and the first part of it."""
CLOCK_WORDS = 6
ACKNOWLEDGEMENT = struct.Struct(">BHH")
READ_ONLY, OUT_OF_RANGE, WRONG_MODE = 1, 3, 7
MODE = 201
AT_REST = frozenset((0, 1, 6))
"""Power-on, standby, fault: the modes in which output voltage and frequency may be changed."""


@dataclass(frozen=True)
class Rule:
    """What a register accepts: some words, at most and at least what other registers hold, in some modes."""

    accepted: frozenset[int]
    at_most: tuple[int, ...] = ()
    at_least: tuple[int, ...] = ()
    modes: frozenset[int] | None = None


def _span(first: int, last: int, *, at_most: tuple[int, ...] = (), at_least: tuple[int, ...] = ()) -> Rule:
    return Rule(frozenset(range(first, last + 1)), at_most, at_least)


RULES: dict[Layout, dict[int, Rule]] = {
    Layout.CLASSIC: {
        301: _span(0, 4),
        302: _span(0, 1),
        303: _span(0, 3),
        320: Rule(frozenset((2200, 2300, 2400)), modes=AT_REST),
        321: Rule(frozenset((5000, 6000)), modes=AT_REST),
        331: _span(0, 3),
        332: _span(100, 1200, at_least=(333,)),
        333: _span(20, 1200, at_most=(332,)),
        341: _span(20, 50, at_least=(343,)),
        342: _span(60, 100),
        343: _span(3, 30, at_most=(341,)),
        420: _span(0, 1),
    },
    Layout.K11: {
        601: _span(1, 3),
        606: Rule(frozenset((2200, 2300, 2400)), modes=AT_REST),
        632: _span(1, 4),
        640: _span(20, 1200, at_least=(641,)),
        641: _span(20, 1200, at_most=(640,)),
        647: _span(0, 100, at_least=(650,)),
        648: _span(0, 100),
        650: _span(0, 100, at_most=(647,)),
        678: _span(0, 3),
        694: _span(0, 1),
    },
}


@dataclass
class SettingStore:
    """What was written since the start; `late` is acknowledged and not yet in force: (when, address, word)."""

    layout: Layout = Layout.CLASSIC
    written: list[tuple[int, int]] = field(default_factory=list)
    reboots: int = 0
    clock_runs: timedelta = timedelta(0)
    """How far the clock is ahead of what the registers say without this."""
    _held: dict[int, int] = field(default_factory=dict)
    _late: list[tuple[float, int, int]] = field(default_factory=list)

    def over(self, words: Words, now_s: float) -> Words:
        """Return the registers with what was written to them."""
        due = [one for one in self._late if one[0] <= now_s]
        self._late = [one for one in self._late if one[0] > now_s]
        for _, address, word in due:
            self._held[address] = word
        return {**words, **_ahead(words, self.clock_runs), **self._held}

    def set(self, address: int, word: int) -> None:
        """Change a register as its own panel or another master does: nobody is asked."""
        self._held[address] = word

    def reboot(self) -> None:
        """Forget what was acknowledged and not yet in force."""
        self.reboots += 1
        self._late.clear()

    def answer(self, pdu: bytes, words: Words, fault: Fault, now_s: float) -> bytes:
        """Carry out a write, or not, and return the answer."""
        if len(pdu) < WRITE.size:
            return bytes((pdu[0] | 0x80, OUT_OF_RANGE))
        _, address, count, size = WRITE.unpack(pdu[: WRITE.size])
        if size != 2 * count or len(pdu) != WRITE.size + size or not count:
            return bytes((pdu[0] | 0x80, OUT_OF_RANGE))
        word, *more = struct.unpack_from(f">{count}H", pdu, WRITE.size)
        if address in CLOCK and CLOCK[address][0] in words:
            return self._set_clock(pdu, (word, *more), words, fault)
        refusal = OUT_OF_RANGE if more else self.refusal(address, word, words)
        if refusal:
            return bytes((pdu[0] | 0x80, refusal))
        self.written.append((address, word))
        if fault.kind is FaultKind.LATE_WRITE:
            self._late.append((now_s + fault.latency_s, address, word))
        elif fault.kind is not FaultKind.IGNORED_WRITE:
            self._held[address] = word
        return ACKNOWLEDGEMENT.pack(WRITE_MULTIPLE, address, count)

    def _set_clock(self, pdu: bytes, wanted: tuple[int, ...], words: Words, fault: Fault) -> bytes:
        """Set the date or the time, three words in one frame."""
        _, address, count, _ = WRITE.unpack(pdu[: WRITE.size])
        start, part = CLOCK[address]
        shown = [words.get(start + index, 0) for index in range(CLOCK_WORDS)]
        try:
            moment = datetime(*shown[:part], *wanted, *shown[part + count :])  # type: ignore[arg-type] # noqa: DTZ001
            if count != CLOCK_WORDS // 2:
                raise ValueError
        except (ValueError, TypeError):
            return bytes((pdu[0] | 0x80, OUT_OF_RANGE))
        self.written.append((address, wanted[0]))
        if fault.kind is not FaultKind.IGNORED_WRITE:
            self.clock_runs += moment - _moment(shown)
        return ACKNOWLEDGEMENT.pack(WRITE_MULTIPLE, address, count)

    def refusal(self, address: int, word: int, words: Words) -> int:
        """Return the exception code, 0 if there is none."""
        rule = RULES[self.layout].get(address)
        if rule is None:
            return READ_ONLY
        if rule.modes is not None and words.get(MODE, 0) not in rule.modes:
            return WRONG_MODE
        fits = word in rule.accepted
        fits &= all(word <= words.get(other, 0) for other in rule.at_most)
        fits &= all(word >= words.get(other, 0) for other in rule.at_least)
        return 0 if fits else OUT_OF_RANGE


def _moment(words: Sequence[int]) -> datetime:
    year, month, day, hour, minute, second = words
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - local time, as an inverter shows it


def _ahead(words: Words, by: timedelta) -> Words:
    """Return the registers of a clock that is ahead of what they say."""
    start = next((first for first, part in CLOCK.values() if part == 0 and words.get(first)), None)
    if start is None or not by:
        return {}
    at = _moment([words.get(start + index, 0) for index in range(CLOCK_WORDS)]) + by
    return dict(enumerate((at.year, at.month, at.day, at.hour, at.minute, at.second), start))
