"""Runs the outlook over months of houses, as it would have been live, and prints the table of issue 22.

With the usual reserve few outages do not last, so the scores of the chance rest on a handful: OUTLOOK_RESERVE=45 asks
the same forecasts whether so much is left. The errors are the same.
"""

import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from bench.outlook.house import House, Outage, as_lived, draw_fittings, draw_outages, live, until
from bench.outlook.peers import PEERS, charge_after
from bench.outlook.people import PER_DAY, draw_habits, draw_load
from bench.outlook.plan import plan_at
from bench.outlook.plug_policy import figures, trials
from bench.outlook.recorded import homes
from bench.outlook.score import Case, table
from services.outlook.forecast import Forecast, forecast
from shared.charge import RESERVE_PERCENT

RESERVE = float(os.environ.get("OUTLOOK_RESERVE", RESERVE_PERCENT))
WARM_UP_DAYS = 35
AHEAD_STEPS = 144
HARDER_ONE_IN = 3
"""In one of so many outages the forecast is also made 12 h ahead, and with 7 days of record."""

POLICY_OUTAGES = 6

Cases = dict[str, list[Case]]
"""The cases of each method."""


def drawn(seed: int, days: int, *, calm: bool = False) -> House:
    """Return a drawn house."""
    rng = np.random.default_rng(seed)
    habits = draw_habits(rng, calm=calm)
    load = draw_load(habits, days, rng, int(rng.integers(0, 7)), float(rng.uniform(0, 365)))
    fittings = draw_fittings(rng, float(load.mean()))
    queue = draw_outages(days, rng)
    return live(as_lived(load, queue[0], (habits.prepares, habits.saves, habits.catches_up)), fittings, queue, rng)


