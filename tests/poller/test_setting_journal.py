"""The journal of the settings: whose change it was, what came of one, and times by a clock that was not set."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.poller.charge_ahead_rules import Charging, HeldOff
from services.poller.registers import load_layout
from services.poller.setting_check import Present, Unit, Write, may_write, too_many, unit_key
from services.poller.setting_journal import (
    DEVICE,
    ChargeNotes,
    PendingWrite,
    SettingJournal,
    begun,
    command_refusal,
    dated,
    is_of_another,
    observed,
    received,
    redated,
    returning,
    settled,
    taken_over,
    verdict,
    with_sequence,
)
from services.poller.setting_report import report
from services.poller.setting_sequence import Purpose, SettingSequence
from shared.conditions import inverter_settings as control
from shared.messages import InverterControl, Mode, SettingCommand, SettingOutcome
from shared.trusted_time import ClockChange

NOW = datetime(2026, 11, 30, 1, tzinfo=UTC)
CURRENT = "max_mains_charging_current_a"
UNSET = datetime(1971, 3, 1, tzinfo=UTC)
UNIT = Unit(load_layout("classic"), 1, 0x1E00, "SIM1")
OTHER = Unit(load_layout("classic"), 1, 0x1E00, "SIM2")
WRITE = Write("output_priority", ((301, (2,)),), "sbu", "sub")
NO_ANSWER = control.no_answer(within=timedelta(seconds=10))
NOT_TAKEN_OVER = control.not_taken_over(within=timedelta(seconds=10))


def pending(journal: SettingJournal) -> PendingWrite:
    assert journal.pending
    return journal.pending


BEGUN = begun(observed(SettingJournal(), UNIT, {"output_priority": "sub"}, NOW), WRITE, UNIT, NOW, by="page")


@pytest.mark.parametrize(
    ("value", "answer", "is_over", "outcome", "code"),
    [
        pytest.param("sbu", NOT_TAKEN_OVER, False, "confirmed", None, id="shows"),
        pytest.param("sbu", control.READ_ONLY(), False, "confirmed", None, id="shows-although-refused"),
        pytest.param("sub", control.VALUE_REFUSED(), False, "refused", "control.value_refused", id="refused"),
        pytest.param("sub", NOT_TAKEN_OVER, False, None, None, id="may-still-come"),
        pytest.param("sub", NO_ANSWER, False, None, None, id="may-still-come-unanswered"),
        pytest.param("sub", NOT_TAKEN_OVER, True, "not_taken_over", "control.not_taken_over", id="never-came"),
        pytest.param("sub", NO_ANSWER, True, "not_taken_over", "control.no_answer", id="never-came-unanswered"),
        pytest.param("uti", NOT_TAKEN_OVER, False, None, None, id="somebody-else"),
        pytest.param(
            "uti", NOT_TAKEN_OVER, True, "not_taken_over", "control.changed_meanwhile", id="somebody-else-won"
        ),
        pytest.param(None, NOT_TAKEN_OVER, False, None, None, id="unreadable"),
    ],
)
def test_what_is_read_back_decides(value, answer, is_over, outcome, code):
    found = verdict(pending(BEGUN), value, answer, is_over=is_over)
    assert (found and found[0]) == outcome
    assert (found[1].code if found and found[1] else None) == code


def test_who_changed_what():
    assert BEGUN.seen["output_priority"].by is None
    during = observed(BEGUN, UNIT, {"output_priority": "sbu", "buzzer_mode": "mute"}, NOW)
    assert during.seen["output_priority"].value == "sub"  # not judged before it is settled
    done = settled(during, SettingOutcome.CONFIRMED, NOW)
    assert (done.pending, done.seen["output_priority"].by) == (None, "page")
    assert observed(done, UNIT, {"output_priority": "sbu"}, NOW) is done
    turned = observed(done, UNIT, {"output_priority": "sol", "buzzer_mode": None}, NOW)
    assert (turned.seen["output_priority"].by, turned.seen["buzzer_mode"].value) == (DEVICE, "mute")
    exchanged = observed(turned, OTHER, {"output_priority": "uti"}, NOW)
    assert {name: change.by for name, change in exchanged.seen.items()} == {"output_priority": None}


def test_a_command_counts_once_however_often_it_comes():
    command = SettingCommand(at=NOW, value="sbu", by="page")
    journal = received(SettingJournal(), "output_priority", command, NOW)
    later = NOW + timedelta(seconds=59)
    refusal = command_refusal(journal, "output_priority", command, later)
    assert refusal == control.COMMAND_REPEATED()
    assert command_refusal(journal, "buzzer_mode", command, later) is None
    assert (
        command_refusal(journal, "output_priority", command, NOW + timedelta(seconds=61)) == control.COMMAND_TOO_OLD()
    )
    assert command_refusal(BEGUN, "output_priority", command, NOW) == control.BUSY()


def test_writes_of_a_clock_that_was_wrong_count_for_a_day_and_no_longer():
    wrong = SettingJournal(writes=(UNSET, NOW + timedelta(days=400)) * 10)
    assert too_many(wrong.writes, NOW) == control.TOO_MANY_A_DAY()
    assert dated(wrong, NOW, trusted=False) is wrong
    right = dated(wrong, NOW, trusted=True)
    assert too_many(right.writes, NOW + timedelta(hours=23)) == control.TOO_MANY_A_DAY()
    assert too_many(right.writes, NOW + timedelta(hours=25)) is None
    assert begun(right, WRITE, UNIT, NOW + timedelta(hours=25), by="page").writes == (NOW + timedelta(hours=25),)


@pytest.mark.parametrize(
    ("purpose", "stands", "writable"),
    [
        pytest.param(Purpose.CHARGE_AHEAD, 60, True, id="what-we-have-raised-for-a-time"),
        pytest.param(Purpose.CHARGE_AHEAD, 50, False, id="by-hand"),
        pytest.param(Purpose.PROFILE, 60, False, id="to-stay"),
    ],
)
def test_a_command_is_taken_although_the_total_was_lowered_at_the_panel_since(purpose, stands, writable):
    sequence = SettingSequence(
        purpose=purpose,
        by="automatic",
        at=NOW,
        unit=unit_key(UNIT),
        wanted={CURRENT: 60},
        before={CURRENT: 10},
        made={CURRENT: (60,)},
    )
    journal = with_sequence(SettingJournal(), sequence)
    present = Present(UNIT, {CURRENT: stands, "max_charging_current_a": 40}, Mode.MAINS)
    shown = report(present, journal, InverterControl.SETTINGS, None, NOW, trusted=True).settings[CURRENT]
    assert shown.writable is writable
    assert (shown.reason and shown.reason.code) == (None if writable else "control.contradiction")
    assert (shown.low, shown.high) == (2, 40)
    own = may_write(CURRENT, 20, present, (), NOW, returns=returning(journal, present))
    assert isinstance(own, Write) is writable


@pytest.mark.parametrize("by", [timedelta(hours=3), timedelta(days=-2)])
def test_a_planned_outage_stays_where_it_is_when_the_clock_is_set(by: timedelta) -> None:
    """Its time is the operator's: moved with ours, the outage that somebody wants left alone would be another one."""
    start = NOW + timedelta(hours=4)
    charging = Charging(start, NOW, 80, 20, NOW)
    notes = ChargeNotes(dry_run_since=NOW, charging=charging, would=charging, held_off=HeldOff(start, control.BUSY()))
    change = ClockChange(by, trusted=True, since=NOW - timedelta(days=1))
    set_ = redated(SettingJournal(charge=notes, clock_set=NOW), change)
    moved = Charging(start, NOW + by, 80, 20, NOW + by)
    assert set_.charge == ChargeNotes(dry_run_since=NOW + by, charging=moved, would=moved, held_off=notes.held_off)
    assert set_.clock_set == NOW + by
    assert redated(SettingJournal(clock_set=NOW), change) == SettingJournal(clock_set=NOW + by)


