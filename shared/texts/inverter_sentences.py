"""The settings of an inverter in words, for page and bot: what they are, what a change does, what came of it."""

from collections.abc import Iterator

from shared.broker_state import BrokerState
from shared.conditions.inverter_settings import consequence, meaning
from shared.live_figures import ALL
from shared.messages import SettingChange, SettingOutcome, SettingState, SettingValue
from shared.outages import next_outage
from shared.texts.localizer import Localizer

RUNS_FROM_BATTERY = ("output_priority", "sbu")
CHARGES_FROM_SUN_ONLY = ("charging_priority", "pv_only")
LOWEST = "mains_mode_soc_protection_percent"
UNITS = {"_a": "amperes", "_percent": "percent", "_v": "volts"}
SENDERS = ("automatic", "device", "dashboard", "telegram", "homeassistant")


def inverters(state: BrokerState) -> list[str]:
    """Return the inverters whose settings are known."""
    return sorted(name for name in state.inverter_settings if name != ALL)


def name_of(localizer: Localizer, setting: str) -> str:
    """Return what a setting is called."""
    known = meaning(setting)
    return localizer.reason(known) if known else localizer.escape(setting)


def value_words(localizer: Localizer, setting: str, value: SettingValue | None) -> str:
    """Return a value in a word or two: a number with its unit, a choice by what it does; the dash if it is unknown."""
    if isinstance(value, int | float):
        unit = next((unit for end, unit in UNITS.items() if setting.endswith(end)), "")
        digits = 0 if float(value).is_integer() else 1
        return localizer.number(unit, value, digits) if unit else localizer.decimal(value, digits)
    return localizer("unknown") if value is None else what_happens(localizer, setting, value)


def what_happens(localizer: Localizer, setting: str, value: SettingValue) -> str:
    """Return what a value makes the inverter do, or the bare value where nobody has said it."""
    known = consequence(setting, value)
    return localizer.reason(known) if known else localizer.escape(str(value))


def confirmation(
    localizer: Localizer, state: BrokerState, inverter: str, setting: str, value: SettingValue
) -> list[str]:
    """Return what is to be read before a setting is changed: how it stands, what will happen, what to think of."""
    before = state.inverter_settings[inverter].settings[setting].value
    return [
        *([localizer("inverter.before", value=what_happens(localizer, setting, before))] if before is not None else []),
        localizer("inverter.after", value=what_happens(localizer, setting, value)),
        *_think_of(localizer, state, inverter, (setting, value)),
        localizer("inverter.remembered"),
    ]


def last_changed(localizer: Localizer, setting: SettingState) -> str:
    """Return when a setting was changed last, and by whom."""
    if setting.changed_by is None or setting.changed_at is None:
        return localizer("inverter.never_changed")
    kind, _, _ = setting.changed_by.partition(":")
    known = localizer(f"inverter.by_{kind}") if kind in SENDERS else None
    who = known or localizer("inverter.by_other", who=setting.changed_by)
    return localizer("inverter.changed", at=localizer.since(setting.changed_at), who=who)


def outcome_words(localizer: Localizer, change: SettingChange) -> str:
    """Return what has become of a change."""
    name = "outcome_unknown" if change.outcome is SettingOutcome.UNKNOWN else change.outcome.value
    why = localizer.reason(change.reason) if change.reason else ""
    return localizer(f"inverter.{name}", at=localizer.since(change.at), why=why)


def _think_of(localizer: Localizer, state: BrokerState, inverter: str, wish: tuple[str, SettingValue]) -> Iterator[str]:
    """Yield what the change means for the next outage."""
    ahead = next_outage(state.schedule, localizer.now)
    when = localizer.span(ahead.start, ahead.end) if ahead else ""
    lowest = state.inverter_settings[inverter].settings.get(LOWEST)
    if wish == RUNS_FROM_BATTERY and lowest and lowest.value is not None:
        percent = value_words(localizer, LOWEST, lowest.value)
        yield localizer("inverter.drains_before" if ahead else "inverter.drains", percent=percent, when=when)
    elif wish == CHARGES_FROM_SUN_ONLY and ahead:
        yield localizer("inverter.no_charging_before", when=when)
