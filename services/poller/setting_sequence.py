"""Settings that are changed together, by a profile or temporarily: what to do next. Pure.

A sequence is in the journal from before its first write until all of it is in force, or undone. If somebody else
changes one of its settings meanwhile, that setting is left as it is, and the others are put back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from services.poller.decode import Value
from services.poller.setting_check import DAY, MOST_A_DAY, Present, Write, checked, no_way_back, unit_key
from shared.conditions import Reason
from shared.conditions import inverter_settings as control
from shared.messages import Moment, SettingOutcome, SettingValue
from shared.trusted_time import elapsed

LINGERS = timedelta(seconds=60)
"""A new value may appear late: how long to watch for it before everything counts as put back."""
RESUMES = timedelta(minutes=10)
"""A profile interrupted longer ago than this is undone instead of finished: nobody is waiting for it any more."""
PROFILE_ATTEMPTS = 3
"""How many failed attempts to undo a profile's step are made; a temporary change is put back without a limit."""

PASSING = frozenset((control.TOO_MANY_A_MINUTE.code, control.no_contact.code))
"""Reasons not to write that pass by themselves."""


class Purpose(StrEnum):
    """What a sequence is for; all but a profile are temporary."""

    PROFILE = "profile"
    CHARGE_AHEAD = "charge_ahead"
    QUIET_HOURS = "quiet_hours"


