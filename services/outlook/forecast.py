"""The forecast as one plain function: no broker, no files, no clock.

    forecast(history, now, plan) -> Forecast

learns the home from its record, lets many possible courses of the next 36 hours run through the planned outages, and
says for each outage whether the battery lasts. Nothing after `now` is looked at.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import inf
from zoneinfo import ZoneInfo

import numpy as np

from services.outlook.answers import Case, OutageAnswer, Shedding, answer, bands, good_for_washing
from services.outlook.behaviour import Behaviour, around, learn_behaviour
from services.outlook.day_kinds import local_steps
from services.outlook.estimate import Estimate
from services.outlook.history import Floats, History, Plan, PlannedOutage, Plug
from services.outlook.paths import (
    PATHS,
    Ahead,
    Paths,
    draw_loads,
    draw_sun,
    other_shares,
    planned_outage,
    running_outage,
    shed_steps,
    simulate,
    sudden_outage,
    with_behaviour,
    without_shed,
)
from services.outlook.plant import DARK_W, FULL, Plant, learn_plant
from services.outlook.plug_power import learn_plug_power, shed_w
from services.outlook.punctuality import EARLY_S, Delays, Span, actual_outages, learn_delays, window_of
from services.outlook.similar_days import courses
from services.outlook.state_of_charge import DIFFER_POINTS, Charge, last_reading_s, present_charge, reported
from services.outlook.steps import HORIZON, PER_DAY, PER_HOUR, STEP_S, Steps, to_steps
from services.outlook.sun import sun_courses
from shared.charge import RESERVE_PERCENT

GRID_HOLDS_STEPS = 3
LEAST_DAYS = 0.25
"""With less than this recorded, the load counts as never measured."""
APART_POINTS = 8.0
"""A BMS and an inverter that differ by less than this agree."""


@dataclass(frozen=True)
class Strip:
    """The charge ahead in percent: HORIZON + 1 values each, the first of them now, the others five minutes apart."""

    p10: Floats
    p50: Floats
    p90: Floats


@dataclass(frozen=True)
class Unknown:
    """What the forecast does not know or assumes: a code of shared/conditions/outlook.py, and its parameters."""

    name: str
    params: Mapping[str, float | datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Forecast:
    """The next 36 hours. Moments are seconds since 1970 UTC.

    outages: the running one and the certain ones ahead, then those that are only possible (judged in a case in which
    they all happen), each in order of time. strip: the charge ahead if only the certain ones happen; strip_if_possible:
    if all do, None if there are none. holds_until_s: early, typical and late when the reserve is reached if power went
    now and stayed away, or while it does. charge and strip are None if the present charge is unknown.
    """

    now_s: float
    reserve_percent: float
    charge: Charge | None = None
    outages: tuple[OutageAnswer, ...] = ()
    strip: Strip | None = None
    strip_if_possible: Strip | None = None
    holds_until_s: tuple[float | None, float | None, float | None] = (None, None, None)
    washing_from_s: float | None = None
    learned: Mapping[str, Estimate] = field(default_factory=dict)
    plugs_w: Mapping[str, Estimate] = field(default_factory=dict)
    unknown: tuple[Unknown, ...] = ()

    @property
    def times_s(self) -> Floats:
        """The moments of a strip."""
        return self.now_s + STEP_S * np.arange(HORIZON + 1, dtype=np.float64)


def forecast(
    history: History,
    now: datetime,
    plan: Plan | None,
    *,
    reserve_percent: float = RESERVE_PERCENT,
    plugs: Sequence[Plug] = (),
    usage_correction: float = 1.0,
) -> Forecast:
    """Return the forecast of a home at a moment.

    history: what was recorded until now, see History. now: with a time zone. plan: the outages ahead, None if no
    schedule is known. reserve_percent: the charge that is to be kept. plugs: those that could be switched off.
    usage_correction: by how much more the battery gives in outages than was forecast, from grading past forecasts.
    """
    now_s = now.astimezone(UTC).timestamp()
    steps = to_steps(history, now_s)
    measured = {one.id: Estimate(one.power_w, 1, "measured") for one in plugs if one.power_w and 0 < one.power_w < inf}
    home = _learn(steps, history, measured)
    charge = home.charge
    if charge is None:
        return Forecast(now_s, reserve_percent, learned=home.learned(), plugs_w=home.plugs_w, unknown=home.silent)
    unknown = [*_unknown_plan(plan, now_s), *home.unknown]
    home = replace(home, usage=home.usage * usage_correction)
    certain, possible = _ahead(home, plan, now_s)
    unknown += _unknown_end(certain)
    every = sorted((*certain, *possible), key=lambda one: one.nominal[0])
    draw = _draw(home, charge, certain or every)
    floor = max(reserve_percent, 0.0 if home.plant.cut_off_percent.is_default else home.plant.cut_off_percent.value)
    base = _case(home, draw, certain, plugs, floor=floor, now_s=now_s)
    second = _case(home, draw, every, plugs, floor=floor, now_s=now_s) if possible else None
    answers = [answer(base, one, possible=False) for one in _judged(certain)]
    answers += [answer(second, one, possible=True) for one in _judged(possible)] if second else []
    running = next((one for one in answers if one.running), None)
    now_off = running or answer(replace(base, plugs_w={}), _from_now(), possible=False)
    return Forecast(
        now_s=now_s,
        reserve_percent=reserve_percent,
        charge=charge,
        outages=tuple(answers),
        strip=_strip(base.paths),
        strip_if_possible=_strip(second.paths) if second else None,
        holds_until_s=now_off.holds_until_s,
        washing_from_s=good_for_washing([*_without_power(every), *_nobody_knows(plan, now_s)], now_s),
        learned=home.learned(),
        plugs_w=home.plugs_w,
        unknown=tuple(unknown),
    )


@dataclass(frozen=True)
class _Home:
    """What the record shows about the home."""

    steps: Steps
    zone: ZoneInfo
    plant: Plant
    behaviour: Behaviour
    delays: Delays
    charge: Charge | None
    neutral_w: Floats
    off_since_s: float | None
    """When the running outage began, None with power."""
    on_steps: int | None
    """For how many steps power is back, None if it was never away."""
    last_off_s: tuple[float, float] | None
    """The last outage of the record, from when to when."""
    plugs_w: Mapping[str, Estimate]
    shed_now_w: float
    """What the plugs would draw that were switched off in the running outage; they come on again with power."""
    shed_usually_w: float
    """What is switched off in outages on average."""
    is_assumed: bool
    """Whether what decides most, the load or the battery's size, is a usual home's instead of this one's."""
    unknown: tuple[Unknown, ...]
    silent: tuple[Unknown, ...]
    usage: float = 1.0

    def learned(self) -> dict[str, Estimate]:
        """Return the learned figures by name, the unit in it."""
        plant, known = self.plant, self.neutral_w[np.isfinite(self.neutral_w)]
        days = float(len(known)) / PER_DAY
        few, late = days < LEAST_DAYS, self.delays.usual_end_min()
        return {
            "capacity_kwh": replace(plant.discharge_wh, value=plant.discharge_wh.value / 10),
            "conversion": plant.conversion,
            "idle_w": plant.idle_w,
            "charging_w": plant.charging_w,
            "full_percent": plant.full_percent,
            "cut_off_percent": plant.cut_off_percent,
            "load_before_outages": self.behaviour.before,
            "load_in_outages": self.behaviour.during,
            "load_after_outages": self.behaviour.after,
            "load_w": Estimate(float(known.mean()) if known.size else 450.0, days, "days", is_default=few),
            "returns_late_min": Estimate(
                late, float(self.delays.outages), "outages", is_default=not self.delays.outages
            ),
        }