# a journal that was left under another name


def muted(unit: Unit, *, made: bool = True) -> SettingSequence:
    return SettingSequence(
        purpose=Purpose.QUIET_HOURS,
        by="automatic",
        at=NOW,
        unit=unit_key(unit),
        wanted={"buzzer_mode": "mute"},
        before={"buzzer_mode": "fault"},
        made={"buzzer_mode": ("mute",)} if made else {},
    )


LEFT = with_sequence(BEGUN, muted(UNIT))


@pytest.mark.parametrize(
    ("then", "now", "proven"),
    [
        pytest.param("SIM1", "SIM1", True, id="the-same"),
        pytest.param("SIM1", "SIM2", False, id="another-one"),
        pytest.param("SIM1", None, False, id="unknown-now"),
        pytest.param(None, "SIM1", False, id="unknown-then"),
        pytest.param(None, None, False, id="unknown-both-times"),
        pytest.param("00000000", "00000000", False, id="a-placeholder"),
    ],
)
def test_a_journal_is_taken_over_where_a_serial_number_proves_that_it_is_of_this_inverter(then, now, proven):
    left = with_sequence(SettingJournal(), muted(replace(UNIT, serial_number=then)))
    assert (taken_over(SettingJournal(), left, replace(UNIT, serial_number=now)) is not None) is proven


