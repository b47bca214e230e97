"""The profiles as published: how each differs from the present settings, and the outcome of applying one. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.poller.listed_profile import ListedProfile
from services.poller.setting_check import Present
from services.poller.setting_journal import SettingJournal
from services.poller.setting_sequence import Purpose, SettingSequence, in_safe_order
from shared.conditions import Reason
from shared.conditions import inverter_settings as control
from shared.messages import (
    InverterControl,
    InverterProfiles,
    ProfileChange,
    ProfileDifference,
    ProfileOutcome,
    ProfileRun,
    ProfileState,
    SettingValue,
)


def report_profiles(
    profiles: Sequence[ListedProfile],
    present: Present,
    journal: SettingJournal,
    now: datetime,
    *,
    allowed: InverterControl,
    fault: Reason | None,
) -> InverterProfiles:
    """Return the state of all profiles; fault is the mistake in their file."""
    return InverterProfiles(
        at=now,
        profiles=tuple(_state(one, present, journal, allowed) for one in profiles),
        applying=_run(journal.sequences.get(Purpose.PROFILE)),
        last=journal.last_profile,
        reason=fault,
    )


def _state(profile: ListedProfile, present: Present, journal: SettingJournal, allowed: InverterControl) -> ProfileState:
    differences = tuple(
        ProfileDifference(setting=setting, value=_plain(present.values.get(setting)), wanted=wanted)
        for setting, wanted in profile.settings.items()
        if present.values.get(setting) != wanted
    )
    reason = control.CONTROL_OFF() if allowed is InverterControl.OFF else hindrance(profile, present, journal)
    return ProfileState(name=profile.name, settings=profile.settings, differences=differences, reason=reason)


def hindrance(profile: ListedProfile, present: Present, journal: SettingJournal) -> Reason | None:
    """Return why a profile cannot be applied as a whole now."""
    order = in_safe_order(profile.settings, present)
    if isinstance(order, Reason):
        return order
    held = {setting for one in journal.sequences.values() if one.is_temporary for setting in one.wanted}
    taken = next((setting for setting in order if setting in held), None)
    return control.for_a_time(setting=control.meaning(taken) or Reason.sentence(taken)) if taken else None


def change_of(sequence: SettingSequence, left: Mapping[str, object], now: datetime, *, applied: bool) -> ProfileChange:
    """Return the outcome of a profile; left are the settings that are not as before it."""
    if applied:
        outcome, changed = ProfileOutcome.APPLIED, dict(sequence.wanted)
    else:
        changed = {one: value for one, value in left.items() if isinstance(value, int | float | str)}
        outcome = ProfileOutcome.PARTLY if left else ProfileOutcome.ROLLED_BACK
        if not sequence.made and not left:
            outcome = ProfileOutcome.NOT_APPLIED
    return ProfileChange(
        at=now, profile=sequence.name, by=sequence.by, outcome=outcome, changed=changed, reason=sequence.undo
    )


def _run(sequence: SettingSequence | None) -> ProfileRun | None:
    if sequence is None:
        return None
    undoing = sequence.undo is not None
    return ProfileRun(profile=sequence.name, by=sequence.by, since=sequence.at, undoing=undoing)


def _plain(value: object) -> SettingValue | None:
    return value if isinstance(value, int | float | str) else None
