"""May a setting be written? A table of cases, and properties over every unit, value and neighbour."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.poller.decode import Value
from services.poller.registers import load_layout
from services.poller.setting_check import (
    MOST_A_DAY,
    MOST_A_MINUTE,
    Present,
    Unit,
    Write,
    checked,
    may_write,
    value_of,
)
from services.poller.writable_settings import FORBIDDEN
from shared.conditions import Reason
from shared.messages import Mode

NOW = datetime(2026, 11, 30, 1, tzinfo=UTC)
CLASSIC, K11 = load_layout("classic"), load_layout("k11")
SMG_6200 = Unit(CLASSIC, 1, 0x1E00)
ANJ_11KW = Unit(K11, 4, 0x8000)
PRESENT: dict[str, Value] = {
    "output_priority": "sub",
    "charging_priority": "pv_and_utility",
    "max_mains_charging_current_a": 30.0,
    "max_charging_current_a": 60.0,
    "mains_mode_soc_protection_percent": 30,
    "mains_mode_soc_recovery_percent": 90,
    "offgrid_soc_protection_percent": 22,
    "buzzer_mode": "warning_fault",
}
NAMES = [*PRESENT, "output_mode", "remote_switch", "battery_type", "lcd_backlight", "nothing"]


def asked(name, value, unit=SMG_6200, mode=Mode.MAINS, past=(), **changed):
    return may_write(name, value, Present(unit, PRESENT | changed, mode), past, NOW)


@pytest.mark.parametrize(
    ("name", "value", "address", "word"),
    [
        ("output_priority", "sbu", 301, 2),
        ("charging_priority", "pv_only", 331, 3),
        ("max_mains_charging_current_a", 20, 333, 200),
        ("max_mains_charging_current_a", 60.0, 333, 600),
        ("mains_mode_soc_protection_percent", 22, 341, 22),
        ("mains_mode_soc_recovery_percent", 100, 342, 100),
        ("buzzer_mode", "mute", 303, 0),
    ],
)
def test_allowed(name, value, address, word):
    write = asked(name, value)
    assert isinstance(write, Write)
    assert (write.frames, write.before) == (((address, (word,)),), PRESENT[name])
    register = CLASSIC.setting(name, 1)
    assert register
    assert value_of(register, word) == write.value


@pytest.mark.parametrize(
    ("reason", "name", "value", "more"),
    [
        ("control.no_such_value", "output_priority", "suf", {}),
        ("control.no_such_value", "output_priority", 2, {}),
        ("control.no_such_value", "charging_priority", "utility_first", {}),
        ("control.no_such_value", "output_priority", "uti", {"unit": ANJ_11KW}),
        ("control.no_such_value", "output_priority", "sol", {"unit": Unit(CLASSIC, 2, 0x2300)}),
        ("control.not_proven", "charging_priority", "pv_only", {"unit": Unit(CLASSIC, 2, 0x2300)}),
        ("control.not_proven", "output_priority", "sbu", {"unit": Unit(CLASSIC, 11, 0x7903)}),
        ("control.not_proven", "output_priority", "sbu", {"unit": Unit(CLASSIC, 0, 0x1E00)}),
        ("control.not_proven", "output_priority", "sbu", {"unit": Unit(K11, 3, 0x8000)}),
        ("control.unit_unknown", "output_priority", "sbu", {"unit": Unit(CLASSIC, 1, None)}),
        ("control.unit_unknown", "output_priority", "sbu", {"unit": Unit(CLASSIC, 1, 0)}),
        ("control.never", "remote_switch", "off", {}),
        ("control.never", "output_mode", "single", {}),
        ("control.not_offered", "lcd_backlight", "timed", {}),
        ("control.not_offered", "grid_voltage_v", 230, {}),
        ("control.out_of_range", "max_mains_charging_current_a", 81, {"max_charging_current_a": 120.0}),
        ("control.out_of_range", "max_mains_charging_current_a", "20", {}),
        ("control.out_of_range", "max_mains_charging_current_a", "20,5", {}),
        ("control.out_of_range", "max_mains_charging_current_a", 20.5, {}),
        ("control.out_of_range", "max_mains_charging_current_a", True, {}),
        ("control.out_of_range", "max_mains_charging_current_a", float("nan"), {}),
        ("control.out_of_range", "mains_mode_soc_protection_percent", 19, {}),
        ("control.bounded", "max_mains_charging_current_a", 61, {}),
        ("control.bounded", "mains_mode_soc_protection_percent", 21, {}),
        ("control.value_unknown", "max_mains_charging_current_a", 20, {"max_charging_current_a": None}),
        ("control.value_unknown", "max_mains_charging_current_a", 20, {"max_mains_charging_current_a": None}),
        ("control.contradiction", "output_priority", "sbu", {"output_priority": 7}),
        ("control.contradiction", "max_mains_charging_current_a", 20, {"max_mains_charging_current_a": 70.0}),
        ("control.contradiction", "max_mains_charging_current_a", 2, {"max_mains_charging_current_a": "uti"}),
        (
            "control.contradiction",
            "mains_mode_soc_protection_percent",
            30,
            {"mains_mode_soc_protection_percent": 90, "mains_mode_soc_recovery_percent": 15},
        ),
        ("control.already_set", "buzzer_mode", "warning_fault", {}),
        ("control.wrong_mode", "buzzer_mode", "mute", {"mode": Mode.FAULT}),
        ("control.wrong_mode", "buzzer_mode", "mute", {"mode": Mode.UNKNOWN}),
        ("control.too_many_a_minute", "buzzer_mode", "mute", {"past": [NOW] * MOST_A_MINUTE}),
        ("control.too_many_a_day", "buzzer_mode", "mute", {"past": [NOW - timedelta(hours=23)] * MOST_A_DAY}),
        ("control.too_many_a_day", "buzzer_mode", "mute", {"past": [NOW + timedelta(days=9)] * MOST_A_DAY}),
        (
            "control.too_many_a_day",
            "buzzer_mode",
            "mute",
            {"past": [datetime(1971, 1, 1, tzinfo=UTC)] * MOST_A_DAY},
        ),
    ],
)
def test_refused(reason, name, value, more):
    refusal = asked(name, value, **more)
    assert isinstance(refusal, Reason)
    assert refusal.code == reason


@pytest.mark.parametrize(
    ("name", "back", "more"),
    [
        ("max_mains_charging_current_a", 10, {"max_mains_charging_current_a": 80.0, "max_charging_current_a": 60.0}),
        ("mains_mode_soc_protection_percent", 30, {"mains_mode_soc_protection_percent": 95}),
    ],
)
def test_what_we_have_written_is_put_back_though_a_neighbour_was_changed_since(name, back, more):
    present = Present(SMG_6200, PRESENT | more, Mode.MAINS)
    refusal = checked(name, back, present)
    assert isinstance(refusal, Reason)
    assert refusal.code == "control.contradiction"
    assert isinstance(checked(name, back, present, {name: back}), Write)
    tight = replace(present, values={**present.values, "mains_mode_soc_recovery_percent": 70})
    beyond = checked(name, 75, tight, {name: back})
    assert isinstance(beyond, Reason), "nothing is written that contradicts a neighbour"


@pytest.mark.parametrize(
    ("returns", "code"),
    [
        pytest.param({}, "control.contradiction", id="nobody-knows-whose-it-is"),
        pytest.param({"mains_mode_soc_protection_percent": 30}, None, id="raised-by-us-for-a-time"),
        pytest.param({"mains_mode_soc_protection_percent": 60}, "control.contradiction", id="nor-did-the-own-fit"),
        pytest.param({"buzzer_mode": "mute"}, "control.contradiction", id="another-one-is-ours"),
    ],
)
def test_a_neighbour_that_we_have_raised_for_a_time_does_not_contradict(returns, code):
    lowered = PRESENT | {"mains_mode_soc_protection_percent": 70, "mains_mode_soc_recovery_percent": 50}
    answer = checked("mains_mode_soc_recovery_percent", 80, Present(SMG_6200, lowered, Mode.MAINS), returns)
    assert (answer.code if isinstance(answer, Reason) else None) == code
    beyond = checked("mains_mode_soc_recovery_percent", 65, Present(SMG_6200, lowered, Mode.MAINS), returns)
    assert isinstance(beyond, Reason), "what stands bounds, whoever has made it so"


def test_yesterdays_writes_do_not_count():
    assert isinstance(asked("buzzer_mode", "mute", past=[NOW - timedelta(days=1)] * MOST_A_DAY), Write)


units = st.builds(
    Unit,
    st.just(CLASSIC),
    st.sampled_from(sorted(CLASSIC.protocols)),
    st.none() | st.sampled_from([0, *CLASSIC.models, 0x8000, 0x7777]),
) | st.builds(
    Unit, st.just(K11), st.sampled_from(sorted(K11.protocols)), st.none() | st.sampled_from([0, *K11.models, 0x1E00])
)
numbers = st.integers(-5, 130) | st.floats() | st.integers(0, 1300).map(lambda tenths: tenths / 10)
choices = st.sampled_from(["uti", "sol", "sbu", "sub", "suf", "zec", "pv_only", "pv_first", "mute", "fault", "", "2"])
presents = st.fixed_dictionaries(
    {name: st.just(value) | st.none() | numbers | choices for name, value in PRESENT.items()}
) | st.fixed_dictionaries(
    {name: st.integers(0, 120) if isinstance(value, int | float) else st.just(value) for name, value in PRESENT.items()}
)
moments = st.integers(-100_000, 100_000).map(lambda seconds: NOW - timedelta(seconds=seconds))


@given(
    name=st.sampled_from(NAMES),
    value=numbers | choices | st.none() | st.booleans(),
    stands=st.builds(Present, units | st.just(SMG_6200) | st.just(ANJ_11KW), presents, st.sampled_from(Mode)),
    past=st.lists(moments, max_size=MOST_A_DAY + 2),
)
def test_whatever_is_asked_a_write_is_proven_bounded_and_rare(name, value, stands, past):
    unit, present, mode = stands.unit, stands.values, stands.mode
    answer = may_write(name, value, stands, past, NOW)
    if isinstance(answer, Reason):
        return
    setting = unit.layout.writable_for(name, unit.protocol)
    register = unit.layout.setting(name, unit.protocol)
    assert setting is not None
    assert register is not None
    assert unit.model in setting.proven[unit.protocol]
    ((address, (word,)),) = answer.frames
    assert address == register.address
    assert address not in FORBIDDEN
    assert 0 <= word <= 0xFFFF
    assert value_of(register, word) == answer.value == value != present[name]
    assert mode in setting.modes
    assert answer.value in setting.values if setting.range is None else _within(setting, answer.value, present)
    assert len([at for at in past if timedelta(0) <= NOW - at < timedelta(days=1)]) < MOST_A_DAY
    assert len([at for at in past if timedelta(0) <= NOW - at < timedelta(minutes=1)]) < MOST_A_MINUTE


def _within(setting, value, present):
    low, high = setting.range
    assert all(value <= present[name] for name in setting.at_most)
    assert all(value >= present[name] for name in setting.at_least)
    return low <= value <= high


@given(st.sampled_from(["max_mains_charging_current_a", "mains_mode_soc_protection_percent"]), numbers, presents)
def test_a_write_never_makes_a_contradiction(name, value, present):
    answer = may_write(name, value, Present(SMG_6200, present, Mode.MAINS), (), NOW)
    if isinstance(answer, Write):
        after = present | {name: answer.value}
        back = may_write(name, present[name], Present(SMG_6200, after, Mode.MAINS), (), NOW)
        assert isinstance(back, Write) or back.code in ("control.out_of_range", "control.bounded")


def test_another_unit_with_the_same_values_is_another_question():
    assert isinstance(asked("output_priority", "sbu", replace(SMG_6200, model=0x3501)), Reason)
