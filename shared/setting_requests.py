"""Whether a change of an inverter's setting may be asked for. Page and bot look here; the poller judges anew. Pure."""

from datetime import datetime
from fractions import Fraction

from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.conditions import inverter_settings as control
from shared.freshness import STATUS_HOLDS, fresh
from shared.live_figures import is_inverter_live
from shared.messages import InverterControl, ServiceHealth, SettingState

POLLER = "poller"


def change_refusal(state: BrokerState, inverter: str, setting: str, value: object, now: datetime) -> Reason | None:
    """Return why a setting cannot be changed to a value as far as is known here, None if it may be asked for."""
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


def is_read(state: BrokerState, inverter: str, now: datetime) -> bool:
    """Whether the poller runs and reads this inverter, so that its settings are those of now."""
    status = state.services.get(POLLER)
    runs = status is not None and status.state is not ServiceHealth.OFFLINE and fresh(status.at, now, STATUS_HOLDS)
    return runs and is_inverter_live(state, inverter, now)


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