def _learn(steps: Steps, history: History, measured: Mapping[str, Estimate]) -> _Home:
    zone = ZoneInfo(history.time_zone)
    soc, source = reported(steps)
    plant = learn_plant(steps, soc, history.label_wh)
    charge = present_charge(steps, soc, source, plant)
    outages = actual_outages(steps)
    off_since, on_steps, grid_known = _grid(steps, outages)
    plugs_w = learn_plug_power(steps, history.plug_events) | dict(measured)
    shed = shed_w(steps, outages, history.plug_events, plugs_w)
    load = np.where(steps.off & (steps.load_w <= DARK_W), np.nan, steps.load_w) + shed
    announced = _announced(steps, history.planned)
    where = around(steps.off, announced)
    behaviour = learn_behaviour(load, where, local_steps(steps.first, steps.size, zone))
    neutral = load / behaviour.factors[where]
    days = float(np.isfinite(load).sum()) / PER_DAY
    unknown = [] if grid_known else [Unknown("grid_unknown")]
    unknown += _unknown_home(days, plant, charge)
    return _Home(
        steps=steps,
        zone=zone,
        plant=plant,
        behaviour=behaviour,
        delays=learn_delays(steps, outages, history.planned, running=off_since is not None),
        charge=charge,
        neutral_w=neutral,
        off_since_s=off_since,
        on_steps=on_steps,
        last_off_s=outages[-1] if outages else None,
        plugs_w=plugs_w,
        shed_now_w=float(shed[-1]) if off_since is not None else 0.0,
        shed_usually_w=float(shed[steps.off].mean()) if steps.off.any() else 0.0,
        is_assumed=days < LEAST_DAYS or (plant.discharge_wh.is_default and history.label_wh is None),
        unknown=tuple(unknown),
        silent=_why_silent(steps, soc),
    )


