"""The plug policy in the laboratory: the real rules with the real forecast, against all-off, all-on and an oracle.

Homes with a heater, a boiler and a desk on plugs live through outages. Every ten minutes a forecast is made of what was
recorded so far, the rules of the plug service read it, and what they switch changes the load of the next minutes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import combinations

import numpy as np

from bench.outlook.house import CUT_OFF, House, Outage, as_lived, draw_fittings, draw_outages, live, until
from bench.outlook.people import PER_DAY, Floats, draw_habits, draw_load
from bench.outlook.plan import plan_at
from services.outlook.forecast import forecast
from services.outlook.history import History, Plug
from services.outlook.message import to_message
from services.tuya.grid_rules import Policy, Rules, on_grid
from services.tuya.journal import Journal
from services.tuya.outlook_rules import on_outlook
from services.tuya.plug import Plug as ListedPlug
from services.tuya.shared_state import SharedState
from services.tuya.targets import completed, mark_to_restore
from shared.messages import Grid, GridState, Scorecard

RESERVE = 10.0
EVERY_STEPS = 2
"""Forecasts are made twice as seldom as at home: it halves the time, and is to the policy's disadvantage."""
GANG = "switch_1"
PRIORITIES = {"heater": 3, "boiler": 2, "desk": 1}
PLUGS = {name: ListedPlug(id=name, priority=priority) for name, priority in PRIORITIES.items()}
RULES = Rules(
    turn_off=True,
    turn_on=True,
    restore_delay=timedelta(seconds=60),
    restore_pause=timedelta(seconds=2),
    policy=Policy.OUTLOOK,
)
NO_SCORES = Scorecard(outages=0, missed_percent=None, band_held=0, verdicts_given=0, verdicts_right=0)
BATTERY_HOURS = 5.0, 16.0
"""Small batteries: with large ones everything may stay on."""
TRIED_ONCE_IN = 4
"""In one of so many past outages everything was off: so the record shows what each plug draws."""


@dataclass(frozen=True)
class PluggedHouse:
    """A house, what each plug would draw if it were on, and what the rest draws, in watts by steps."""

    house: House
    wished_w: Mapping[str, Floats]
    rest_w: Floats


@dataclass(frozen=True)
class Lived:
    """An outage under a policy: the lowest charge, the Wh that plugs were denied, and how often they were switched."""

    lowest: float
    denied_wh: float
    switched: int

    @property
    def kept(self) -> bool:
        """Whether the reserve was kept."""
        return self.lowest > RESERVE


def plugged_house(seed: int, days: int) -> PluggedHouse:
    """Return a drawn house with three plugs; it has lived through its outages with everything on, now and then off."""
    rng = np.random.default_rng(seed)
    habits = replace(draw_habits(rng), boiler_w=0.0, heating_w=0.0)
    size = days * PER_DAY
    rest = draw_load(habits, days, rng, int(rng.integers(0, 7)), float(rng.uniform(0, 365)))
    wished = {
        "heater": _heater(size, rng),
        "boiler": _bursts(size, rng, watts=float(rng.uniform(1200, 2000)), minutes=50, hours=(7.0, 20.0)),
        "desk": _bursts(size, rng, watts=float(rng.uniform(100, 250)), minutes=200, hours=(10.0, 18.0)),
    }
    mean_w = float(rest.mean() + sum(one.mean() for one in wished.values()))
    fittings = draw_fittings(rng, mean_w, BATTERY_HOURS)
    queue = draw_outages(days, rng)
    rest = as_lived(rest, queue[0], (habits.prepares, habits.saves, habits.catches_up))
    on = np.ones(size, dtype=bool)
    for one in queue[0][::TRIED_ONCE_IN]:
        on[one.start : one.end] = False
    house = live(rest + np.where(on, sum(wished.values()), 0.0), fittings, queue, rng)
    events = [(one.start, one.end) for one in queue[0][::TRIED_ONCE_IN]]
    begin = float(house.history.time[0])  # type: ignore[arg-type]
    switched = [(begin + 300.0 * step, on) for start, end in events for step, on in ((start, False), (end, True))]
    history = replace(house.history, plug_events=dict.fromkeys(PRIORITIES, switched))  # nothing tells them apart
    return PluggedHouse(replace(house, history=history), wished, rest)


