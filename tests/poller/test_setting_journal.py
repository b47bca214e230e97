"""The journal of the settings: whose change it was, what came of one, and times by a clock that was not set."""

from datetime import UTC, datetime, timedelta

import pytest

from services.poller.registers import load_layout
from services.poller.setting_check import Present, Unit, Write, may_write, too_many, unit_key
from services.poller.setting_journal import (
    DEVICE,
    PendingWrite,
    SettingJournal,
    begun,
    command_refusal,
    dated,
    observed,
    received,
    returning,
    settled,
    verdict,
    with_sequence,
)
from services.poller.setting_report import report
from services.poller.setting_sequence import Purpose, SettingSequence
from shared.conditions import inverter_settings as control
from shared.messages import InverterControl, Mode, SettingCommand, SettingOutcome

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
