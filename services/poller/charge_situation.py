"""The situation that charging ahead is decided by: from the broker's state and the inverter's settings. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.poller.charge_ahead_rules import (
    CHARGING,
    CURRENT,
    FEEDS_HOUSE,
    KEEPS_BATTERY,
    OUTPUT,
    Knobs,
    Need,
    setting_name,
)
from services.poller.setting_check import Present, bounds_of, checked, hindrance, no_way_back, proof
from shared.broker_state import BrokerState
from shared.charge import IN_FOR_OUT
from shared.conditions import Reason
from shared.conditions import charge_ahead as conditions
from shared.live_figures import LiveFigures, usable_outlook
from shared.messages import (
    Certainty,
    ChargeBasis,
    OutageOutlook,
    OutageSchedule,
    Outlook,
    SettingValue,
)
from shared.outages import is_stale, next_outage

ASSUMED_WH = 105.0
"""What a percent takes if the battery is unknown: 10 kWh, with losses."""
USUAL_V = 51.2
FULL = 100.0
SAME_START = timedelta(minutes=15)


def need_of(state: BrokerState, now: datetime, *, planned_percent: float, highest_w: float) -> Need | Reason:
    """Return the next outage and the charge needed when it begins; or why that is unknown, or that there is none."""
    schedule = state.schedule
    if schedule is None or schedule.fetched_at is None or schedule.stale or is_stale(schedule, now):
        return conditions.PLAN_UNKNOWN()
    window = next_outage(schedule, now)
    if window is not None and window.start <= now:
        window = next_outage(_from(schedule, window.end), window.end)
    if window is None:
        return conditions.NO_OUTAGE()
    outlook = usable_outlook(state.outlook, now)
    if outlook is None:
        return Need(window.start, window.end, planned_percent, ChargeBasis.PLAN)
    ahead = [one for one in outlook.outages if not one.running and one.certainty is not Certainty.POSSIBLE]
    if not any(abs(one.start - window.start) <= SAME_START for one in ahead):
        return Need(window.start, window.end, planned_percent, ChargeBasis.PLAN)
    first = next(number for number, one in enumerate(ahead) if abs(one.start - window.start) <= SAME_START)
    target = target_of(ahead[first:], wh_per_percent=wh_per_percent(state, None, now), highest_w=highest_w)
    return Need(window.start, window.end, target, ChargeBasis.OUTLOOK)


def _from(schedule: OutageSchedule, at: datetime) -> OutageSchedule:
    return schedule.model_copy(update={"windows": tuple(one for one in schedule.windows if one.start >= at)})


def target_of(outages: Sequence[OutageOutlook], *, wh_per_percent: float, highest_w: float) -> float:
    """Return the charge needed when the first outage begins, so that the battery lasts through it and those after it.

    What a later outage needs and cannot be charged in between has to be charged before the first.
    """
    target, next_start = 0.0, None
    for one in reversed(outages):
        own = FULL if one.charge_needed_percent is None else one.charge_needed_percent
        if one.end and next_start and one.charge_at_start and one.charge_at_end:
            taken = max(0.0, one.charge_at_start.p50 - one.charge_at_end.p50)
            hours = max(0.0, (next_start - one.end) / timedelta(hours=1))
            own = max(own, target + taken - highest_w * hours / wh_per_percent)
        target, next_start = min(own, FULL), one.start
    return target


def wh_per_percent(state: BrokerState, live: LiveFigures | None, now: datetime) -> float:
    """Return the energy of a percent of charge: as the outlook has learned it, or else by the battery's data."""
    outlook: Outlook | None = usable_outlook(state.outlook, now)
    for figure in outlook.learned if outlook else ():
        if figure.name == "capacity_kwh" and not figure.is_default and figure.value > 0:
            return figure.value * 10 * IN_FOR_OUT
    battery = live.battery if live else None
    if battery and battery.full_ah and battery.voltage_v:
        return battery.full_ah * battery.voltage_v / 100 * IN_FOR_OUT
    return ASSUMED_WH


def knobs_of(present: Present) -> Knobs | Reason:
    """Return what can be set on this unit now, or why charging ahead cannot."""
    values: dict[str, SettingValue] = {}
    for setting in (CURRENT, CHARGING, OUTPUT):
        value = present.values.get(setting)
        if not isinstance(value, int | float | str):
            return conditions.not_possible(setting=setting_name(setting), cause=conditions.NO_CONTACT())
        values[setting] = value
    for setting in (CURRENT, CHARGING) + ((OUTPUT,) if values[OUTPUT] == FEEDS_HOUSE else ()):
        proven = proof(setting, present.unit)
        cause = proven if isinstance(proven, Reason) else hindrance(*proven, present) or no_way_back(setting, present)
        if cause:
            return conditions.not_possible(setting=setting_name(setting), cause=cause)
    if values[OUTPUT] == FEEDS_HOUSE:
        kept = checked(OUTPUT, KEEPS_BATTERY, present)
        if isinstance(kept, Reason):
            return conditions.not_possible(setting=setting_name(OUTPUT), cause=kept)
    proven = proof(CURRENT, present.unit)
    bounds = None if isinstance(proven, Reason) else bounds_of(proven[0], present.values)
    if bounds is None:
        return conditions.not_possible(setting=setting_name(CURRENT), cause=conditions.NO_CONTACT())
    return Knobs(values, bounds.low, bounds.high, bounds.step)
