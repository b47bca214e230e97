"""Settings that are changed together: their order, who interferes, and how they are put back. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.poller.decode import Value
from services.poller.registers import load_layout
from services.poller.setting_check import MOST_A_DAY, Present, Unit, Write, checked
from services.poller.setting_sequence import (
    LINGERS,
    GiveUp,
    InForce,
    Over,
    Purpose,
    Set,
    SettingSequence,
    Wait,
    after,
    begin,
    expired,
    given_up,
    in_safe_order,
    next_step,
    refreshed,
    released,
    resumed,
    writing,
)
from shared.conditions import Reason
from shared.conditions import inverter_settings as control
from shared.messages import Mode, SettingOutcome

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
UNIT = Unit(load_layout("classic"), 1, 0x1E00, "SIM1")
VALUES: dict[str, Value] = {
    "output_priority": "sub",
    "charging_priority": "pv_only",
    "max_charging_current_a": 60,
    "max_mains_charging_current_a": 10,
    "mains_mode_soc_protection_percent": 20,
    "mains_mode_soc_recovery_percent": 60,
    "offgrid_soc_protection_percent": 10,
    "buzzer_mode": "fault",
}
PRESENT = Present(UNIT, VALUES, Mode.MAINS)
CHARGE = {"max_mains_charging_current_a": 20, "charging_priority": "pv_and_utility"}


def started(wishes=CHARGE, present=PRESENT, purpose=Purpose.PROFILE, past=()):
    found = begin(purpose, wishes, present, past, by="page", now=NOW, name="winter night")
    assert isinstance(found, SettingSequence)
    return found


def with_values(**values):
    return replace(PRESENT, values=VALUES | values)


def carried_out(sequence, present, now=NOW):
    """Carry a sequence out on a device that does what it is told; return it, and how the device stands."""
    written = []
    while isinstance(step := next_step(sequence, present, now), Set):
        write = checked(step.setting, step.value, present)
        assert isinstance(write, Write)
        sequence = writing(sequence, step.setting, step.value)
        present = replace(present, values={**present.values, step.setting: step.value})
        sequence = after(sequence, step, SettingOutcome.CONFIRMED, None, now)
        written.append((step.setting, step.value))
    return sequence, present, written, step


def test_numbers_come_first_and_all_comes_back_in_the_opposite_order():
    sequence, present, written, step = carried_out(started(purpose=Purpose.CHARGE_AHEAD), PRESENT)
    assert written == list(CHARGE.items())
    assert isinstance(step, InForce)
    assert sequence.is_in_force
    undone, after_it, back, step = carried_out(given_up(sequence, control.BUSY()), present)
    assert back == [("charging_priority", "pv_only"), ("max_mains_charging_current_a", 10)]
    assert step == Over({})
    assert after_it.values == VALUES
    assert undone.failures == 0


percents = st.tuples(st.integers(20, 50), st.integers(60, 100))


@given(before=percents, wanted=percents, current=st.integers(2, 60))
def test_whatever_is_wanted_no_step_contradicts_a_neighbour(before, wanted, current):
    names = ("mains_mode_soc_protection_percent", "mains_mode_soc_recovery_percent")
    present = with_values(**dict(zip(names, before, strict=True)))
    wishes = dict(zip(names, wanted, strict=True)) | {"max_mains_charging_current_a": current}
    order = in_safe_order(wishes, present)
    assert isinstance(order, dict)
    values = dict(present.values)
    for setting, value in order.items():
        assert isinstance(checked(setting, value, replace(present, values=values)), Write)
        values[setting] = value
    assert {setting: values[setting] for setting in wishes} == wishes


@pytest.mark.parametrize(
    ("wishes", "present", "past", "code"),
    [
        pytest.param({**CHARGE, "buzzer_mode": "loud"}, PRESENT, (), "profile.step_refused", id="one-bad-value"),
        pytest.param({**CHARGE, "battery_type": "agm"}, PRESENT, (), "profile.step_refused", id="never-written"),
        pytest.param({"max_mains_charging_current_a": "20,5"}, PRESENT, (), "profile.step_refused", id="comma"),
        pytest.param({"max_mains_charging_current_a": 61}, PRESENT, (), "profile.step_refused", id="neighbour"),
        pytest.param({"charging_priority": "pv_only"}, PRESENT, (), "profile.in_force", id="nothing-to-do"),
        pytest.param(CHARGE, PRESENT, (NOW,) * (MOST_A_DAY - 1), "profile.too_many", id="no-room-for-all"),
        pytest.param(CHARGE, replace(PRESENT, mode=Mode.FAULT), (), "profile.step_refused", id="fault"),
        pytest.param(
            CHARGE, replace(PRESENT, unit=replace(UNIT, model=0x3501)), (), "profile.step_refused", id="unproven"
        ),
    ],
)
def test_nothing_is_begun_that_cannot_be_done_as_a_whole(wishes, present, past, code):
    refusal = begin(Purpose.PROFILE, wishes, present, past, by="page", now=NOW)
    assert isinstance(refusal, Reason)
    assert refusal.code == code


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"max_mains_charging_current_a": 30}, id="what-was-set"),
        pytest.param({"max_mains_charging_current_a": 10}, id="what-was-set-back"),
        pytest.param({"max_mains_charging_current_a": 20, "charging_priority": "pv_first"}, id="what-is-still-to-come"),
    ],
)
def test_whoever_interferes_has_the_last_word(values):
    sequence = started()
    step = next_step(sequence, PRESENT, NOW)
    assert isinstance(step, Set)
    sequence = after(writing(sequence, step.setting, step.value), step, SettingOutcome.CONFIRMED, None, NOW)
    found = next_step(sequence, with_values(**values), NOW)
    assert isinstance(found, GiveUp)
    undoing, _, back, over = carried_out(given_up(sequence, found.why), with_values(**values))
    ours = values["max_mains_charging_current_a"] == 20
    assert back == ([("max_mains_charging_current_a", 10)] if ours else [])
    assert isinstance(over, Over)
    hand = {one: value for one, value in values.items() if value not in (20, VALUES[one])}
    assert over.left == hand
    assert undoing.undo == found.why


def test_a_refused_step_undoes_the_others_and_a_late_value_is_waited_for():
    sequence = started()
    first = next_step(sequence, PRESENT, NOW)
    assert isinstance(first, Set)
    sequence = after(writing(sequence, first.setting, first.value), first, SettingOutcome.CONFIRMED, None, NOW)
    present = with_values(max_mains_charging_current_a=20)
    second = next_step(sequence, present, NOW)
    assert isinstance(second, Set)
    sequence = writing(sequence, second.setting, second.value)
    sequence = after(sequence, second, SettingOutcome.NOT_TAKEN_OVER, control.BUSY(), NOW)
    assert sequence.undo is not None
    sequence, present, back, step = carried_out(sequence, present)
    assert back == [("max_mains_charging_current_a", 10)]
    assert isinstance(step, Wait)  # the second one may still show
    late = replace(present, values={**present.values, "charging_priority": "pv_and_utility"})
    assert next_step(sequence, late, NOW + timedelta(seconds=20)) == Set("charging_priority", "pv_only")
    assert next_step(sequence, present, NOW + LINGERS) == Over({})


@pytest.mark.parametrize(
    ("reason", "goes_on"),
    [
        pytest.param(control.TOO_MANY_A_MINUTE(), True, id="too-many-a-minute"),
        pytest.param(control.no_contact(cause=control.BUSY()), True, id="no-contact"),
        pytest.param(control.wrong_mode(mode="fault"), False, id="fault"),
    ],
)
def test_what_passes_is_waited_for(reason, goes_on):
    sequence, step = started(), Set("max_mains_charging_current_a", 20)
    found = after(sequence, step, SettingOutcome.NOT_WRITTEN, reason, NOW)
    assert (found.undo is None) is goes_on


def test_after_a_restart_a_profile_is_finished_soon_or_undone_and_what_is_temporary_is_put_back():
    profile, charging = started(), started(purpose=Purpose.CHARGE_AHEAD)
    assert resumed(profile, NOW + timedelta(minutes=9)) is profile
    assert resumed(profile, NOW + timedelta(minutes=11)).undo is not None
    assert resumed(profile, NOW - timedelta(days=4000)).undo is not None  # the clock is not set
    assert resumed(charging, NOW).undo is not None
    assert expired(charging, control.BUSY(), NOW + timedelta(days=1)) is charging


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(datetime(1973, 5, 6, tzinfo=UTC), id="of-a-boot-whose-clock-was-not-set"),
        pytest.param(NOW + timedelta(days=2), id="by-a-clock-that-was-ahead"),
    ],
)
@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_doubtful_write_of_another_boot_is_waited_for_once_and_not_for_ever(purpose, at):
    sequence = started(purpose=purpose).model_copy(update={"undo": control.BUSY(), "doubtful_at": at})
    sequence = resumed(sequence, NOW)
    assert isinstance(next_step(sequence, PRESENT, NOW + timedelta(seconds=20)), Wait)
    assert next_step(sequence, PRESENT, NOW + LINGERS) == Over({})


def test_what_was_changed_at_the_panel_since_the_last_reading_is_what_comes_back():
    sequence = started(purpose=Purpose.CHARGE_AHEAD)
    found = with_values(max_mains_charging_current_a=40, charging_priority="pv_and_utility")
    fresh = refreshed(sequence, found)
    assert (fresh.wanted, fresh.before) == (
        {"max_mains_charging_current_a": 20},
        {"max_mains_charging_current_a": 40},
    )
    assert refreshed(sequence, PRESENT) is sequence
    written = writing(sequence, "max_mains_charging_current_a", 20)
    assert refreshed(written, found) is written  # then it is a hand that interferes
    assert refreshed(sequence, replace(found, mode=Mode.FAULT)).undo is not None


def test_on_another_inverter_nothing_is_put_back():
    sequence, present, _, _ = carried_out(started(purpose=Purpose.CHARGE_AHEAD), PRESENT)
    other = replace(present, unit=replace(UNIT, serial_number="SIM2"))
    assert next_step(given_up(sequence, control.BUSY()), other, NOW) == Wait(control.OTHER_INVERTER())


def test_a_setting_that_a_person_changes_by_a_command_is_theirs():
    sequence, present, _, _ = carried_out(started(purpose=Purpose.CHARGE_AHEAD), PRESENT)
    theirs = released(sequence, "max_mains_charging_current_a")
    _, after_it, back, _ = carried_out(theirs, present)
    assert back == [("charging_priority", "pv_only")]
    assert after_it.values["max_mains_charging_current_a"] == 20
    assert released(sequence, "buzzer_mode") is sequence