def test_a_journal_that_is_taken_over_counts_the_writes_under_both_names_and_keeps_who_changed_what():
    own = received(SettingJournal(writes=(NOW,)), "buzzer_mode", SettingCommand(at=NOW, value="mute", by="page"), NOW)
    joined = taken_over(own, LEFT, UNIT)
    assert joined
    assert (joined.sequences, joined.pending, joined.seen) == (LEFT.sequences, LEFT.pending, LEFT.seen)
    assert (joined.writes, joined.handled) == ((*LEFT.writes, NOW), own.handled)
    newer = observed(SettingJournal(), UNIT, {"output_priority": "sol"}, NOW)
    joined = taken_over(newer, LEFT, UNIT)
    assert joined
    assert joined.seen == newer.seen


THE_MUTED = with_sequence(SettingJournal(), muted(UNIT))
BOTH = with_sequence(THE_MUTED, muted(OTHER).model_copy(update={"purpose": Purpose.PROFILE}))


@pytest.mark.parametrize(
    ("journal", "now", "others", "is_it"),
    [
        pytest.param(THE_MUTED, OTHER, [UNIT], True, id="exchanged"),
        pytest.param(THE_MUTED, replace(UNIT, serial_number=None), [OTHER, UNIT], True, id="one-of-many"),
        pytest.param(THE_MUTED, None, [UNIT], True, id="exchanged-with-one-that-is-silent"),
        pytest.param(THE_MUTED, OTHER, [], False, id="gone"),
        pytest.param(THE_MUTED, UNIT, [UNIT], False, id="a-gateway-that-mixes-them-up"),
        pytest.param(LEFT, OTHER, [UNIT], False, id="not-known-what-became-of-a-write"),
        pytest.param(with_sequence(SettingJournal(), muted(UNIT, made=False)), OTHER, [UNIT], False, id="no-change"),
        pytest.param(BOTH, replace(UNIT, serial_number="SIM3"), [UNIT, OTHER], False, id="of-two"),
        pytest.param(
            with_sequence(SettingJournal(), muted(replace(UNIT, serial_number="0000"))),
            OTHER,
            [replace(UNIT, serial_number="0000")],
            False,
            id="a-placeholder",
        ),
    ],
)
def test_changes_of_an_inverter_that_serial_numbers_prove_elsewhere_are_of_another(journal, now, others, is_it):
    assert is_of_another(journal, now, others) is is_it


@pytest.mark.parametrize(
    "own",
    [
        pytest.param(BEGUN, id="a-write"),
        pytest.param(with_sequence(SettingJournal(), muted(UNIT, made=False)), id="a-sequence"),
    ],
)
def test_a_journal_with_changes_of_its_own_takes_nothing_over(own):
    assert taken_over(own, LEFT, UNIT) is None


def test_a_charge_that_was_planned_but_not_begun_is_not_taken_over():
    charging = Charging(NOW, NOW, 80, 20, NOW)
    left = LEFT.model_copy(update={"charge": ChargeNotes(dry_run_since=NOW, charging=charging)})
    joined = taken_over(SettingJournal(), left, UNIT)
    assert joined
    assert joined.charge == ChargeNotes(dry_run_since=NOW)