def _grid(steps: Steps, outages: Sequence[tuple[float, float]]) -> tuple[float | None, int | None, bool]:
    """Return since when power is off, or how long ago it came back, and whether that is known at all."""
    known = np.flatnonzero(np.isfinite(steps.grid_on))
    recent = bool(known.size) and steps.size - 1 - known[-1] <= GRID_HOLDS_STEPS
    if recent and steps.grid_on[known[-1]] == 0:
        return outages[-1][0], None, True
    gone = np.flatnonzero(steps.off)
    return None, int(steps.size - 1 - gone[-1]) if gone.size else None, recent


def _announced(steps: Steps, planned: Sequence[tuple[float, float]]) -> "np.typing.NDArray[np.bool_]":
    """Return in which steps an outage was planned."""
    mask = np.zeros(steps.size, dtype=bool)
    for start, end in planned:
        first, last = max(0, steps.index(start)), min(steps.size, steps.index(end))
        if first < last:
            mask[first:last] = True
    return mask


def _why_silent(steps: Steps, soc: Floats) -> tuple[Unknown, ...]:
    last = last_reading_s(steps, soc)
    if last is None:
        return (Unknown("no_charge"),)
    return (Unknown("charge_old", {"at": datetime.fromtimestamp(last, UTC)}),)


def _unknown_home(days: float, plant: Plant, charge: Charge | None) -> list[Unknown]:
    found = list[Unknown]()
    if days < LEAST_DAYS:
        found.append(Unknown("no_load"))
    elif days < 14:
        found.append(Unknown("little_history", {"days": days}))
    if plant.discharge_wh.is_default:
        found.append(Unknown("capacity_assumed", {"kwh": plant.discharge_wh.value / 10}))
    if plant.charging_w.is_default:
        found.append(Unknown("charging_assumed"))
    return found + (_unknown_charge(charge) if charge else [])


def _unknown_charge(charge: Charge) -> list[Unknown]:
    found = list[Unknown]()
    if charge.jumped:
        found.append(Unknown("charge_jumps", {"points": charge.jumped}))
    shown = charge.bms if charge.bms is not None else charge.inverter
    if charge.counted is not None and charge.last_full_s and shown is not None and _strays(charge.counted, shown):
        full = datetime.fromtimestamp(charge.last_full_s, UTC)
        params: dict[str, float | datetime] = {"shown": shown, "counted": charge.counted, "full": full}
        params["used"] = charge.percent
        found.append(Unknown("counted_differs", params))
    if charge.bms is not None and charge.inverter is not None and abs(charge.bms - charge.inverter) > APART_POINTS:
        apart = {"bms": charge.bms, "inverter": charge.inverter, "used": charge.percent}
        found.append(Unknown("sources_differ", apart))
    return found


