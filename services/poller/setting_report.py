"""The state of the settings, as it is published. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.poller.inverter_clock import clock_hindrance, clock_proof, clock_value
from services.poller.setting_check import Present, bounds_of, hindrance, proof, unit_key
from services.poller.setting_journal import LastChange, SettingJournal, returning
from shared.conditions import Reason
from shared.conditions import inverter_settings as control
from shared.messages import InverterControl, InverterSettings, SettingState, SettingValue


def report(
    present: Present,
    journal: SettingJournal,
    allowed: InverterControl,
    changing: str | None,
    now: datetime,
    *,
    trusted: bool,
) -> InverterSettings:
    """Return every setting that can be changed on some units of the layout, the clock, and why not on this one.

    trusted says whether this machine's clock is set.
    """
    names = dict.fromkeys(one.name for one in present.unit.layout.writable)
    seen = journal.seen if journal.unit == unit_key(present.unit) else {}
    off = control.CONTROL_OFF() if allowed is InverterControl.OFF else None
    returns = returning(journal, present)
    settings = {name: _state(name, present, seen.get(name), off, returns) for name in names}
    settings[control.CLOCK] = _clock(present, seen.get(control.CLOCK), off, trusted=trusted)
    for name, value in returns.items():
        settings[name] = settings[name].model_copy(update={"returns_to": value})
    return InverterSettings(at=now, control=allowed, changing=changing, settings=settings)


def _clock(present: Present, last: LastChange | None, off: Reason | None, *, trusted: bool) -> SettingState:
    proven, value = clock_proof(present.unit), clock_value(present.clock_behind)
    if isinstance(proven, Reason):
        return _shown(value, last, proven)
    reason = off or clock_hindrance(proven, present, trusted=trusted)
    return _shown(value, last, reason, choices=(control.CLOCK_RIGHT,), writable=reason is None)


def _state(
    name: str, present: Present, last: LastChange | None, off: Reason | None, returns: Mapping[str, SettingValue]
) -> SettingState:
    proven, value = proof(name, present.unit), present.values.get(name)
    if isinstance(proven, Reason):
        return _shown(value, last, proven)
    setting, register = proven
    reason = off or hindrance(setting, register, present, returns)
    bounds = bounds_of(setting, present.values)
    numbers = {"low": bounds.low, "high": bounds.high, "step": bounds.step} if bounds else {}
    return _shown(value, last, reason, choices=setting.values, writable=reason is None, **numbers)


def _shown(value: object, last: LastChange | None, reason: Reason | None, **allowed: Any) -> SettingState:
    """Return a setting with who changed it last, and why it cannot be changed or, on a proven unit, how it can."""
    who = {"changed_by": last.by, "changed_at": last.at} if last else {}
    return SettingState.model_validate({"value": value, "reason": reason, **allowed, **who})
