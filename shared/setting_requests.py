"""Whether a change of an inverter's setting may be requested, for page and bot; the poller decides itself. Pure."""

from datetime import datetime
from fractions import Fraction

from shared.broker_state import BrokerState
from shared.conditions import Reason, charge_ahead
from shared.conditions import inverter_settings as control
from shared.live_figures import is_inverter_live, is_service_running
from shared.messages import (
    ChargeAheadPhase,
    InverterControl,
    InverterProfiles,
    ProfileState,
    SettingState,
)

POLLER = "poller"


def change_refusal(state: BrokerState, inverter: str, setting: str, value: object, now: datetime) -> Reason | None:
    """Return why a setting cannot be changed to a value, as far as known here; None if it may be requested."""
    known = state.inverter_settings.get(inverter)
    if known is None or not is_read(state, inverter, now):
        return control.UNKNOWN_INVERTER()
    one = known.settings.get(setting)
    if one is None:
        return control.NOT_OFFERED()
    if known.control is InverterControl.OFF:
        return control.CONTROL_OFF()
    if not one.writable:
        return one.reason or control.NOT_OFFERED()
    if known.changing:
        return control.BUSY()
    return _value_refusal(one, value)


def profile_refusal(state: BrokerState, inverter: str, name: str, now: datetime) -> Reason | None:
    """Return why a profile cannot be applied, as far as known here; None if it may be requested."""
    known, settings = state.inverter_profiles.get(inverter), state.inverter_settings.get(inverter)
    if known is None or settings is None or not is_read(state, inverter, now):
        return control.UNKNOWN_INVERTER()
    if settings.control is InverterControl.OFF:
        return control.CONTROL_OFF()
    profile = profile_named(known, name)
    if profile is None:
        return control.NO_SUCH_PROFILE()
    if known.applying or settings.changing:
        return control.BUSY()
    return profile.reason or (None if profile.differences else control.PROFILE_IN_FORCE())


def hold_off_refusal(state: BrokerState, inverter: str, now: datetime, *, hold_off: bool) -> Reason | None:
    """Return why charging ahead cannot be undone, or allowed again; None if that may be requested."""
    ahead = state.charge_ahead.get(inverter)
    if ahead is None or not runs(state, now):
        return control.UNKNOWN_INVERTER()
    may = ahead.can_undo if hold_off else ahead.phase is ChargeAheadPhase.HELD_OFF
    return None if may else charge_ahead.NOTHING_TO_UNDO()


def profile_named(profiles: InverterProfiles, name: str) -> ProfileState | None:
    """Return a profile of the list."""
    return next((one for one in profiles.profiles if one.name == name), None)


def is_read(state: BrokerState, inverter: str, now: datetime) -> bool:
    """Whether the poller runs and reads this inverter, so that its settings are current."""
    return runs(state, now) and is_inverter_live(state, inverter, now)


def runs(state: BrokerState, now: datetime) -> bool:
    """Whether the poller is running: without it, a request has no effect."""
    return is_service_running(state.services.get(POLLER), now)


def _value_refusal(setting: SettingState, value: object) -> Reason | None:
    if setting.value is not None and value == setting.value and not isinstance(value, bool):
        return control.ALREADY_SET()
    if setting.choices:
        return None if value in setting.choices else control.no_such_value(choices=", ".join(setting.choices))
    if setting.low is None or setting.high is None or setting.step is None:
        return control.VALUE_UNKNOWN()
    if not isinstance(value, int | float) or isinstance(value, bool):
        return control.out_of_range(low=setting.low, high=setting.high, step=setting.step)
    if not setting.low <= value <= setting.high:
        return control.bounded(low=setting.low, high=setting.high)
    is_step = not Fraction(value) % Fraction(setting.step)
    return None if is_step else control.out_of_range(low=setting.low, high=setting.high, step=setting.step)