def _strays(counted: float, shown: float) -> bool:
    return abs(counted - shown) > DIFFER_POINTS and shown < FULL


def _unknown_plan(plan: Plan | None, now_s: float) -> list[Unknown]:
    if plan is None:
        return [Unknown("no_schedule")]
    if plan.emergency:
        return [Unknown("emergency")]
    if plan.known_until and plan.known_until.timestamp() < now_s + HORIZON * STEP_S:
        return [Unknown("schedule_ends", {"at": plan.known_until.astimezone(UTC)})]
    return []


def _unknown_end(certain: Sequence[Ahead]) -> list[Unknown]:
    return [Unknown("end_unknown")] if any(one.running and one.nominal[1] is None for one in certain) else []


def _ahead(home: _Home, plan: Plan | None, now_s: float) -> tuple[list[Ahead], list[Ahead]]:
    """Return the running and the certain outages, and the possible ones."""
    spans, dropped = (_spans(plan.outages), _spans(plan.dropped)) if plan and not plan.emergency else ([], [])
    certain, possible = list[Ahead](), list[Ahead]()
    if home.off_since_s is not None:
        mine = _mine(spans, dropped, home.off_since_s, now_s)
        spans = [one for one in spans if one is not mine]
        end = round((mine[1] - now_s) / STEP_S) if mine else None
        running = running_outage(end, (now_s - home.off_since_s) / 3600, home.delays)
        certain.append(replace(running, planned_s=(None, mine[1] if mine and running.nominal[1] == end else None)))
    for start, end_s, is_possible in spans:
        if end_s <= now_s or start >= now_s + HORIZON * STEP_S:
            continue
        first, last = max(0, round((start - now_s) / STEP_S)), round((end_s - now_s) / STEP_S)
        if last <= first or (start < now_s and home.off_since_s is None and _is_over(home, start, now_s)):
            continue
        number = len(certain) + len(possible)
        planned = replace(planned_outage(first, last, home.delays, number), planned_s=(max(start, now_s), end_s))
        (possible if is_possible else certain).append(planned)
    return certain, possible


def _spans(outages: Sequence[PlannedOutage]) -> list[tuple[float, float, bool]]:
    return _joined(sorted((one.start.timestamp(), one.end.timestamp(), one.possible) for one in outages))


def _mine(spans: Sequence[Span], dropped: Sequence[Span], off_since_s: float, now_s: float) -> Span | None:
    """Return the planned outage whose end brings the power, as page and bot judge it.

    It is the one that the running outage is by its beginning, even if it was dropped from the plan meanwhile, or once
    that is over, the one that we are in.
    """
    begun = window_of(off_since_s, spans) or window_of(off_since_s, dropped)
    if begun is not None and begun[1] > now_s:
        return begun
    return next((one for one in spans if one[0] <= now_s < one[1]), begun)


def _joined(windows: Sequence[tuple[float, float, bool]]) -> list[tuple[float, float, bool]]:
    """Merge windows of one kind that touch: for the home they are one outage."""
    found: list[tuple[float, float, bool]] = []
    for start, end, possible in windows:
        if found and found[-1][2] == possible and start - found[-1][1] <= STEP_S:
            found[-1] = found[-1][0], max(end, found[-1][1]), possible
        else:
            found.append((start, end, possible))
    return found


def _judged(outages: Sequence[Ahead]) -> Iterator[Ahead]:
    """Yield the outages that end within the forecast; of a longer running one nothing but how long the charge holds."""
    for one in outages:
        if one.nominal[1] is None or one.nominal[1] <= HORIZON:
            yield one
        elif one.running:
            yield replace(one, nominal=(0, None))


def _without_power(outages: Sequence[Ahead]) -> list[tuple[int, int | None]]:
    """Return from when to when there is no power, in steps; where power is late already, nobody knows until when."""
    return [(start, end if end is not None and end > 0 else None) for start, end in (one.nominal for one in outages)]


def _nobody_knows(plan: Plan | None, now_s: float) -> list[tuple[int, int | None]]:
    """Return from when on outages may come that the plan does not have."""
    if plan is None or plan.emergency:
        return [(0, None)]
    return [(round((plan.known_until.timestamp() - now_s) / STEP_S), None)] if plan.known_until else []


