"""Profiles, charging ahead and single commands in any order, with faults, kills and hands at the panel.

What must hold: no register outside the table is written, never two at once, nothing that contradicts a neighbour; a
profile is in force as a whole or not at all; what was changed automatically comes back, unless a person changed it
meanwhile; and the journal agrees with the device. SETTING_SEQUENCES is how many sequences are tried.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from services.poller.decode import value
from services.poller.setting_check import MOST_A_DAY
from services.poller.setting_sequence import Purpose
from shared.broker_state import BrokerState
from shared.messages import (
    BatteryState,
    ChargeAheadCommand,
    Grid,
    GridState,
    InverterControl,
    OutageSchedule,
    ProfileCommand,
    Window,
)
from shared.topics import PROFILE_CHANGE
from tests.poller.setting_home import ADDRESSES, CLASSIC, TABLE, UNIT, Home, KilledError, home
from tests.poller.test_setting_sequences import AT_WRITES, FAULTS, SEQUENCES, STEPS, WORDS_OF_PANEL
from tests.support.flying_time import FlyingLoop

PROFILES = """\
profiles:
- {name: night, settings: {max_mains_charging_current_a: 30, charging_priority: pv_and_utility, output_priority: sub}}
- {name: day, settings: {mains_mode_soc_protection_percent: 45, mains_mode_soc_recovery_percent: 95}}
- {name: low, settings: {mains_mode_soc_recovery_percent: 60, mains_mode_soc_protection_percent: 20, buzzer_mode: mute}}
- {name: bad, settings: {buzzer_mode: fault, max_mains_charging_current_a: 81}}
"""
NAMES = {address: name for name, address in ADDRESSES.items()}
KILLS = st.none() | st.none() | st.integers(0, 90)
TURNS = st.sampled_from([(address, word) for address, words in WORDS_OF_PANEL.items() for word in words])
HANDS = st.none() | st.none() | st.tuples(st.sampled_from([0.2, 1.5, 6.0, 30.0]), TURNS)
"""After so many seconds, a register and a word."""
TROUBLES = st.fixed_dictionaries({"fault": FAULTS, "at_writes": st.booleans(), "kill": KILLS, "hand": HANDS})
CALM: dict[str, Any] = {"fault": {"kind": "none"}, "at_writes": False, "hand": None}
CALM_S = 4 * 3600
"""An undoing that was refused again and again is tried at least once in this time."""


class Together(RuleBasedStateMachine):
    """One inverter, and all who change its settings."""

    home: Home

    @initialize(kind=st.sampled_from(["tcp", "rtu_over_tcp", "dongle-eybond"]), seed=st.integers(0, 1000))
    def begin(self, kind: str, seed: int) -> None:
        self.loop = FlyingLoop()
        self.runner = asyncio.Runner(loop_factory=lambda: self.loop)
        self.unit = UNIT | {331: 3, 333: 100, 301: 2}
        self.entered = home(kind, self.unit, InverterControl.AUTOMATIC)
        self.home = self.run(self.entered.__aenter__())
        (self.home.folder / "profiles.yaml").write_text(PROFILES)
        self.home.on_write = self.check_write
        self.home.give_way = self.give_way
        self.home.link.wire.faults.dice.seed(seed)
        self.touched: set[str] = set()
        self.ours: dict[str, Any] = {}
        self.chance = False
        self.run(self._check())

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    def teardown(self) -> None:
        if not hasattr(self, "entered"):
            return
        try:
            self.run(self._end())
        finally:
            self.run(self.entered.__aexit__(None, None, None))
            self.runner.close()

    def give_way(self) -> None:
        """Let the hand make room for values from before, which it had crossed with their neighbours."""
        for address in (332, 343):
            self.home.store.set(address, UNIT[address])

    def check_write(self, address: int, word: int) -> None:
        """Called with every write, just before it leaves."""
        assert address in TABLE
        assert self.unit[171] == UNIT[171]
        if self.chance:  # a hand moves at this very moment
            return
        held = {name: self.home.word(name) for name in ADDRESSES if name in VALUES_THAT_BOUND}
        held[NAMES[address]] = word
        assert address != 333 or held["max_mains_charging_current_a"] <= held["max_charging_current_a"]
        if address in (341, 343):
            assert held["offgrid_soc_protection_percent"] <= held["mains_mode_soc_protection_percent"]
        if address in (341, 342):
            assert held["mains_mode_soc_protection_percent"] <= held["mains_mode_soc_recovery_percent"]
        if address in (342, 343):
            assert held["offgrid_soc_protection_percent"] <= held["mains_mode_soc_recovery_percent"]

    @rule(profile=st.sampled_from(["night", "day", "low", "bad"]), trouble=TROUBLES)
    def apply_a_profile(self, profile, trouble) -> None:
        self.run(self._while(self._profile(profile), **trouble))

    @rule(charge=st.sampled_from([20.0, 50.0, 89.0, 95.0]), hours=st.sampled_from([0.5, 3.0, 6.0]), trouble=TROUBLES)
    def power_will_go(self, charge, hours, trouble) -> None:
        self.run(self._while(self._outage(charge, hours), **trouble))

    @rule(grid=st.sampled_from(list(Grid)), charge=st.sampled_from([30.0, 60.0, 92.0]), kill=KILLS)
    def the_broker_says(self, grid, charge, kill) -> None:
        self.run(self._while(self._says(grid, charge), **CALM, kill=kill))

    @rule(wanted=st.sampled_from([2, 5, 40]), hold_off=st.none() | st.booleans(), kill=KILLS)
    def a_person_interferes(self, wanted, hold_off, kill) -> None:
        self.run(self._while(self._person(wanted, hold_off), **CALM, kill=kill))

    @rule(address=st.sampled_from(sorted(WORDS_OF_PANEL)), data=st.data())
    def hand_at_the_panel(self, address, data) -> None:
        self._turn(address, data.draw(st.sampled_from(WORDS_OF_PANEL[address])))
        self.run(self._check())

    @rule(seconds=st.sampled_from([60, 900]))
    def time_passes(self, seconds) -> None:
        self.run(asyncio.sleep(seconds))

    @rule(seconds=st.sampled_from([5, 1000, 90_000]))
    def the_machine_is_off(self, seconds) -> None:
        self.run(self._off(seconds))

    def _turn(self, address: int, word: int) -> None:
        self.touched.add(NAMES[address])
        self.home.store.set(address, word)

    # what is asked for

    async def _profile(self, name: str) -> None:
        command = ProfileCommand(at=self.home.clock.now(), profile=name, by="page")
        self.home.control.profiles.receive(command, retained=False)

    async def _outage(self, charge: float, hours: float) -> None:
        one, now = self.home, self.home.clock.now()
        window = Window(start=now + timedelta(hours=hours), end=now + timedelta(hours=hours + 4))
        schedule = OutageSchedule(at=now, queue="5.2", windows=(window,), fetched_at=now)
        one.state = BrokerState(connected=True, schedule=schedule)
        await self._says(Grid.ON, charge)

    async def _says(self, grid: Grid, charge: float) -> None:
        one, now = self.home, self.home.clock.now()
        battery = BatteryState(at=now, soc_percent=charge, packs=("jk",), full_ah=200, voltage_v=52)
        state = GridState(at=now, state=grid, since=now)
        one.state = BrokerState(connected=True, schedule=one.state.schedule, grid=state, batteries={"jk": battery})
        one.control.charging.step()

    async def _person(self, wanted: int, hold_off: bool | None) -> None:
        one = self.home
        if hold_off is not None:
            command = ChargeAheadCommand(at=one.clock.now(), hold_off=hold_off, by="bot")
            one.control.charging.receive(command, retained=False)
        else:
            self.touched.add("max_mains_charging_current_a")
            one.ask("max_mains_charging_current_a", wanted)

    # what happens meanwhile, and what must hold

    async def _while(self, work: Any, *, fault: dict[str, Any], at_writes: bool, kill: int | None, hand: Any) -> None:
        one = self.home
        if not self.ours:
            self.touched.clear()
        self.chance = hand is not None
        await one.link.fail(**fault | (AT_WRITES if at_writes else {}))
        one.points.left = kill
        events = len(one.bus.on(PROFILE_CHANGE, "main"))
        try:
            await work
        except KilledError:
            await one.stop()
        if hand:
            await asyncio.sleep(hand[0])
            self._turn(*hand[1])
        await self._settled()
        self.chance = False
        await self._check()
        if not hand and fault["kind"] != "late_write":
            self._check_profiles(one.bus.on(PROFILE_CHANGE, "main")[events:])

    async def _off(self, seconds: float) -> None:
        one = self.home
        await one.stop()
        self.loop.leap(seconds)
        one.start()
        while not await one.look():
            pass
        assert await one.idle()
        await self._check()

    async def _settled(self) -> None:
        one = self.home
        killed = False
        with suppress(TimeoutError):
            async with asyncio.timeout(300):
                killed = not await one.idle()
        await one.link.fail("none")
        one.points.left = None
        if killed or one.task.done():
            one.start()
            while not await one.look():
                pass
        with suppress(TimeoutError):
            async with asyncio.timeout(CALM_S):
                await one.idle()

    def _check_profiles(self, changes: list[Any]) -> None:
        for change in changes[-1:]:
            if change.outcome == "applied":
                values = self._values()
                assert all(values[name] == wanted for name, wanted in change.changed.items())

    def _values(self) -> dict[str, Any]:
        registers = {one.name: CLASSIC.setting(one.name, 1) for one in CLASSIC.writable}
        return {
            name: value(one, {one.address: self.home.word(name)}) for name, one in registers.items() if one is not None
        }

    async def _check(self) -> None:
        """The journal agrees with the device, and whatever was changed for a time and is over is back."""
        one = self.home
        while not await one.look():
            pass
        one.control.profiles.follow()
        journal = one.file.peek()
        values = self._values()
        assert {name: change.value for name, change in journal.seen.items() if name in values} == {
            name: value for name, value in values.items() if name in journal.seen and value is not None
        } or any(value is None for value in values.values())
        sequence = journal.sequences.get(Purpose.CHARGE_AHEAD)
        if sequence:
            self.ours = dict(sequence.before) or self.ours
            assert sequence.is_in_force or sequence.undo or self.chance
        else:
            self._check_all_is_back()
        assert Purpose.PROFILE not in journal.sequences
        assert len(journal.writes) <= 2 * MOST_A_DAY

    def _check_all_is_back(self) -> None:
        values = self._values()
        for name, before in self.ours.items():
            assert name in self.touched or values[name] == before, name
        self.ours = {}
        self.touched.clear()

    async def _end(self) -> None:
        """Turn it off: everything that was changed for a time comes back."""
        one = self.home
        await one.link.fail("none")
        await one.stop()
        one.points.left, one.allowed, one.state = None, InverterControl.SETTINGS, BrokerState()
        self.unit[201] = 2
        one.start()
        while not await one.look():
            pass
        assert await one.idle()
        await self._check()
        assert one.file.peek().sequences == {}


VALUES_THAT_BOUND = {
    "max_charging_current_a",
    "max_mains_charging_current_a",
    "mains_mode_soc_protection_percent",
    "mains_mode_soc_recovery_percent",
    "offgrid_soc_protection_percent",
}

TestTogether = Together.TestCase
TestTogether.settings = settings(
    max_examples=max(3, SEQUENCES // 2),
    stateful_step_count=STEPS,
    suppress_health_check=list(HealthCheck),
    derandomize=SEQUENCES < 100,
)
