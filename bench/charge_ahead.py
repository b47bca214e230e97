"""Thirty days of plans in the simulated house: is the charge there when the power goes, at what price, and is all back?

The real control works over a real wire to the simulated inverter, in flying time; the house obeys its settings. Both
take a step a minute here (else one in 30 and 10 s), which saves two thirds of the time. What an outage needs is drawn
and given as the outlook gives it (`outlook`), or is CHARGE_AHEAD_PERCENT (`plan`).
"""

import asyncio
import copy
import random
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from services.poller import charge_ahead
from shared.broker_state import BrokerState
from shared.messages import (
    BatteryState,
    ChargeReading,
    ChargeSource,
    Grid,
    GridState,
    InverterControl,
    InverterState,
    OutageOutlook,
    OutageSchedule,
    Outlook,
    Verdict,
    Window,
)
from simulators import house as simulated_house
from simulators.house import ChargingRule, House
from simulators.mains import GridMode
from tests.poller.setting_home import START, UNIT, Home, home
from tests.support.flying_time import fly

DAYS = 30
STEP_S = 60.0
MEMORY = Path("/dev/shm")
WH_PER_PERCENT = 102.4
PLANNED_PERCENT = 90.0
SETTINGS = ("max_mains_charging_current_a", "charging_priority", "output_priority")
BACK_WITHIN = timedelta(minutes=5)
HIGHEST_A = 60
"""What 332 bounds the mains' current to in the simulated unit."""


@dataclass
class Outage:
    """An outage ahead: what it needs, and what has become of it."""

    start: datetime
    end: datetime
    known_from: datetime
    target: float
    withdrawn_at: datetime | None = None
    at_start: float | None = None
    sun_alone: float | None = None
    mains_wh: float = 0.0
    possible_from: float | None = None
    words: dict[str, int] = field(default_factory=dict)

    def is_planned(self, now: datetime) -> bool:
        """Whether it is published, and not withdrawn."""
        return self.known_from <= now and not (self.withdrawn_at and self.withdrawn_at <= now)


def outages(seed: int, basis: str) -> list[Outage]:
    """Draw one or two outages a day, published the evening before; one in ten is withdrawn."""
    dice, found = random.Random(seed), []
    for day in range(1, DAYS + 1):
        midnight = START.replace(hour=0) + timedelta(days=day)
        starts = sorted(dice.sample((2, 8, 14, 20), dice.choice((1, 1, 2))))
        for hour in starts:
            start = midnight + timedelta(hours=hour, minutes=dice.choice((0, 30)))
            target = PLANNED_PERCENT if basis == "plan" else dice.uniform(45, 95)
            one = Outage(start, start + timedelta(hours=dice.choice((3, 4))), midnight - timedelta(hours=6), target)
            if dice.random() < 0.1:
                one.withdrawn_at = start - timedelta(hours=dice.uniform(0.5, 3))
            found.append(one)
    return found


class World:
    """The house, the plan, and what the broker says of both."""

    def __init__(self, one: Home, plan: list[Outage], basis: str, seed: int) -> None:
        self.one, self.plan, self.basis = one, plan, basis
        self.house = House(one.clock.now(), seed=seed)
        self.house.set_soc(50)
        self.before = {name: one.word(name) for name in SETTINGS}

    def step(self) -> None:
        """Let a minute pass."""
        now = self.one.clock.now()
        known = [
            one for one in self.plan if one.known_from <= now and not (one.withdrawn_at and one.withdrawn_at <= now)
        ]
        off = any(one.start <= now < one.end for one in known)
        words = {name: self.one.word(name) for name in SETTINGS}
        self.house.charging = charging_of(words)
        self.house.set_grid(GridMode.OFF if off else GridMode.ON)
        self._count(known, now, words)
        self.house.advance_to(now)
        self.one.link.wire.device.words()[201] = 3 if off else 2
        self._say(known, now, off=off)

    def _count(self, known: list[Outage], now: datetime, words: dict[str, int]) -> None:
        ahead = [one for one in known if one.at_start is None]
        for one in ahead:
            if one.start <= now:
                one.at_start = self.house.battery.soc_percent
        for one in known:
            if not one.words and now >= one.start + BACK_WITHIN:
                one.words = words
        nearest = min((one for one in ahead if one.start > now), key=lambda one: one.start, default=None)
        if nearest is None or any(one.start <= now < one.end for one in known):
            return
        if nearest.sun_alone is None:
            nearest.sun_alone = self._alone(nearest.start)
            hours = (nearest.start - now) / timedelta(hours=1)
            nearest.possible_from = self.house.battery.soc_percent + HIGHEST_A * 51.2 * hours / WH_PER_PERCENT
        nearest.mains_wh += self.house.truth().grid_charging_power_w * STEP_S / 3600

    def _alone(self, until: datetime) -> float:
        """Return the charge that there would be without the mains."""
        other = copy.deepcopy(self.house)
        other.charging = charging_of(self.before)
        other.set_grid(GridMode.ON)
        other.advance_to(until)
        return other.battery.soc_percent

    def _say(self, known: list[Outage], now: datetime, *, off: bool) -> None:
        truth = self.house.truth()
        windows = tuple(Window(start=one.start, end=one.end) for one in known if one.end > now)
        state = Grid.OFF if off else Grid.ON
        battery = BatteryState(
            at=now, soc_percent=round(self.house.battery.soc_percent), packs=("jk",), full_ah=200, voltage_v=51.2
        )
        inverter = InverterState(
            at=now, battery_voltage_v=truth.battery_voltage_v, pv_charging_power_w=truth.pv_charging_power_w
        )
        self.one.state = BrokerState(
            connected=True,
            grid=GridState(at=now, state=state, since=now),
            schedule=OutageSchedule(at=now, queue="5.2", windows=windows, fetched_at=now),
            outlook=self._outlook(known, now) if self.basis == "outlook" else None,
            inverters={"main": inverter},
            batteries={"jk": battery},
        )

    def _outlook(self, known: list[Outage], now: datetime) -> Outlook:
        charge = ChargeReading(percent=self.house.battery.soc_percent, source=ChargeSource.BMS)
        ahead = tuple(
            OutageOutlook(
                start=one.start, end=one.end, verdict=Verdict.UNCERTAIN, charge_needed_percent=round(one.target, 1)
            )
            for one in known
            if one.start > now
        )
        return Outlook(at=now, reserve_percent=10, charge=charge, outages=ahead)


