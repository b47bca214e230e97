"""The inverter's own clock: how far it is behind this machine's, and what to write to set it. Pure.

Its date and its time take three registers each, and each three are written in one frame. It shows local time.
"""

from datetime import datetime, timedelta, tzinfo

from services.poller.decode import Decoded
from services.poller.registers import CLOCK_DATE, CLOCK_TIME
from services.poller.setting_check import Present, Unit, Write
from services.poller.writable_settings import WritableClock
from shared.conditions import Reason
from shared.conditions import clock as clock_conditions
from shared.conditions import inverter_settings as control
from shared.conditions.inverter_settings import CLOCK, CLOCK_RIGHT
from shared.messages import SettingValue

DIFFERS_FROM = timedelta(seconds=70)
"""A smaller difference is none: a reading takes seconds, and the clock is set to whole seconds."""
MIDNIGHT = timedelta(minutes=2)
"""Nothing is written this close to midnight: date and time go in two frames, and must be of the same day."""


def clock_of(decoded: Decoded) -> datetime | None:
    """Return what the inverter's clock shows, or None if it has no clock, or shows an impossible time."""
    parts = [part for part in (decoded.get(name) for name in (*CLOCK_DATE, *CLOCK_TIME)) if isinstance(part, int)]
    if len(parts) < len(CLOCK_DATE) + len(CLOCK_TIME):
        return None
    year, month, day, hour, minute, second = parts
    try:
        return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - local, by whichever zone it was set
    except ValueError:
        return None


def wall_time(now: datetime, zone: tzinfo) -> datetime:
    """Return the local time in a zone, without the zone, as the inverter's clock shows it."""
    return now.astimezone(zone).replace(tzinfo=None)


def behind(shown: datetime | None, now: datetime, zone: tzinfo) -> timedelta | None:
    """Return how far a clock is behind; negative if it is ahead."""
    return None if shown is None else wall_time(now, zone) - shown


def clock_value(clock_behind: timedelta | None) -> SettingValue | None:
    """Return the state of the clock, as it is published: right, or by how many minutes it is behind."""
    if clock_behind is None:
        return None
    return CLOCK_RIGHT if abs(clock_behind) < DIFFERS_FROM else round(clock_behind / timedelta(minutes=1))


def clock_proof(unit: Unit) -> WritableClock | Reason:
    """Return what is proven about setting the clock of this very unit, or why it is read-only."""
    if not all(unit.layout.setting(name, unit.protocol) for name in (*CLOCK_DATE, *CLOCK_TIME)):
        return control.NO_CLOCK()
    if not unit.model:
        return control.UNIT_UNKNOWN()
    clock = unit.layout.clock
    if clock is None or unit.model not in clock.proven.get(unit.protocol, ()):
        return control.not_proven(model=f"0x{unit.model:04X}", protocol=unit.protocol)
    return clock


def clock_hindrance(clock: WritableClock, present: Present, *, trusted: bool) -> Reason | None:
    """Return why the clock cannot be set at the moment; trusted says whether this machine's clock is set."""
    if not trusted:
        return clock_conditions.NOT_SET()
    if present.mode not in clock.modes:
        return control.wrong_mode(mode=present.mode.value)
    return control.VALUE_UNKNOWN() if present.clock_behind is None else None


def clock_write(value: object, present: Present, local: datetime, *, trusted: bool) -> Write | Reason:
    """Return what to write to set the clock to a local time, or why not; the date only if that differs."""
    refusal = _refusal(value, present, local, trusted=trusted)
    before, shown = clock_value(present.clock_behind), present.clock
    if refusal or before is None or shown is None:
        return refusal or control.VALUE_UNKNOWN()
    date = _frame(present.unit, CLOCK_DATE, (local.year, local.month, local.day))
    time = _frame(present.unit, CLOCK_TIME, (local.hour, local.minute, local.second))
    return Write(CLOCK, (time,) if shown.date() == local.date() else (date, time), CLOCK_RIGHT, before)


def _refusal(value: object, present: Present, local: datetime, *, trusted: bool) -> Reason | None:
    proven = clock_proof(present.unit)
    hindrance = proven if isinstance(proven, Reason) else clock_hindrance(proven, present, trusted=trusted)
    if hindrance:
        return hindrance
    if value != CLOCK_RIGHT:
        return control.no_such_value(choices=CLOCK_RIGHT)
    if clock_value(present.clock_behind) == CLOCK_RIGHT:
        return control.ALREADY_SET()
    is_midnight = (local + MIDNIGHT).date() != (local - MIDNIGHT).date()
    return control.NEAR_MIDNIGHT() if is_midnight else None


def _frame(unit: Unit, names: tuple[str, ...], words: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
    register = unit.layout.setting(names[0], unit.protocol)
    assert register  # noqa: S101 - it is proven, and the layout is checked
    return register.address, words
