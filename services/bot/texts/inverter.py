"""The inverter's settings, profiles and charging ahead as a message, pure."""

from collections.abc import Iterator

from services.bot.texts.html import lines, paragraphs
from shared.broker_state import BrokerState
from shared.messages import ChargeAheadPhase, InverterControl
from shared.setting_requests import is_read
from shared.texts.inverter_sentences import charge_ahead_sentences, inverters, last_changed, name_of, value_words
from shared.texts.localizer import Localizer
from shared.texts.service_sentences import no_settings


def inverter_text(localizer: Localizer, state: BrokerState) -> str:
    """Return the settings of every inverter, and who changed them last."""
    names = inverters(state)
    if not names:
        return no_settings(localizer, state)
    return paragraphs(*(part for name in names for part in _of_inverter(localizer, state, name, alone=len(names) == 1)))


def _of_inverter(localizer: Localizer, state: BrokerState, name: str, *, alone: bool) -> Iterator[str]:
    known, ahead = state.inverter_settings[name], state.charge_ahead.get(name)
    title = localizer("inverter.title") if alone else localizer("inverter.named", name=name)
    yield lines(
        localizer("bot.inverter_title", title=title),
        None if is_read(state, name, localizer.now) else localizer("inverter.not_read"),
        localizer("inverter.control_off") if known.control is InverterControl.OFF else None,
    )
    if ahead and ahead.phase is not ChargeAheadPhase.OFF:
        yield lines(localizer("bot.inverter_charging"), *charge_ahead_sentences(localizer, ahead))
    for setting, one in known.settings.items():
        value = value_words(localizer, setting, one.value)
        if one.value is None and one.reason:
            value = localizer.reason(one.reason)
        yield lines(
            localizer("bot.inverter_setting", name=name_of(localizer, setting), value=value),
            localizer("bot.inverter_changed", changed=last_changed(localizer, one)) if one.changed_by else None,
        )