def _heater(size: int, rng: np.random.Generator) -> Floats:
    """Return a heater with a thermostat, which runs for a part of the time, more in the evening."""
    hours = np.arange(size) / 12 % 24
    share = np.where((hours > 6) & (hours < 9) | (hours > 16) & (hours < 23), 0.6, 0.25)
    return np.asarray((rng.random(size) < share) * rng.uniform(700, 1300), dtype=np.float64)


def _bursts(size: int, rng: np.random.Generator, *, watts: float, minutes: float, hours: tuple[float, ...]) -> Floats:
    """Return an appliance that runs at about these hours of the day."""
    result = np.zeros(size)
    for day in range(size // PER_DAY):
        for hour in hours:
            start = day * PER_DAY + int(np.clip(hour + rng.normal(0, 1.2), 0, 23.5) * 12)
            result[start : start + max(1, int(minutes / 5 * rng.uniform(0.6, 1.4)))] = watts
    return result


Chooser = Callable[[int, Callable[[], History]], set[str]]
"""Says, at a step of an outage and by what was recorded until then, which plugs are off."""


def lived(home: PluggedHouse, outage: Outage, chooser: Chooser) -> Lived:
    """Return what an outage is like if somebody chooses what is off."""
    house, fit = home.house, home.house.fittings
    charge = lowest = float(house.soc[outage.start])
    strays = float(house.history.soc_percent[outage.start]) - charge  # type: ignore[arg-type]
    columns = _columns(house.history)
    denied, switched, off, dark = 0.0, 0, set[str](), False
    for step in range(outage.start, outage.end):
        columns["soc_percent"][step] = np.clip(round(charge + strays), 0, 100)
        columns["load_w"][step] = columns["battery_power_w"][step] = np.nan
        before, off = off, chooser(step, partial(_seen, house, columns, step))
        switched += len(before ^ off)
        wished = {name: float(home.wished_w[name][step]) for name in PRIORITIES}
        load = float(home.rest_w[step]) + sum(watts for name, watts in wished.items() if name not in off)
        denied += sum(wished[name] for name in off) / 12
        dark = dark or charge <= CUT_OFF
        watts = 0.0 if dark else fit.without_grid_w(load, float(house.sun_w[step]))
        columns["load_w"][step], columns["battery_power_w"][step] = 0.0 if dark else load, watts
        charge = fit.charge_after(charge, watts)
        lowest = min(lowest, charge)
    return Lived(lowest, denied, switched)


def _columns(history: History) -> dict[str, Floats]:
    names = ("load_w", "battery_power_w", "soc_percent")
    return {name: np.array(getattr(history, name), dtype=np.float64) for name in names}


def _seen(house: House, columns: dict[str, Floats], step: int) -> History:
    return until(replace(house.history, **columns), step)  # type: ignore[arg-type]  # columns only


class Outlooked:
    """The real rules, asked with the real forecast."""

    def __init__(self, home: PluggedHouse, outage: Outage) -> None:
        self._house = home.house
        self._begin = float(home.house.history.time[0])  # type: ignore[arg-type]
        self._since = self._moment(outage.start)
        self._first = outage.start
        self._switchings: list[tuple[str, float, bool]] = []
        self._off = set[str]()
        known = Journal(handled="on")
        self._journal = on_grid(known, self._grid(self._since), PLUGS, RULES, self._since, stable_for=timedelta())

    def __call__(self, step: int, see: Callable[[], History]) -> set[str]:
        """Return what is off after the rules have seen the forecast of this step."""
        if (step - self._first) % EVERY_STEPS:
            return self._off
        now = self._moment(step) + timedelta(seconds=30)
        history = see()
        seen = replace(history, plug_events=self._events(history))
        plugs = [Plug(name, name not in self._off, is_shed=name in self._off) for name in PRIORITIES]
        made = forecast(seen, now, plan_at(self._house, step), plugs=plugs, reserve_percent=RESERVE)
        shared = SharedState(self._journal, RULES, self._grid(now))
        after = on_outlook(shared, to_message(made, now, NO_SCORES), PLUGS, now, off_for=now - self._since)
        for one in after.targets.values():
            self._switchings.append((one.plug, now.timestamp(), one.on))
            self._off = self._off - {one.plug} if one.on else self._off | {one.plug}
        done = list(after.targets.values())
        self._journal = completed(mark_to_restore(after, done, {GANG: True}, now), done)
        return self._off

    def _events(self, history: History) -> dict[str, list[tuple[float, bool]]]:
        ours = {name: [(at, on) for plug, at, on in self._switchings if plug == name] for name in PRIORITIES}
        before = self._since.timestamp()
        return {name: [*(one for one in history.plug_events[name] if one[0] < before), *ours[name]] for name in ours}

    def _moment(self, step: int) -> datetime:
        return datetime.fromtimestamp(self._begin + 300.0 * step, UTC)

    def _grid(self, now: datetime) -> GridState:
        return GridState(at=now, state=Grid.OFF, since=self._since, transition_id="off")


def always(off: set[str]) -> Chooser:
    """Return the policy that keeps these plugs off."""
    return lambda _step, _see: off


def oracle(home: PluggedHouse, outage: Outage) -> Lived:
    """Return the outage with those plugs off that keep the reserve and are missed least; knows the future."""
    every = [set(some) for number in range(len(PRIORITIES) + 1) for some in combinations(PRIORITIES, number)]
    found = [lived(home, outage, always(some)) for some in every]
    return min((one for one in found if one.kept), key=lambda one: one.denied_wh, default=found[-1])


@dataclass(frozen=True)
class Trial:
    """One outage under every policy."""

    all_on: Lived
    all_off: Lived
    oracle: Lived
    outlook: Lived
    weight: float
    """How many outages of its home it stands for; those that would break the reserve are run more often."""


def trials(homes: int, days: int, each: int, seed: int, *, warm_up: int = 30) -> list[Trial]:
    """Return outages of drawn homes under every policy; half of them, if there are, break the reserve with all on."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(homes):
        home = plugged_house(1000 * seed + number, days)
        planned = [one for one in home.house.outages if one.plan and one.start > warm_up * PER_DAY]
        order = [planned[place] for place in rng.permutation(len(planned)).tolist()]
        breaks = [one for one in order if not lived(home, one, always(set())).kept]
        lasts = [one for one in order if one not in breaks]
        some_breaks = breaks[: each // 2]
        some_last = lasts[: each - len(some_breaks)]
        found += [_trial(home, outage, len(breaks) / len(some_breaks)) for outage in some_breaks]
        found += [_trial(home, outage, len(lasts) / len(some_last)) for outage in some_last]
    return found


def _trial(home: PluggedHouse, outage: Outage, weight: float) -> Trial:
    return Trial(
        lived(home, outage, always(set())),
        lived(home, outage, always(set(PRIORITIES))),
        oracle(home, outage),
        lived(home, outage, Outlooked(home, outage)),
        weight,
    )


def figures(found: list[Trial]) -> dict[str, float]:
    """Return the figures of issue 22: of outages that all-on would break and all-off keeps, and of all as they come."""
    could = [one for one in found if not one.all_on.kept and one.all_off.kept]
    denied = sum(one.weight * one.all_off.denied_wh for one in found)
    return {
        "outages": float(len(found)),
        "all on breaks it": float(sum(not one.all_on.kept for one in found)),
        "all off keeps it": float(len(could)),
        "kept": sum(one.outlook.kept for one in could) / len(could) if could else float("nan"),
        "denied": sum(one.weight * one.outlook.denied_wh for one in found) / denied,
        "oracle denies": sum(one.weight * one.oracle.denied_wh for one in found) / denied,
        "switchings": sum(one.weight * one.outlook.switched for one in found) / sum(one.weight for one in found),
    }
