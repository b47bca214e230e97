"""What may be changed on an inverter, as page, bot and Home Assistant are shown it."""

from datetime import datetime, timedelta
from typing import Any

from shared.conditions import charge_ahead, inverter_settings
from shared.messages import (
    ChargeAhead,
    ChargeAheadPhase,
    InverterControl,
    InverterProfiles,
    InverterSettings,
    ProfileDifference,
    ProfileState,
    SettingState,
    SettingValue,
)


def settings(now: datetime, **changes: Any) -> InverterSettings:
    """Return settings of each kind: a choice, numbers, one that nobody has proven."""
    known = {
        "output_priority": SettingState(
            value="sol",
            choices=("uti", "sol", "sbu", "sub"),
            writable=True,
            changed_by="device",
            changed_at=now - timedelta(days=2),
        ),
        "max_mains_charging_current_a": SettingState(value=30, low=2, high=60, step=1, writable=True),
        "mains_mode_soc_protection_percent": SettingState(
            value=30,
            low=20,
            high=50,
            step=1,
            writable=True,
            changed_by="telegram:7",
            changed_at=now - timedelta(minutes=5),
        ),
        "charging_priority": SettingState(
            value="pv_first", reason=inverter_settings.not_proven(model="0x1E00", protocol=1)
        ),
        "buzzer_mode": SettingState(
            value="fault",
            choices=("mute", "source_warning_fault", "warning_fault", "fault"),
            writable=True,
            changed_by="dashboard",
            changed_at=now - timedelta(hours=3),
        ),
    }
    given: dict[str, Any] = {"at": now, "control": InverterControl.SETTINGS, "settings": known}
    return InverterSettings(**given | changes)


def profiles(now: datetime, **changes: Any) -> InverterProfiles:
    """Return profiles of each kind: one that would change something, one in force, one that cannot be applied."""
    wanted: dict[str, SettingValue] = {"output_priority": "sbu", "max_mains_charging_current_a": 10}
    differences = (
        ProfileDifference(setting="output_priority", value="sol", wanted="sbu"),
        ProfileDifference(setting="max_mains_charging_current_a", value=30, wanted=10),
    )
    refused = inverter_settings.not_proven(model="0x1E00", protocol=1)
    known = (
        ProfileState(name="Зимова ніч", settings=wanted, differences=differences),
        ProfileState(name="Як зараз", settings={"output_priority": "sol"}),
        ProfileState(name="Лише сонце", settings=wanted, differences=differences, reason=refused),
    )
    given: dict[str, Any] = {"at": now, "profiles": known}
    return InverterProfiles(**given | changes)


def ahead(now: datetime, **changes: Any) -> ChargeAhead:
    """Return charging ahead of an outage, under way."""
    start = now + timedelta(hours=2)
    reason = charge_ahead.charging(current=20, target=80, charge=52, outage=start)
    given: dict[str, Any] = {
        "at": now,
        "phase": ChargeAheadPhase.CHARGING,
        "since": now - timedelta(minutes=20),
        "outage_start": start,
        "before": {"max_mains_charging_current_a": 30},
        "can_undo": True,
        "reason": reason,
    }
    return ChargeAhead(**given | changes)
