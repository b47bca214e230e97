"""Whether a setting may be changed to a value now, for commands and for what is shown as writable. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction

from services.poller.decode import Value, number
from services.poller.registers import Layout, Register
from services.poller.writable_settings import FORBIDDEN, WritableSetting
from shared.conditions import Reason
from shared.conditions import inverter_settings as control
from shared.messages import Mode, SettingValue
from shared.trusted_time import elapsed

MOST_A_DAY = 20
MOST_A_MINUTE = 3
"""Nobody has published how these inverters store their settings, or how often they can be written."""
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True)
class Unit:
    """The inverter that answers right now, as it has just identified itself. model is register 171."""

    layout: Layout
    protocol: int
    model: int | None
    serial_number: str | None = None


@dataclass(frozen=True)
class Present:
    """The state of a unit, just read: its settings by name, and its mode.

    clock is what its own clock shows, clock_behind how far that is behind this machine's, None if either is unknown.
    As a clock moves on between two readings, it is not compared where two readings must agree.
    """

    unit: Unit
    values: Mapping[str, Value]
    mode: Mode
    clock: datetime | None = field(default=None, compare=False)
    clock_behind: timedelta | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Write:
    """The frames to send, each an address and its words, and the value before and after, by its meaning."""

    setting: str
    frames: tuple[tuple[int, tuple[int, ...]], ...]
    value: SettingValue
    before: SettingValue


@dataclass(frozen=True)
class Bounds:
    """The range of a number, in steps, given the present values of its neighbours."""

    low: float
    high: float
    step: float


def unit_key(unit: Unit) -> str:
    """Return what distinguishes this inverter from another one behind the same dongle."""
    return f"{unit.protocol}/{unit.model or 0:04X}/{unit.serial_number or ''}"


def is_identified(unit: Unit) -> bool:
    """Whether its serial number distinguishes it from others of its model; one repeated character is a placeholder."""
    return len(set(unit.serial_number or "")) > 1


NOTHING_RETURNS: Mapping[str, SettingValue] = {}


def may_write(
    name: str,
    value: object,
    present: Present,
    past_writes: Sequence[datetime],
    now: datetime,
    *,
    returns: Mapping[str, SettingValue] = NOTHING_RETURNS,
) -> Write | Reason:
    """Return what to write, or why a setting is not changed; past_writes are the times of earlier writes."""
    write = checked(name, value, present, returns)
    return write if isinstance(write, Reason) else too_many(past_writes, now) or write


def checked(
    name: str, value: object, present: Present, returns: Mapping[str, SettingValue] = NOTHING_RETURNS
) -> Write | Reason:
    """Return what to write, or why a setting is not changed, without the limit on the number of writes.

    returns is what will be put back, by setting. The present value there is the one we wrote, so its meaning is certain
    even if a neighbour has been changed since.
    """
    proven = proof(name, present.unit)
    if isinstance(proven, Reason):
        return proven
    setting, register = proven
    refusal = hindrance(setting, register, present, returns)
    if refusal:
        return refusal
    word = _word(setting, register, value, present.values)
    if isinstance(word, Reason):
        return word
    before = present.values[name]
    wanted = value_of(register, word)
    if before is None or wanted is None:
        return control.VALUE_UNKNOWN()
    if wanted == before:
        return control.ALREADY_SET()
    return Write(name, ((register.address, (word,)),), wanted, before)


def no_way_back(name: str, present: Present) -> Reason | None:
    """Return why the present value could not be written back, so that a temporary change must not begin."""
    proven = proof(name, present.unit)
    if isinstance(proven, Reason):
        return proven
    word = _word(*proven, present.values.get(name), present.values)
    return control.NO_WAY_BACK() if isinstance(word, Reason) else None


def proof(name: str, unit: Unit) -> tuple[WritableSetting, Register] | Reason:
    """Return what is proven about changing a setting on this very unit, or why it is read-only."""
    register = unit.layout.setting(name, unit.protocol)
    setting = unit.layout.writable_for(name, unit.protocol)
    if register and register.address in FORBIDDEN:
        return control.NEVER()
    if register is None or all(one.name != name for one in unit.layout.writable):
        return control.NOT_OFFERED()
    if not unit.model:
        return control.UNIT_UNKNOWN()
    if setting is None or not setting.is_proven_for(unit.protocol, unit.model):
        return control.not_proven(model=f"0x{unit.model:04X}", protocol=unit.protocol)
    return setting, register


def hindrance(
    setting: WritableSetting,
    register: Register,
    present: Present,
    returns: Mapping[str, SettingValue] = NOTHING_RETURNS,
) -> Reason | None:
    """Return why a setting cannot be changed now, whatever the value; returns as in `checked`."""
    if present.mode not in setting.modes:
        return control.wrong_mode(mode=present.mode.value)
    stands = present.values.get(setting.name)
    if stands is None:
        return control.VALUE_UNKNOWN()
    if register.enum is not None:
        return None if stands in register.enum.values() else control.contradiction(value=str(stands))
    bounds = bounds_of(setting, present.values)
    if bounds is None:
        return control.VALUE_UNKNOWN()
    low, high = _neighbours(setting, {**present.values, **returns})
    value = number(stands)
    is_ours = setting.name in returns
    if value is None or not (is_ours or low <= value <= high):  # then it, or one of them is not what we take it for
        return control.contradiction(value=f"{stands:g}" if isinstance(stands, int | float) else str(stands))
    return control.bounded(low=bounds.low, high=bounds.high) if bounds.low > bounds.high else None


def bounds_of(setting: WritableSetting, values: Mapping[str, Value]) -> Bounds | None:
    """Return the range of a number, given its neighbours; None if one of them is unknown, or it is no number."""
    if setting.range is None or any(number(values.get(name)) is None for name in setting.neighbours):
        return None
    low, high = _neighbours(setting, values)
    return Bounds(max(setting.range[0], low), min(setting.range[1], high), setting.step)


def too_many(past_writes: Sequence[datetime], now: datetime) -> Reason | None:
    """Return why it is too soon for another write. One of unknown age counts as one of today."""
    ages = [elapsed(at, now) for at in past_writes]
    if sum(age is None or age < DAY for age in ages) >= MOST_A_DAY:
        return control.TOO_MANY_A_DAY()
    if sum(age is not None and age < MINUTE for age in ages) >= MOST_A_MINUTE:
        return control.TOO_MANY_A_MINUTE()
    return None


def value_of(register: Register, word: int) -> SettingValue | None:
    """Return what a word means, or None if that is unknown."""
    if register.enum is not None:
        return register.enum.get(word)
    return word if register.divide_by == 1 else word / register.divide_by


def _neighbours(setting: WritableSetting, values: Mapping[str, Value]) -> tuple[float, float]:
    """Return the range that known neighbours leave."""
    low = max((number(values.get(name)) or 0 for name in setting.at_least), default=float("-inf"))
    high = min((number(values.get(name)) or 0 for name in setting.at_most), default=float("inf"))
    return low, high


def _word(setting: WritableSetting, register: Register, value: object, values: Mapping[str, Value]) -> int | Reason:
    if setting.range is not None:
        return _word_of_number(setting, register, value, bounds_of(setting, values))
    if not isinstance(value, str) or value not in setting.values:
        return control.no_such_value(choices=", ".join(setting.values))
    return _word_of(register, value)


def _word_of_number(setting: WritableSetting, register: Register, value: object, bounds: Bounds | None) -> int | Reason:
    low, high = setting.range or (0, 0)
    if bounds is None:
        return control.VALUE_UNKNOWN()
    if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
        return control.out_of_range(low=low, high=high, step=setting.step)
    if Fraction(value) % Fraction(setting.step):
        return control.out_of_range(low=low, high=high, step=setting.step)
    if not bounds.low <= value <= bounds.high:
        return control.bounded(low=bounds.low, high=bounds.high)
    return _word_of(register, value)


def _word_of(register: Register, value: SettingValue) -> int:
    """Return the word for a value of the register."""
    if isinstance(value, str):
        return next(word for word, name in (register.enum or {}).items() if name == value)
    return round(value * register.divide_by)