class SettingSequence(BaseModel):
    """What to set, in this order, and the values before. wishes also include what already had its value.

    unit is the inverter it is meant for. made are all values written to each setting, on disk before they are sent;
    stands are those confirmed last. undo is why the sequence is undone, once it is. failures counts failed attempts to
    undo, doubtful_at is when a write last had an uncertain outcome.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    purpose: Purpose
    name: str = ""
    by: str
    at: Moment
    unit: str
    wishes: dict[str, SettingValue] = {}
    wanted: dict[str, SettingValue]
    before: dict[str, SettingValue]
    made: dict[str, tuple[SettingValue, ...]] = {}
    stands: dict[str, SettingValue] = {}
    undo: Reason | None = None
    failures: int = 0
    doubtful_at: Moment | None = None

    @property
    def is_temporary(self) -> bool:
        """Whether it will be put back."""
        return self.purpose is not Purpose.PROFILE

    @property
    def is_in_force(self) -> bool:
        """Whether everything has its wanted value."""
        return self.undo is None and self.wanted == self.stands

    @property
    def is_begun(self) -> bool:
        """Whether more has to be set before it is in force."""
        return self.undo is None and self.wanted != self.stands


@dataclass(frozen=True)
class Set:
    """Change a setting next."""

    setting: str
    value: SettingValue


@dataclass(frozen=True)
class GiveUp:
    """Start undoing it."""

    why: Reason


@dataclass(frozen=True)
class Wait:
    """Nothing can be done now."""

    why: Reason | None = None


@dataclass(frozen=True)
class InForce:
    """Everything has its wanted value."""


@dataclass(frozen=True)
class Over:
    """It is undone. left are the settings, with their values, that are not as before: somebody else changed them."""

    left: Mapping[str, Value]


Step = Set | GiveUp | Wait | InForce | Over


def begin(
    purpose: Purpose,
    wishes: Mapping[str, SettingValue],
    present: Present,
    past_writes: Sequence[datetime],
    *,
    by: str,
    now: datetime,
    name: str = "",
) -> SettingSequence | Reason:
    """Return a sequence that changes what differs, checked as a whole, or why none of it is changed."""
    order = in_safe_order(wishes, present)
    if isinstance(order, Reason):
        return order
    if not order:
        return control.PROFILE_IN_FORCE()
    ages = [elapsed(at, now) for at in past_writes]
    left = MOST_A_DAY - sum(age is None or age < DAY for age in ages)
    if len(order) > left:
        return control.too_many_for_profile(count=len(order), left=max(0, left))
    return SettingSequence(
        purpose=purpose,
        name=name,
        by=by,
        at=now,
        unit=unit_key(present.unit),
        wishes=dict(wishes),
        wanted=order,
        before=_standing(order, present),
    )


def refreshed(sequence: SettingSequence, present: Present) -> SettingSequence:
    """Return a sequence that has written nothing yet, updated by a new reading: settings are read only once an hour."""
    if sequence.made or sequence.undo or unit_key(present.unit) != sequence.unit:
        return sequence
    order = in_safe_order(sequence.wishes, present)
    if isinstance(order, Reason):
        return given_up(sequence, order)
    if order.items() == sequence.wanted.items() and _standing(order, present) == sequence.before:
        return sequence
    return sequence.model_copy(update={"wanted": order, "before": _standing(order, present)})


def _standing(settings: Mapping[str, SettingValue], present: Present) -> dict[str, SettingValue]:
    return {setting: value for setting in settings if (value := present.values[setting]) is not None}


def in_safe_order(wishes: Mapping[str, SettingValue], present: Present) -> dict[str, SettingValue] | Reason:
    """Return what differs, in an order in which no step contradicts a neighbour; numbers, which set bounds, come first.

    All of it can be put back: a setting whose present value cannot be written is not changed at all.
    """
    waiting = {setting: value for setting, value in wishes.items() if present.values.get(setting) != value}
    order: dict[str, SettingValue] = {}
    values = dict(present.values)
    while waiting:
        refusals: dict[str, Reason] = {}
        for setting in sorted(waiting, key=lambda one: isinstance(waiting[one], str)):
            write = checked(setting, waiting[setting], replace(present, values=values))
            if isinstance(write, Write):
                order[setting] = values[setting] = waiting.pop(setting)
                break
            refusals[setting] = write
        else:
            setting = next(iter(refusals))
            return refused_step(setting, refusals[setting])
    for setting in order:
        if cause := no_way_back(setting, present):
            return refused_step(setting, cause)
    return order


def refused_step(setting: str, cause: Reason) -> Reason:
    """Return why a sequence stops at a setting."""
    return control.step_refused(setting=control.meaning(setting) or Reason.sentence(setting), cause=cause)


def next_step(sequence: SettingSequence, present: Present, now: datetime) -> Step:
    """Return what to do next, given what was just read."""
    if unit_key(present.unit) != sequence.unit:
        return Wait(control.OTHER_INVERTER())
    values = present.values
    if any(values.get(setting) is None for setting in sequence.wanted):
        return Wait(control.VALUE_UNKNOWN())
    if sequence.undo:
        return _next_undoing(sequence, values, now)
    if setting := changed_by_hand(sequence, values):
        return GiveUp(refused_step(setting, control.PROFILE_CHANGED_BY_HAND()))
    for setting, value in sequence.wanted.items():
        if values[setting] != value:
            return Set(setting, value)
    return InForce()


def _next_undoing(sequence: SettingSequence, values: Mapping[str, Value], now: datetime) -> Step:
    for setting, made in reversed(sequence.made.items()):
        value = values.get(setting)
        if value != sequence.before[setting] and value in made:
            return Set(setting, sequence.before[setting])
    passed = elapsed(sequence.doubtful_at, now) if sequence.doubtful_at else LINGERS
    if passed is None or passed < LINGERS:
        return Wait()
    return Over({one: values.get(one) for one, before in sequence.before.items() if values.get(one) != before})


def changed_by_hand(sequence: SettingSequence, values: Mapping[str, Value]) -> str | None:
    """Return a setting that somebody else has changed since the sequence began, or None."""
    for setting, wanted in sequence.wanted.items():
        value = values.get(setting)
        if setting in sequence.stands:
            ours: tuple[Value, ...] = (sequence.stands[setting], wanted)
        else:
            ours = (sequence.before[setting], wanted, *sequence.made.get(setting, ()))
        if value is not None and value not in ours:
            return setting
    return None


def writing(sequence: SettingSequence, setting: str, value: SettingValue) -> SettingSequence:
    """Return the sequence to save before a value is written."""
    if sequence.undo:
        return sequence
    return sequence.model_copy(update={"made": {**sequence.made, setting: (*sequence.made.get(setting, ()), value)}})


def after(
    sequence: SettingSequence, done: Set, outcome: SettingOutcome, reason: Reason | None, now: datetime
) -> SettingSequence:
    """Return the sequence after an attempt to change one of its settings."""
    stands = outcome is SettingOutcome.CONFIRMED or (reason is not None and reason.code == control.ALREADY_SET.code)
    doubtful = {} if outcome in (SettingOutcome.CONFIRMED, SettingOutcome.NOT_WRITTEN) else {"doubtful_at": now}
    if sequence.undo:
        return sequence.model_copy(update={**doubtful, "failures": 0 if stands else sequence.failures + 1})
    if stands:
        return sequence.model_copy(update={"stands": {**sequence.stands, done.setting: done.value}})
    if outcome is SettingOutcome.NOT_WRITTEN and reason is not None and reason.code in PASSING:
        return sequence
    cause = reason or control.OUTCOME_UNKNOWN()
    return sequence.model_copy(update={**doubtful, "undo": refused_step(done.setting, cause)})


def released(sequence: SettingSequence, setting: str) -> SettingSequence:
    """Return the sequence without a setting that somebody else has just changed by a command; the rest is undone."""
    if setting not in sequence.wanted:
        return sequence
    parts = {
        name: {one: value for one, value in getattr(sequence, name).items() if one != setting}
        for name in ("wanted", "before", "made", "stands")
    }
    return given_up(sequence.model_copy(update=parts), refused_step(setting, control.PROFILE_CHANGED_BY_HAND()))


def given_up(sequence: SettingSequence, why: Reason) -> SettingSequence:
    """Return the sequence as one to undo; the first reason stays."""
    return sequence if sequence.undo else sequence.model_copy(update={"undo": why})


def retargeted(sequence: SettingSequence, setting: str, value: SettingValue) -> SettingSequence:
    """Return a sequence in force with another wanted value for one of its settings."""
    return sequence.model_copy(update={"wanted": {**sequence.wanted, setting: value}})


def resumed(sequence: SettingSequence, now: datetime) -> SettingSequence:
    """Return the sequence as it continues after a restart; the clock knows when quiet hours are over.

    A doubtful write counts as made now: a wrong clock may have dated it.
    """
    if sequence.doubtful_at:
        sequence = sequence.model_copy(update={"doubtful_at": now})
    if sequence.purpose is Purpose.QUIET_HOURS and sequence.is_in_force:
        return sequence
    if sequence.is_temporary:
        return given_up(sequence, control.INTERRUPTED())
    return expired(sequence, control.INTERRUPTED(), now)


def expired(sequence: SettingSequence, why: Reason, now: datetime) -> SettingSequence:
    """Return a profile that is not finished; if it was begun too long ago, as one to undo."""
    age = elapsed(sequence.at, now)
    goes_on = sequence.is_temporary or sequence.is_in_force or (age is not None and age < RESUMES)
    return sequence if goes_on else given_up(sequence, why)
