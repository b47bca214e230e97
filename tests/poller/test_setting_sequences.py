"""Commands, faults, kills, reboots, other units and hands at the panel, in any order, against the simulated inverter.

SETTING_SEQUENCES is how many sequences are tried; `python -m bench inverter_settings` tries 10,000.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from services.poller.decode import value
from services.poller.setting_check import MOST_A_DAY
from services.poller.setting_journal import DEVICE
from shared.messages import SettingOutcome
from tests.poller.setting_home import ADDRESSES, CLASSIC, TABLE, UNIT, Home, home
from tests.support.flying_time import FlyingLoop

T = TypeVar("T")
SEQUENCES = int(os.environ.get("SETTING_SEQUENCES", "8"))
STEPS = 8
PATIENCE_S = 120
WORDS_OF_PANEL = {
    301: (0, 1, 2, 3, 4, 7),
    303: (0, 1, 2, 3),
    331: (0, 1, 2, 3, 9),
    332: (100, 200, 600, 800),
    333: (20, 100, 300, 700),
    341: (20, 30, 50, 95),
    342: (60, 80, 100, 15),
    343: (3, 10, 30),
}
COMMANDS = st.sampled_from(
    [
        *(("output_priority", value) for value in ("uti", "sol", "sbu", "sub", "suf", "zec", 2)),
        *(("charging_priority", value) for value in ("pv_first", "pv_only", "pv_and_utility", "utility_first")),
        *(("max_mains_charging_current_a", value) for value in (2, 10, 30, 60, 61, 80, 81, 10.5, "20,5")),
        *(("mains_mode_soc_protection_percent", value) for value in (19, 20, 25, 30, 50, 51)),
        *(("mains_mode_soc_recovery_percent", value) for value in (20, 60, 75, 100)),
        *(("buzzer_mode", value) for value in ("mute", "fault", "warning_fault", "loud")),
        ("remote_switch", "off"),
        ("battery_type", "agm"),
    ]
)
KINDS = (
    *("none", "silent", "exception", "half", "drop", "double", "late", "slow", "corrupt", "zeros", "zero_identity"),
    *("stale", "stray", "refuse", "reboot"),
    *4 * ("ignored_write", "late_write"),
)
FAULTS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(KINDS),
        "probability": st.sampled_from([0.1, 0.5, 1.0]),
        "code": st.sampled_from([1, 2, 3, 4, 7]),
        "latency_s": st.sampled_from([0.5, 4.0, 20.0]),
    }
)
AT_WRITES = {"first": 301, "last": 343}
KILLS = st.none() | st.none() | st.integers(0, 40)
HANDS = (
    st.none()
    | st.none()
    | st.none()
    | st.tuples(
        st.sampled_from([0.2, 1.5, 6.0]),
        st.sampled_from([(address, word) for address, words in WORDS_OF_PANEL.items() for word in words]),
    )
)
"""After so many seconds, a register and a word."""


class SettingSequences(RuleBasedStateMachine):
    """One inverter, and all that can happen to it."""

    home: Home

    @initialize(kind=st.sampled_from(["tcp", "rtu_over_tcp", "dongle-eybond"]), seed=st.integers(0, 1000))
    def begin(self, kind: str, seed: int) -> None:
        self.loop = FlyingLoop()
        self.runner = asyncio.Runner(loop_factory=lambda: self.loop)
        self.unit = dict(UNIT)
        self.entered = home(kind, self.unit)
        self.home = self.run(self.entered.__aenter__())
        self.home.on_write = self.check_write
        self.home.link.wire.faults.dice.seed(seed)
        self.interfered = False
        self.shown_serial = self.unit[190]
        self.sent = 0
        self.late = defaultdict[str, set[object]](set)
        """By setting, what was sent and may be carried out at any later moment."""

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def teardown(self) -> None:
        if hasattr(self, "entered"):
            self.run(self.entered.__aexit__(None, None, None))
            self.runner.close()

    # what must hold whenever something is written

    def check_write(self, address: int, word: int) -> None:
        """Called with every write, just before it leaves."""
        self.sent += 1
        assert address in TABLE
        assert self.unit[171] == UNIT[171]
        assert self.unit[190] == self.shown_serial
        if self.interfered:
            return
        held = {name: self.home.word(name) for name, at in ADDRESSES.items() if 300 <= at <= 343}
        held[next(name for name, at in ADDRESSES.items() if at == address)] = word
        assert held["max_mains_charging_current_a"] <= held["max_charging_current_a"] or address != 333
        if address in (341, 343):
            assert held["offgrid_soc_protection_percent"] <= held["mains_mode_soc_protection_percent"]
        if address in (341, 342):
            assert held["mains_mode_soc_protection_percent"] <= held["mains_mode_soc_recovery_percent"]
        if address in (342, 343):
            assert held["offgrid_soc_protection_percent"] <= held["mains_mode_soc_recovery_percent"]
        assert held["output_priority"] != 4 or address != 301

    # what happens

    @rule(
        asked=st.lists(COMMANDS, min_size=1, max_size=2), fault=FAULTS, at_writes=st.booleans(), kill=KILLS, hand=HANDS
    )
    def command(self, asked, fault, at_writes, kill, hand) -> None:
        self.run(self._command(asked, fault | (AT_WRITES if at_writes else {}), kill, hand))

    @rule(address=st.sampled_from(sorted(WORDS_OF_PANEL)), data=st.data())
    def hand_at_the_panel(self, address, data) -> None:
        self.home.store.set(address, data.draw(st.sampled_from(WORDS_OF_PANEL[address])))
        self.run(self._check())

    @rule(room=st.sampled_from([100, 200, 300]), wanted=st.sampled_from([2, 10, 20, 30, 31, 60]))
    def command_near_a_neighbour(self, room, wanted) -> None:
        self.unit[201] = 2
        self.home.store.set(333, 50)
        self.home.store.set(332, room)
        self.run(self._command([("max_mains_charging_current_a", wanted)], {"kind": "none"}, None, None))

    @rule(serial=st.integers(0, 1), model=st.sampled_from([0x1E00, 0x1E00, 0x3501]))
    def unit_is_exchanged(self, serial, model) -> None:
        self.unit |= {190: UNIT[190] + serial, 171: model}

    @rule(mode=st.sampled_from([2, 2, 3, 5, 6, 0]))
    def mode_changes(self, mode) -> None:
        self.unit[201] = mode

    @rule(seconds=st.sampled_from([60, 3600, 90_000]))
    def time_passes(self, seconds) -> None:
        self.loop.leap(seconds - 60)
        self.run(asyncio.sleep(60))

    async def _command(self, asked, fault, kill, hand) -> None:
        one = self.home
        self.interfered = hand is not None
        sent, events = self.sent, len(one.changes)
        await one.link.fail(**fault)
        one.points.left = kill
        for setting, wanted in asked:
            one.ask(setting, wanted)
        at_panel = asyncio.create_task(self._interfere(*hand)) if hand else None
        killed = not await self._settled()
        one.points.left = None
        if at_panel:
            await at_panel
        new = [change for change in one.changes[events:] if change[1].by != DEVICE]
        assert self.sent - sent <= 1  # of two at once, one was refused; nothing is sent twice
        assert len(one.store.written) <= self.sent
        assert len(new) == len(asked) or killed
        assert all(change.outcome is not SettingOutcome.UNKNOWN for _, change in new)  # it is the same unit all along
        if fault["kind"] in ("late_write", "slow"):
            for setting, change in new:
                if change.outcome is not SettingOutcome.NOT_WRITTEN:
                    self.late[setting].add(change.value)
        if not killed and not self.interfered:
            self._check_outcome(new[-1][0], new[-1][1], self.sent - sent)
        await self._check()
        self.interfered = False

    async def _interfere(self, after_s: float, change: tuple[int, int]) -> None:
        await asyncio.sleep(after_s)
        self.home.store.set(*change)

    async def _settled(self) -> bool:
        """Wait until the outcome is known, if need be without the fault; after a kill, that of the next process."""
        one = self.home
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                if await one.idle():
                    await one.link.fail("none")
                    return True
        await one.link.fail("none")
        if not one.task.done():
            return await one.idle()
        one.points.left = None
        one.start()
        assert await one.idle()
        return False

    def _check_outcome(self, setting, change, sent: int) -> None:
        register = CLASSIC.setting(setting, 1)
        held = register and value(register, {register.address: self.home.word(setting)})
        match change.outcome:
            case SettingOutcome.CONFIRMED:
                assert held == change.value
            case SettingOutcome.NOT_WRITTEN:
                assert sent == 0
            case SettingOutcome.REFUSED | SettingOutcome.NOT_TAKEN_OVER:
                assert held in {change.before, *self.late[setting]}

    async def _check(self) -> None:
        """The journal agrees with the device, in memory and on disk, and not too much was written."""
        one = self.home
        if not await one.look():  # the last answer of a fault that has ended may still be on its way
            assert await one.look()
        self.shown_serial = self.unit[190]
        journal = one.file.peek()
        assert journal == one.control.journal.content.model_copy(update={"handled": journal.handled})
        assert journal.pending is None
        assert {one.name for one in CLASSIC.writable} - {"output_priority"} <= journal.seen.keys()
        held = {name: one.word(name) for name in journal.seen}
        registers = {name: CLASSIC.setting(name, 1) for name in journal.seen}
        assert {name: change.value for name, change in journal.seen.items()} == {
            name: value(register, {register.address: held[name]}) for name, register in registers.items() if register
        }
        assert all(change.by in (None, "page", DEVICE) for change in journal.seen.values())
        assert len(journal.writes) <= MOST_A_DAY


TestSettingSequences = SettingSequences.TestCase
TestSettingSequences.settings = settings(
    max_examples=SEQUENCES,
    stateful_step_count=STEPS,
    suppress_health_check=list(HealthCheck),
    derandomize=SEQUENCES < 100,
)