def charging_of(words: dict[str, int]) -> ChargingRule:
    """Return how the house is charged with these settings of a classic unit."""
    priority = words["charging_priority"]
    return ChargingRule(
        mains_a=words["max_mains_charging_current_a"] / 10,
        with_sun=priority in (0, 2),
        without_sun=priority in (0, 1, 2),
        feeds_house=words["output_priority"] == 2,
    )


def in_memory() -> None:
    """Keep journals off the disk, and let house and control take a step a minute."""
    if MEMORY.is_dir():
        tempfile.tempdir = str(MEMORY)
    simulated_house.TICK_S = charge_ahead.EVERY_S = int(STEP_S)


async def live(seed: int, basis: str) -> None:
    """Let thirty days pass, and print what has become of the plans after each five."""
    plan = outages(seed, basis)
    async with home(words=UNIT | {331: 3, 333: 100, 301: 2}, control=InverterControl.AUTOMATIC) as one:
        world = World(one, plan, basis, seed)
        began_s = time.process_time()
        for days in range(5, DAYS + 1, 5):
            end = START + timedelta(days=days + 1, hours=12)
            while one.clock.now() < end:
                world.step()
                await asyncio.sleep(STEP_S)
            print(f"{basis}, seed {seed}, {days} days: ", end="")
            report(world, len(one.store.written), time.process_time() - began_s)
        assert one.file.peek().sequences == {}


def report(world: World, written: int, spent_s: float) -> None:
    """Print what has become of the plans so far."""
    met = [one for one in world.plan if one.words]
    needing = [one for one in met if one.sun_alone is not None and one.target - one.sun_alone >= 3]
    able = [one for one in needing if one.possible_from is not None and one.possible_from >= one.target]
    reached = [one for one in able if (one.at_start or 0) >= one.target - 1]
    needed = sum((one.target - (one.sun_alone or 0)) * WH_PER_PERCENT for one in able)
    charged = sum(one.mains_wh for one in able) * 0.975  # what goes in at the terminals is stored with a loss
    days_back = sum(
        all(one.words == world.before for one in met if one.start.date() == day)
        for day in {one.start.date() for one in met}
    )
    days = len({one.start.date() for one in met})
    withdrawn = sum(one.withdrawn_at is not None for one in world.plan)
    print(
        f"{len(met)} outages ({withdrawn} withdrawn in all), {len(needing)} needed the mains, "
        f"{len(able)} could be met: {len(reached)} were; charged {charged / max(needed, 1):.3f} of what was needed; "
        f"settings as before five minutes into every outage on {days_back} of {days} days; {written} writes; "
        f"{spent_s:.0f} s of processor time",
        flush=True,
    )
    for one in able:
        if one not in reached:
            print(f"  missed: {one}")


def main() -> None:
    """Print the figures of both bases."""
    in_memory()
    for basis in ("outlook", "plan"):
        for seed in (1, 2):
            fly(live(seed, basis))