def recorded(load: np.typing.NDArray[np.float64], start_s: float, seed: int, days: int) -> House:
    """Return a house with a recorded load; where the record is longer, a part of it."""
    rng = np.random.default_rng(seed)
    most = len(load) // PER_DAY
    first = int(rng.integers(0, max(1, most - days)))
    part = load[first * PER_DAY : (first + days) * PER_DAY]
    fittings = draw_fittings(rng, float(max(part.mean(), 80.0)))
    queue = draw_outages(len(part) // PER_DAY, rng)
    return live(part, fittings, queue, rng, start_s=start_s + first * 86400, time_zone="UTC")


def forecast_at(house: House, step: int, days: int | None = None) -> Forecast:
    """Return the forecast as it would have been at the end of a step, with so many days of record."""
    now = datetime.fromtimestamp(float(house.history.time[step]) + 240, UTC)  # type: ignore[arg-type]
    seen = until(house.history, step, days)
    return forecast(seen, now, plan_at(house, step), reserve_percent=RESERVE)


def has_lasted(house: House, outage: Outage) -> bool:
    """Return whether the charge stayed above the reserve."""
    return float(house.soc[outage.start : outage.end + 1].min()) > RESERVE


def judge(name: str, house: House, outage: Outage, made: Forecast, start_s: float) -> Case | None:
    """Return the case of an outage in a forecast, None if the forecast did not know of it."""
    if outage.plan is None:
        return None
    begun = start_s + 300 * outage.start <= made.now_s
    planned = start_s + 300 * outage.plan[0]
    near = [one for one in made.outages if one.running == begun and (begun or abs(one.start_s - planned) < 1800)]
    if not near:
        return None
    answer = near[0]
    at_end = answer.charge_at_end
    if at_end is None or answer.chance is None:
        return None
    truth = float(house.soc[outage.end])
    lasted = has_lasted(house, outage)
    return Case(name, at_end.p10, at_end.p50, at_end.p90, answer.chance, answer.verdict, truth, lasted)


def peer_cases(name: str, house: House, outage: Outage) -> Iterator[tuple[str, Case]]:
    """Yield what the field's methods say when an outage begins."""
    load = np.asarray(house.history.load_w, dtype=np.float64)[: outage.start + 1]
    soc = float(house.history.soc_percent[outage.start])  # type: ignore[arg-type]
    ahead = max(1, (outage.plan or (0, 0))[1] - outage.start)
    lasted = has_lasted(house, outage)
    for method, load_ahead in PEERS.items():
        after = charge_after(load_ahead(load, ahead), soc, house.nominal_wh / 100, 1 / 0.95, 0.0)
        lasts = after > RESERVE
        verdict = "lasts" if lasts else "will_not_last"
        yield method, Case(name, after, after, after, float(lasts), verdict, float(house.soc[outage.end]), lasted)


def run(houses: list[tuple[str, House]], outages_each: int, seed: int, *, warm_up: int = WARM_UP_DAYS) -> Cases:
    """Return the cases of every method over some outages of each house; of a few of them also the harder forecasts."""
    rng = np.random.default_rng(seed)
    cases: Cases = defaultdict(list)
    for name, house in houses:
        start_s = float(house.history.time[0])  # type: ignore[arg-type]
        known = [one for one in house.outages if one.plan and one.start > warm_up * PER_DAY]
        picked = rng.permutation(len(known))[:outages_each].tolist()
        harder = [known[place] for place in picked[: max(1, outages_each // HARDER_ONE_IN)]]
        for outage in (known[place] for place in sorted(picked)):
            found = judge(name, house, outage, forecast_at(house, outage.start), start_s)
            if found:
                cases["outlook"].append(found)
                for method, case in peer_cases(name, house, outage):
                    cases[method].append(case)
            if outage not in harder:
                continue
            brief = judge(name, house, outage, forecast_at(house, outage.start, 7), start_s)
            if brief:
                cases["outlook, 7 days known"].append(brief)
            before = outage.start - AHEAD_STEPS
            early = judge(name, house, outage, forecast_at(house, before), start_s)
            if early:
                cases["outlook, 12 h ahead"].append(early)
    return cases


def show(title: str, cases: Cases) -> None:
    """Print a table."""
    print(f"\n{title}")
    columns = tuple(table(cases["outlook"]))
    print(f"{'':26}" + "".join(f"{name:>12}" for name in columns))
    for method, found in cases.items():
        figures = table(found)
        print(f"{method:26}" + "".join(f"{figures[name]:12.2f}" for name in columns))
    best = min(table(found)["mean"] for method, found in cases.items() if not method.startswith("outlook"))
    print(f"mean error under the best peer's: {1 - table(cases['outlook'])['mean'] / best:.0%}", flush=True)


def main(sizes: tuple[int, int, int] = (8, 100, 72), seeds: tuple[int, ...] = (31, 32, 33)) -> None:
    """Print the tables of homes: how many drawn ones, days of each, outages of each home; then the plug policy."""
    number, days, each = sizes
    began = time.process_time()
    found: dict[str, list[Cases]] = defaultdict(list)
    acted = []
    for seed in seeds:
        for kind, houses in _houses(number, days, seed):
            found[kind].append(run(houses, each, seed))
            show(f"{kind}, seed {seed}", found[kind][-1])
        acted += trials(number, days // 2, POLICY_OUTAGES, seed)
    for kind, cases in found.items():
        show(f"{kind}, all seeds", {name: [one for some in cases for one in some[name]] for name in cases[0]})
    print("\nplug policy, all seeds")
    for name, figure in figures(acted).items():
        print(f"  {name:26}{figure:8.3f}", flush=True)
    print(f"CPU {time.process_time() - began:.0f} s", file=sys.stderr)


def _houses(number: int, days: int, seed: int) -> Iterator[tuple[str, list[tuple[str, House]]]]:
    """Yield the kinds of homes and its homes, named apart in every seed; recorded ones where there are any."""
    seeds = [1000 * seed + place for place in range(number)]
    yield "drawn homes", [(str(one), drawn(one, days)) for one in seeds]
    yield "calm drawn homes", [(str(one), drawn(one, days, calm=True)) for one in seeds]
    real = [
        (f"{name} {seed}", recorded(load, start_s, 1000 * seed + place, days))
        for place, (name, start_s, load) in enumerate(homes())
    ]
    if real:
        yield "recorded homes", real
