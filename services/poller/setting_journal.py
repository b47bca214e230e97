"""The content of the journal on disk: what was and is being changed, and who made each last change. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from services.poller.charge_ahead_rules import Charging, HeldOff
from services.poller.decode import Value
from services.poller.setting_check import DAY, Present, Unit, Write, is_identified, unit_key
from services.poller.setting_sequence import Purpose, SettingSequence, released
from shared.conditions import Reason
from shared.conditions import inverter_settings as control
from shared.freshness import CLOCK_SLACK, COMMAND_HOLDS, fresh
from shared.messages import Moment, ProfileChange, SettingOutcome, SettingValue
from shared.trusted_time import ClockChange, elapsed, is_unset

NO_REFUSALS = (control.no_answer.code, control.not_taken_over.code)
DEVICE = "device"
"""The author of a change made at the inverter's own panel, or by another program."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class PendingWrite(_Part):
    """A write that may have been sent. unit is the inverter it was meant for (see `unit_key`).

    sequence is the purpose of the sequence that it is a step of.
    """

    setting: str
    value: SettingValue
    before: SettingValue
    by: str
    at: Moment
    unit: str
    sequence: Purpose | None = None


class Handled(_Part):
    """A command that has been received: the broker may deliver it a second time."""

    setting: str
    by: str
    at: Moment


class LastChange(_Part):
    """The value of a setting as last seen, and who set it; None if it was already so when we first looked."""

    value: SettingValue
    by: str | None = None
    at: Moment | None = None


class ChargeNotes(_Part):
    """What charging ahead remembers: what it does, or would do in a dry run, and the outage that it leaves alone.

    dry_run_since is when the dry run was turned on.
    """

    dry_run_since: Moment | None = None
    charging: Charging | None = None
    would: Charging | None = None
    held_off: HeldOff | None = None


class SettingJournal(_Part):
    """The journal of one inverter. seen is what was last read from the inverter `unit`.

    sequences are those being carried out, in force for a time, or being undone: at most one for each purpose.
    clock_set is when the inverter's clock was last set automatically.
    """

    pending: PendingWrite | None = None
    writes: tuple[Moment, ...] = ()
    handled: tuple[Handled, ...] = ()
    unit: str = ""
    seen: dict[str, LastChange] = {}
    sequences: dict[Purpose, SettingSequence] = {}
    last_profile: ProfileChange | None = None
    charge: ChargeNotes = ChargeNotes()
    clock_set: Moment | None = None


class Command(Protocol):
    """A request to change a setting, to apply a profile, or to undo charging ahead."""

    @property
    def at(self) -> datetime:
        """When it was sent."""

    @property
    def by(self) -> str:
        """Who sent it."""


def command_refusal(journal: SettingJournal, subject: str, command: Command, now: datetime) -> Reason | None:
    """Return why a command is refused, whatever it asks for; subject is what it is about."""
    if not fresh(command.at, now, COMMAND_HOLDS):
        return control.COMMAND_TOO_OLD()
    if Handled(setting=subject, by=command.by, at=command.at) in journal.handled:
        return control.COMMAND_REPEATED()
    return control.BUSY() if journal.pending else None


def received(journal: SettingJournal, subject: str, command: Command, now: datetime) -> SettingJournal:
    """Return the journal with a command that must not be executed a second time."""
    all_of_them = (*journal.handled, Handled(setting=subject, by=command.by, at=command.at))
    recent = dict.fromkeys(one for one in all_of_them if fresh(one.at, now, COMMAND_HOLDS))
    return journal.model_copy(update={"handled": tuple(recent)})


def begun(
    journal: SettingJournal, write: Write, unit: Unit, now: datetime, *, by: str, sequence: Purpose | None = None
) -> SettingJournal:
    """Return the journal to save before a write is sent."""
    pending = PendingWrite(
        setting=write.setting,
        value=write.value,
        before=write.before,
        by=by,
        at=now,
        unit=unit_key(unit),
        sequence=sequence,
    )
    ages = ((at, elapsed(at, now)) for at in journal.writes)
    recent = (at for at, age in ages if age is None or age < DAY)
    return journal.model_copy(update={"pending": pending, "writes": (*recent, now)})


def settled(journal: SettingJournal, outcome: SettingOutcome, now: datetime) -> SettingJournal:
    """Return the journal once the outcome of the pending write is known, or never will be."""
    pending = journal.pending
    if pending is None:
        return journal
    update: dict[str, object] = {"pending": None}
    if outcome is SettingOutcome.CONFIRMED:
        change = LastChange(value=pending.value, by=pending.by, at=now)
        update["seen"] = {**journal.seen, pending.setting: change}
        if pending.sequence is None:
            update["sequences"] = {one: released(it, pending.setting) for one, it in journal.sequences.items()}
    return journal.model_copy(update=update)


def with_sequence(journal: SettingJournal, sequence: SettingSequence) -> SettingJournal:
    """Return the journal with the present state of a sequence."""
    return journal.model_copy(update={"sequences": {**journal.sequences, sequence.purpose: sequence}})


