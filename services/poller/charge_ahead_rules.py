"""Charging from the mains before an outage: what to do now, given what is known. Pure.

It begins as late as a gentle current allows, to leave time for the sun, or at once if it is already too late for that;
always with the slowest current that is enough. On any doubt everything is put back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from shared.conditions import Reason
from shared.conditions import charge_ahead as conditions
from shared.conditions import inverter_settings as control
from shared.messages import ChargeBasis, Grid, Moment, SettingValue

CURRENT, CHARGING, OUTPUT = "max_mains_charging_current_a", "charging_priority", "output_priority"
MAINS_CHARGING, KEEPS_BATTERY = "pv_and_utility", "sub"
CHARGES = frozenset(("utility_first", MAINS_CHARGING, "pv_first"))
"""Charging priorities under which the mains charges the battery, at least once the sun is gone."""
FEEDS_HOUSE = "sbu"
"""With this output priority the battery feeds the house while there is power, and is not charged from the mains."""
GENTLE_HOURS = 6.0
"""A current that fills the whole battery in this time is gentle."""
URGENT = 0.7
"""When charging needs this share of the highest current, it begins whatever the sun promises."""
SLACK = 1.15
LEAST_POINTS = 3.0
"""A smaller gap is not worth a change of settings."""
TAPERS_FROM, TAPER = 90.0, 2.0
"""Above this charge each percent takes longer."""
FALLS_BEHIND = 1.15
ADJUST_EVERY = timedelta(minutes=15)
PATIENCE = timedelta(minutes=2)
"""A shorter doubt is only a gap between two readings."""
SAME_OUTAGE = timedelta(minutes=90)
"""An outage that moved by less than this is still the same one."""
FELL_POINTS = 5.0
ENDS_EARLY = timedelta(minutes=5)


@dataclass(frozen=True)
class Need:
    """The outage ahead, and the charge to have when it begins."""

    start: datetime
    end: datetime | None
    target_percent: float
    basis: ChargeBasis


@dataclass(frozen=True)
class Knobs:
    """The present values of the settings that matter, and the mains charging currents that can be set."""

    values: Mapping[str, SettingValue]
    low_a: float
    high_a: float
    step_a: float

    @property
    def present_a(self) -> float:
        """The highest mains charging current, as it is set now."""
        value = self.values[CURRENT]
        return value if isinstance(value, int | float) else 0.0

    @property
    def charges_from_mains(self) -> bool:
        """Whether the present settings charge the battery from the mains."""
        return self.values[CHARGING] in CHARGES and self.values[OUTPUT] != FEEDS_HOUSE


@dataclass(frozen=True)
class Charging:
    """The charging under way: for which outage, since when, up to which charge, with which current, set when.

    keeps: otherwise the battery would feed the house. is_held: the target is reached, and the charge is only kept.
    """

    outage_start: Moment
    began: Moment
    target_percent: float
    current_a: float
    set_at: Moment
    keeps: bool = False
    is_held: bool = False


@dataclass(frozen=True)
class HeldOff:
    """An outage that is left alone, and why."""

    outage_start: Moment
    why: Reason


@dataclass(frozen=True)
class Situation:
    """What is known now. need and knobs are a Reason if they are unknown.

    doubt is why nothing can be relied on, such as an unset clock; doubtful_for is how long there has been any doubt.
    sun_w is what the sun charges the battery with, wh_per_percent the energy that a percent of charge takes.
    accepts_charge is False where the BMS forbids it.
    """

    now: datetime
    doubt: Reason | None
    doubtful_for: timedelta
    grid: Grid | None
    charge_percent: float | None
    voltage_v: float
    sun_w: float
    wh_per_percent: float
    need: Need | Reason
    knobs: Knobs | Reason
    charging: Charging | None = None
    held_off: HeldOff | None = None
    accepts_charge: bool | None = None


@dataclass(frozen=True)
class Nothing:
    """Leave everything as it is; begin_at is when charging begins unless the sun has done it by then."""

    why: Reason
    begin_at: datetime | None = None
    current_a: float | None = None
    held_off: bool = False


@dataclass(frozen=True)
class Blocked:
    """Wait, with the settings as they are, until the BMS allows the charge that the outage needs."""

    why: Reason


@dataclass(frozen=True)
class Begin:
    """Change these settings; charge_percent is what the battery has now."""

    need: Need
    charge_percent: float
    wishes: Mapping[str, SettingValue]
    current_a: float


@dataclass(frozen=True)
class Adjust:
    """Charge with another current."""

    current_a: float


@dataclass(frozen=True)
class Continue:
    """Go on charging; warning says what will nevertheless not be reached."""

    why: Reason
    warning: Reason | None = None


@dataclass(frozen=True)
class Hold:
    """Stop charging, but keep the charge for the outage: with the earlier settings the battery would feed the house."""

    why: Reason


@dataclass(frozen=True)
class PutBack:
    """Put the earlier settings back."""

    why: Reason


Action = Nothing | Blocked | Begin | Adjust | Continue | Hold | PutBack


def next_step(situation: Situation) -> Action:
    """Return what to do."""
    return _while_charging(situation, situation.charging) if situation.charging else _before(situation)


def doubt_of(situation: Situation) -> Reason | None:
    """Return which of the required facts is unknown, even if only for a moment."""
    if situation.doubt:
        return situation.doubt
    if situation.grid is None:
        return conditions.NO_CONTACT()
    if situation.grid is Grid.UNKNOWN:
        return conditions.GRID_UNKNOWN()
    if situation.charge_percent is None:
        return conditions.CHARGE_UNKNOWN()
    return situation.need if isinstance(situation.need, Reason) else None


def _before(situation: Situation) -> Action:
    doubt = doubt_of(situation)
    need, charge = situation.need, situation.charge_percent
    if doubt or charge is None or isinstance(need, Reason):
        return Nothing(doubt or conditions.CHARGE_UNKNOWN())
    if situation.held_off and _is_same(situation.held_off.outage_start, need.start):
        return Nothing(situation.held_off.why, held_off=True)
    idle = _idle(situation, need, charge)
    if idle:
        return Nothing(idle)
    knobs = situation.knobs
    return Nothing(knobs) if isinstance(knobs, Reason) else _when(situation, need, knobs, charge)


def _idle(situation: Situation, need: Need, charge: float) -> Reason | None:
    """Return why nothing has to be done, or why it is too late."""
    if situation.grid is Grid.OFF:
        return conditions.GRID_GONE()
    if situation.now >= need.start - ENDS_EARLY:
        return conditions.OUTAGE_BEGAN()
    if need.target_percent - charge < LEAST_POINTS:
        return conditions.enough(charge=charge, target=need.target_percent, outage=need.start)
    return None


def _when(situation: Situation, need: Need, knobs: Knobs, charge: float) -> Action:
    """Return whether to begin now; the sun still has time while a gentle current would do."""
    wh = energy_wh(charge, need.target_percent, situation.wh_per_percent)
    gentle_w = _gentle_w(situation, knobs)
    gross_w = _power_w(wh, situation.now, need.start)
    net_w = max(0.0, gross_w - situation.sun_w)
    if net_w < gentle_w and gross_w < URGENT * knobs.high_a * situation.voltage_v:
        begin = need.start - ENDS_EARLY - timedelta(hours=SLACK * wh / gentle_w)
        current = current_for(gentle_w, situation.voltage_v, knobs)
        why = conditions.begins_later(
            charge=charge, target=need.target_percent, outage=need.start, begin=begin, current=current
        )
        return Nothing(why, max(begin, situation.now), current)
    if situation.accepts_charge is False:
        return _blocked(need, charge)
    current = current_for(net_w, situation.voltage_v, knobs)
    if knobs.charges_from_mains and current <= knobs.present_a:
        return Nothing(conditions.MAINS_CHARGING_ON())
    return Begin(need, charge, wishes(knobs, current), current)


def _while_charging(situation: Situation, charging: Charging) -> Action:
    now, need, charge = situation.now, situation.need, situation.charge_percent
    if situation.grid is Grid.OFF:
        return PutBack(conditions.GRID_GONE())
    if situation.doubt is None and now >= charging.outage_start:
        return PutBack(conditions.OUTAGE_BEGAN())
    doubt = doubt_of(situation)
    if doubt or charge is None or isinstance(need, Reason):
        why = doubt or conditions.CHARGE_UNKNOWN()
        return PutBack(why) if situation.doubtful_for >= PATIENCE else Continue(why)
    if not _is_same(charging.outage_start, need.start):
        return PutBack(conditions.OUTAGE_WITHDRAWN())
    if charging.is_held or charge >= need.target_percent:
        return _reached(charging, need, charge)
    return _how_fast(situation, charging, need, charge)


def _reached(charging: Charging, need: Need, charge: float) -> Action:
    if charging.target_percent - need.target_percent >= FELL_POINTS:
        return PutBack(conditions.OUTLOOK_CONTRADICTS())
    if not charging.keeps:
        return PutBack(conditions.reached(target=need.target_percent))
    kept = conditions.kept(charge=charge, outage=need.start)
    return Continue(kept) if charging.is_held else Hold(kept)


def _how_fast(situation: Situation, charging: Charging, need: Need, charge: float) -> Action:
    if situation.accepts_charge is False:
        return _blocked(need, charge)
    knobs, voltage_v = situation.knobs, situation.voltage_v
    wh = energy_wh(charge, need.target_percent, situation.wh_per_percent)
    needed_w = max(0.0, _power_w(wh, situation.now, need.start) - situation.sun_w)
    why = conditions.charging(current=charging.current_a, target=need.target_percent, charge=charge, outage=need.start)
    if isinstance(knobs, Reason) or needed_w <= FALLS_BEHIND * charging.current_a * voltage_v:
        return Continue(why)
    faster = current_for(needed_w, voltage_v, knobs)
    if faster > charging.current_a:
        return Adjust(faster) if situation.now - charging.set_at >= ADJUST_EVERY else Continue(why)
    hours = max(0.0, (need.start - situation.now) / timedelta(hours=1))
    percent = charge + (charging.current_a * voltage_v + situation.sun_w) * hours / situation.wh_per_percent
    at_start = min(percent, need.target_percent)
    return Continue(why, conditions.not_in_time(charge=at_start, target=need.target_percent, outage=need.start))


def _blocked(need: Need, charge: float) -> Blocked:
    return Blocked(conditions.not_accepted(charge=charge, target=need.target_percent, outage=need.start))


def wishes(knobs: Knobs, current_a: float) -> dict[str, SettingValue]:
    """Return the settings with which the mains charges the battery with a current."""
    wanted: dict[str, SettingValue] = {CURRENT: current_a, CHARGING: MAINS_CHARGING}
    if knobs.values[OUTPUT] == FEEDS_HOUSE:
        wanted[OUTPUT] = KEEPS_BATTERY
    return wanted


def energy_wh(charge: float, target: float, wh_per_percent: float) -> float:
    """Return the energy from one charge to another, counting more near full, where charging takes longer."""
    slow = max(0.0, target - max(charge, TAPERS_FROM))
    return max(0.0, target - charge + (TAPER - 1) * slow) * wh_per_percent


def current_for(power_w: float, voltage_v: float, knobs: Knobs) -> float:
    """Return the slowest current that can be set and gives at least this power."""
    steps = ceil((power_w / voltage_v - knobs.low_a) / knobs.step_a)
    return min(knobs.high_a, knobs.low_a + max(0, steps) * knobs.step_a)


def _gentle_w(situation: Situation, knobs: Knobs) -> float:
    gentle = 100 * situation.wh_per_percent / GENTLE_HOURS
    return min(max(gentle, knobs.low_a * situation.voltage_v), knobs.high_a * situation.voltage_v)


def _power_w(wh: float, now: datetime, start: datetime) -> float:
    """Return the power that delivers an energy in time, with some to spare."""
    hours = max((start - ENDS_EARLY - now) / timedelta(hours=1), 1 / 60)
    return SLACK * wh / hours


def _is_same(one: datetime, other: datetime) -> bool:
    return abs(one - other) < SAME_OUTAGE


def setting_name(setting: str) -> Reason:
    """Return what a setting is called."""
    return control.meaning(setting) or Reason.sentence(setting)
