"""The settings of an inverter in words, for page and bot: their names, what a change does, and its outcome."""

from collections.abc import Iterator
from datetime import timedelta

from shared.broker_state import BrokerState
from shared.conditions.inverter_settings import CLOCK, consequence, meaning
from shared.freshness import fresh
from shared.live_figures import ALL
from shared.messages import (
    ChargeAhead,
    InverterProfiles,
    ProfileState,
    SettingChange,
    SettingOutcome,
    SettingState,
    SettingValue,
)
from shared.outages import next_outage
from shared.texts.localizer import Localizer

RUNS_FROM_BATTERY = ("output_priority", "sbu")
CHARGES_FROM_SUN_ONLY = ("charging_priority", "pv_only")
OUTCOME_HOLDS = timedelta(minutes=15)
"""How long the outcome of a change is shown next to the setting."""
LOWEST = "mains_mode_soc_protection_percent"
UNITS = {"_a": "amperes", "_percent": "percent", "_v": "volts"}
SENDERS = ("automatic", "device", "dashboard", "telegram", "homeassistant")


def inverters(state: BrokerState) -> list[str]:
    """Return the inverters whose settings are known."""
    return sorted(name for name in state.inverter_settings if name != ALL)


def name_of(localizer: Localizer, setting: str) -> str:
    """Return the name of a setting."""
    known = meaning(setting)
    return localizer.reason(known) if known else localizer.escape(setting)


def value_words(localizer: Localizer, setting: str, value: SettingValue | None) -> str:
    """Return a value in a few words: a number with its unit, a choice by its effect; a dash if it is unknown."""
    if isinstance(value, int | float):
        unit = next((unit for end, unit in UNITS.items() if setting.endswith(end)), "")
        digits = 0 if float(value).is_integer() else 1
        if unit:
            return localizer.number(unit, value, digits)
        return what_happens(localizer, setting, value) if setting == CLOCK else localizer.decimal(value, digits)
    return localizer("unknown") if value is None else what_happens(localizer, setting, value)


def what_happens(localizer: Localizer, setting: str, value: SettingValue) -> str:
    """Return what a value makes the inverter do, or the bare value if that is not described."""
    known = consequence(setting, value)
    return localizer.reason(known) if known else localizer.escape(str(value))


def confirmation(
    localizer: Localizer, state: BrokerState, inverter: str, setting: str, value: SettingValue
) -> list[str]:
    """Return what to read before a setting is changed: its present value, what will happen, what to consider."""
    before = state.inverter_settings[inverter].settings[setting].value
    return [
        *([localizer("inverter.before", value=what_happens(localizer, setting, before))] if before is not None else []),
        localizer("inverter.after", value=what_happens(localizer, setting, value)),
        *_think_of(localizer, state, inverter, (setting, value)),
        *([] if setting == CLOCK else [localizer("inverter.remembered")]),
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
    """Return the outcome of a change in words."""
    name = "outcome_unknown" if change.outcome is SettingOutcome.UNKNOWN else change.outcome.value
    why = localizer.reason(change.reason) if change.reason else ""
    return localizer(f"inverter.{name}", at=localizer.since(change.at), why=why)


def differences(localizer: Localizer, profile: ProfileState) -> list[str]:
    """Return what a profile would change, one line for each setting."""
    return [
        localizer(
            "inverter.difference",
            name=name_of(localizer, one.setting),
            before=value_words(localizer, one.setting, one.value),
            after=value_words(localizer, one.setting, one.wanted),
        )
        for one in profile.differences
    ]


def profile_words(localizer: Localizer, profiles: InverterProfiles, name: str) -> str | None:
    """Return what is happening with a profile, or the outcome of the last attempt; None without a recent one."""
    run, last = profiles.applying, profiles.last
    if run and run.profile == name:
        return localizer("inverter.undoing" if run.undoing else "inverter.applying")
    if last is None or last.profile != name or not fresh(last.at, localizer.now, OUTCOME_HOLDS):
        return None
    why = localizer.reason(last.reason) if last.reason else ""
    return localizer(f"inverter.profile_{last.outcome.value}", at=localizer.since(last.at), why=why)


def charge_ahead_sentences(localizer: Localizer, ahead: ChargeAhead) -> list[str]:
    """Return what charging ahead does and why, what it will not reach, and whether it is only a dry run."""
    until = ahead.dry_run_until
    dry = localizer("inverter.dry_run_until", until=localizer.since(until)) if until else localizer("inverter.dry_run")
    return [
        *(localizer.reason(one) for one in (ahead.reason, ahead.warning) if one),
        *([dry] if ahead.dry_run else []),
    ]


def hold_off_sentence(localizer: Localizer, ahead: ChargeAhead, *, hold_off: bool) -> str:
    """Return what undoing charging ahead, or allowing it again, means."""
    if not hold_off:
        return localizer("inverter.release_means")
    return localizer("inverter.hold_off_puts_back" if ahead.before and not ahead.dry_run else "inverter.hold_off_keeps")


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