def without_sequence(journal: SettingJournal, purpose: Purpose) -> SettingJournal:
    """Return the journal without a sequence that is over."""
    left = {one: it for one, it in journal.sequences.items() if one is not purpose}
    return journal.model_copy(update={"sequences": left})


def observed(journal: SettingJournal, unit: Unit, values: Mapping[str, Value], now: datetime) -> SettingJournal:
    """Return the journal after these settings were read: what we did not change was changed at the inverter."""
    key = unit_key(unit)
    seen = journal.seen if journal.unit == key else {}
    being_changed = journal.pending.setting if journal.pending else None
    changed = {
        name: LastChange(value=value, by=DEVICE, at=now) if name in seen else LastChange(value=value)
        for name, value in values.items()
        if value is not None and name != being_changed and (name not in seen or seen[name].value != value)
    }
    if not changed and journal.unit == key:
        return journal
    return journal.model_copy(update={"unit": key, "seen": {**seen, **changed}})


def returning(journal: SettingJournal, present: Present) -> dict[str, SettingValue]:
    """Return what will be put back, by setting: temporary changes that still have the value we set."""
    ours = (one for one in journal.sequences.values() if one.is_temporary and one.unit == unit_key(present.unit))
    return {
        setting: one.before[setting]
        for one in ours
        for setting, made in one.made.items()
        if present.values.get(setting) in made and present.values.get(setting) != one.before[setting]
    }


def is_changed(journal: SettingJournal) -> bool:
    """Whether settings differ, or may differ, from what they will be once everything is done or put back."""
    return any(one.made for one in journal.sequences.values())


def is_of_another(journal: SettingJournal, unit: Unit | None, others: Iterable[Unit]) -> bool:
    """Whether serial numbers prove that what is to be put back is of one of the others, and not of this inverter.

    unit is None while it does not answer.
    """
    units = {one.unit for one in journal.sequences.values()}
    elsewhere = {unit_key(other) for other in others if is_identified(other)} - {unit and unit_key(unit)}
    return is_changed(journal) and journal.pending is None and len(units) == 1 and units <= elsewhere


def without_another(journal: SettingJournal) -> SettingJournal:
    """Return what a journal says of the name alone, once the rest of it was found to be of another inverter."""
    return SettingJournal(
        handled=journal.handled,
        last_profile=journal.last_profile,
        charge=ChargeNotes(dry_run_since=journal.charge.dry_run_since),
    )


def taken_over(journal: SettingJournal, left: SettingJournal, unit: Unit) -> SettingJournal | None:
    """Return the journal merged with one left under another name of this inverter.

    None if its serial number does not prove that, or while there are changes under the present name.
    """
    key = unit_key(unit)
    is_proven = is_identified(unit) and all(one.unit == key for one in left.sequences.values())
    if not is_proven or journal.pending or journal.sequences:
        return None
    newest = journal if journal.unit == key else left
    charging = left.charge.charging if Purpose.CHARGE_AHEAD in left.sequences else None  # otherwise it had not begun
    return left.model_copy(
        update={
            "writes": (*left.writes, *journal.writes),
            "handled": (*left.handled, *journal.handled),
            "unit": newest.unit,
            "seen": newest.seen,
            "last_profile": journal.last_profile or left.last_profile,
            "charge": left.charge.model_copy(update={"charging": charging}),
            "clock_set": journal.clock_set or left.clock_set,
        }
    )


def redated(journal: SettingJournal, change: ClockChange) -> SettingJournal:
    """Return the journal once the clock has been set. The times of planned outages are not by our clock, and stay."""
    moved = change.moved(journal)
    planned = {
        name: replace(getattr(moved.charge, name), outage_start=before.outage_start)
        for name in ("charging", "would", "held_off")
        if (before := getattr(journal.charge, name))
    }
    return moved.model_copy(update={"charge": moved.charge.model_copy(update=planned)})


def dated(journal: SettingJournal, now: datetime, *, trusted: bool) -> SettingJournal:
    """Return a loaded journal once the clock is set: writes at impossible times count as made now."""
    if not trusted:
        return journal
    writes = tuple(now if is_unset(at) or at > now + CLOCK_SLACK else at for at in journal.writes)
    return journal if writes == journal.writes else journal.model_copy(update={"writes": writes})


def verdict(
    pending: PendingWrite, value: Value, answer: Reason, *, is_over: bool
) -> tuple[SettingOutcome, Reason | None] | None:
    """Return the outcome of a write, given the value read back; None while the new one may still appear.

    answer is the inverter's refusal, or else the reason to give if the new value never appears.
    """
    if value == pending.value:
        return SettingOutcome.CONFIRMED, None
    if value == pending.before and answer.code not in NO_REFUSALS:
        return SettingOutcome.REFUSED, answer
    if not is_over:
        return None
    if value is not None and value != pending.before:
        return SettingOutcome.NOT_TAKEN_OVER, control.changed_meanwhile(value=f"{value}")
    return SettingOutcome.NOT_TAKEN_OVER, answer