def _is_over(home: _Home, start_s: float, now_s: float) -> bool:
    """Return whether the planned outage that we are in has been, or is long overdue: power is on.

    Power that was away for minutes only blinked, or was late after the outage before.
    """
    off = home.last_off_s
    if off is not None and off[1] - max(off[0], start_s - EARLY_S) >= EARLY_S:
        return True
    return now_s - start_s > 3600


def _from_now() -> Ahead:
    """Return an outage that begins now and never ends."""
    zero = np.zeros(PATHS, dtype=np.int64)
    return Ahead(zero, np.full(PATHS, HORIZON, dtype=np.int64), (0, None), running=True)


@dataclass(frozen=True)
class _Draw:
    """What differs between paths: the load without outages, sun, the battery, the charge now."""

    load_w: Floats
    sun_w: Floats
    energy: Floats
    start: Floats


def _draw(home: _Home, charge: Charge, outages: Sequence[Ahead]) -> _Draw:
    """Draw the paths; the outages decide which hours matter most."""
    windows = [(int(np.median(one.start)), int(np.median(one.end))) for one in outages]
    found = courses(home.neutral_w, home.steps.first, home.zone, windows)
    first = windows[0] if windows and windows[0][0] < HORIZON else (0, 4 * PER_HOUR)
    full = np.asarray(home.steps.inverter_soc >= home.plant.full_percent.value - 1)
    return _Draw(
        draw_loads(found, (first[0], min(first[1], HORIZON))) * home.usage,
        draw_sun(sun_courses(home.steps.pv_w, full)),
        np.exp(home.plant.spread * _normal(other_shares(4))),
        np.clip(charge.percent + charge.uncertainty * _normal(other_shares(5)), 0, 100),
    )


def _case(
    home: _Home, draw: _Draw, outages: Sequence[Ahead], plugs: Sequence[Plug], *, floor: float, now_s: float
) -> Case:
    """Return the case in which these outages happen."""
    every_plug_on = with_behaviour(draw.load_w, outages, home.behaviour, home.on_steps)
    off_now, off_then = shed_steps(outages)
    load = without_shed(every_plug_on, home.shed_now_w * off_now + home.shed_usually_w * off_then)
    every = (*outages, sudden_outage(home.delays))
    start = Paths(load, draw.sun_w, draw.energy, every, np.empty((0, 0)))
    return Case(
        simulate(start, home.plant, draw.start),
        home.plant,
        home.behaviour.during.value,
        floor,
        now_s,
        _plug_watts(home, plugs),
        _shedding(home, plugs, every_plug_on),
        is_assumed=home.is_assumed,
    )


def _normal(shares: Floats) -> Floats:
    """Return the normal quantiles of shares, by the logistic curve, which is near enough within two deviations."""
    inside = np.clip(shares, 0.02, 0.98)
    return np.asarray(np.log(inside / (1 - inside)) / 1.702, dtype=np.float64)


def _plug_watts(home: _Home, plugs: Sequence[Plug]) -> dict[str, float]:
    return {plug.id: home.plugs_w[plug.id].value for plug in plugs if plug.on and plug.id in home.plugs_w}


def _shedding(home: _Home, plugs: Sequence[Plug], every_plug_on: Floats) -> Shedding:
    """Return what each plug that outages switch off takes from the load: nothing, if it is off or was never measured.

    Off in the running outage it is on again after it.
    """
    watts = dict[str, float | None]()
    for plug in (one for one in plugs if one.follows_grid):
        known = home.plugs_w.get(plug.id)
        if known is None:
            watts[plug.id] = None if plug.is_shed else 0.0
        else:
            watts[plug.id] = known.value if plug.on or plug.is_shed else 0.0
    ours_w = sum(watts[plug.id] or 0.0 for plug in plugs if plug.is_shed and plug.follows_grid)
    return Shedding(every_plug_on, watts, max(0.0, home.shed_now_w - ours_w))


def _strip(paths: Paths) -> Strip:
    low, middle, high = bands(paths.soc)
    return Strip(low, middle, high)
