"""What charging ahead decides in a situation, and what it makes of the outlook and the plan. Pure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.poller.charge_ahead_rules import (
    ADJUST_EVERY,
    CHARGING,
    CURRENT,
    ENDS_EARLY,
    OUTPUT,
    PATIENCE,
    Adjust,
    Begin,
    Blocked,
    Charging,
    Continue,
    HeldOff,
    Hold,
    Knobs,
    Need,
    Nothing,
    PutBack,
    Situation,
    energy_wh,
    next_step,
)
from services.poller.charge_report import dry_run_until, report_charging
from services.poller.charge_situation import knobs_of, need_of, target_of, wh_per_percent
from shared.broker_state import BrokerState
from shared.conditions import Reason
from shared.conditions import charge_ahead as conditions
from shared.messages import (
    Band,
    ChargeAheadPhase,
    ChargeBasis,
    ChargeReading,
    ChargeSource,
    Grid,
    LearnedFigure,
    Mode,
    OutageOutlook,
    OutageSchedule,
    Outlook,
    SettingValue,
    Verdict,
    Window,
)
from tests.poller.test_setting_sequence import PRESENT, UNIT, VALUES

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
VALUES_3: dict[str, SettingValue] = {CURRENT: 10, CHARGING: "pv_only", OUTPUT: "sub"}
KNOBS = Knobs(VALUES_3, 2, 60, 1)
NEED = Need(NOW + 2.5 * HOUR, NOW + 6 * HOUR, 80.0, ChargeBasis.OUTLOOK)
CHARGES = Charging(NEED.start, NOW, 80.0, 20, NOW)
SITUATION = Situation(
    now=NOW,
    doubt=None,
    doubtful_for=timedelta(0),
    grid=Grid.ON,
    charge_percent=40.0,
    voltage_v=52.0,
    sun_w=0.0,
    wh_per_percent=105.0,
    need=NEED,
    knobs=KNOBS,
)


def test_it_begins_with_the_slowest_current_that_is_enough():
    step = next_step(SITUATION)
    assert isinstance(step, Begin)
    assert step.wishes == {CURRENT: step.current_a, CHARGING: "pv_and_utility"}
    hours = (NEED.start - ENDS_EARLY - NOW) / HOUR
    assert step.current_a * 52 * hours >= 40 * 105
    assert (step.current_a - 1) * 52 * hours < 1.15 * 40 * 105


def test_a_battery_that_feeds_the_house_is_kept_for_the_outage():
    knobs = replace(KNOBS, values=VALUES_3 | {OUTPUT: "sbu"})
    step = next_step(replace(SITUATION, knobs=knobs))
    assert isinstance(step, Begin)
    assert step.wishes[OUTPUT] == "sub"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"charge_percent": 78.0}, "charging.enough", id="enough"),
        pytest.param({"charge_percent": 65.0}, "charging.begins_later", id="later"),
        pytest.param({"sun_w": 700.0}, "charging.begins_later", id="the-sun-may-do-it"),
        pytest.param({"grid": Grid.OFF}, "charging.grid_gone", id="no-power"),
        pytest.param({"grid": Grid.UNKNOWN}, "charging.grid_unknown", id="grid-unknown"),
        pytest.param({"grid": None}, "charging.no_contact", id="no-contact"),
        pytest.param({"charge_percent": None}, "charging.charge_unknown", id="charge-unknown"),
        pytest.param({"need": conditions.NO_OUTAGE()}, "charging.no_outage", id="no-outage"),
        pytest.param({"need": conditions.PLAN_UNKNOWN()}, "charging.plan_unknown", id="no-plan"),
        pytest.param({"doubt": conditions.NO_BROKER()}, "charging.no_broker", id="no-broker"),
        pytest.param({"knobs": conditions.NO_CONTACT()}, "charging.no_contact", id="settings-unknown"),
        pytest.param({"now": NEED.start}, "charging.outage_began", id="too-late"),
        pytest.param(
            {"held_off": HeldOff(NEED.start + HOUR, conditions.undone(by="page"))}, "charging.undone", id="held-off"
        ),
        pytest.param(
            {"knobs": replace(KNOBS, values={CURRENT: 40, CHARGING: "pv_first", OUTPUT: "uti"})},
            "charging.mains_charging_on",
            id="charges-anyway",
        ),
    ],
)
def test_why_nothing_is_begun(changes, code):
    step = next_step(replace(SITUATION, **changes))
    assert isinstance(step, Nothing)
    assert step.why.code == code


def test_a_home_that_charges_too_slowly_gets_more_current():
    knobs = replace(KNOBS, values={CURRENT: 10, CHARGING: "pv_and_utility", OUTPUT: "uti"})
    step = next_step(replace(SITUATION, knobs=knobs))
    assert isinstance(step, Begin)
    assert step.current_a > 10
    assert OUTPUT not in step.wishes


@pytest.mark.parametrize("accepts", [True, None])
def test_it_begins_where_the_bms_allows_it_or_does_not_say(accepts: bool | None):
    assert isinstance(next_step(replace(SITUATION, accepts_charge=accepts)), Begin)


def test_while_the_bms_forbids_it_nobody_says_that_it_charges_and_no_current_is_raised():
    late = replace(SITUATION, now=NOW + HOUR, charging=CHARGES, accepts_charge=False)
    assert next_step(late) == Blocked(conditions.not_accepted(charge=40.0, target=80.0, outage=NEED.start))
    assert isinstance(next_step(replace(late, grid=Grid.OFF)), PutBack)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="before-it-begins"),
        pytest.param(
            {"knobs": replace(KNOBS, values={CURRENT: 40, CHARGING: "pv_first", OUTPUT: "uti"})},
            id="in-a-home-that-charges-anyway",
        ),
        pytest.param({"charging": CHARGES, "now": NOW + HOUR}, id="after-it-has-begun"),
    ],
)
@pytest.mark.parametrize("dry_run_until", [None, NOW + 99 * HOUR])
def test_what_the_bms_forbids_is_waited_for(changes: dict[str, Any], dry_run_until: datetime | None):
    found = replace(SITUATION, accepts_charge=False, **changes)
    shown = report_charging(found, next_step(found), None, dry_run_until=dry_run_until)
    assert (shown.phase, shown.begins_at, shown.since) == (ChargeAheadPhase.WAITING, None, found.now)
    assert shown.can_undo
    allowed = replace(found, accepts_charge=True, charging=CHARGES, knobs=KNOBS)
    assert report_charging(allowed, next_step(allowed), None, dry_run_until=dry_run_until).phase == "charging"


@pytest.mark.parametrize("dry_run_until", [None, NOW + 99 * HOUR])
def test_a_dry_run_would_not_have_charged_a_battery_that_does_not_accept_it(dry_run_until: datetime | None):
    found = replace(SITUATION, charging=CHARGES, accepts_charge=False)
    shown = report_charging(found, next_step(found), None, dry_run_until=dry_run_until)
    assert shown.reason == conditions.not_accepted(charge=40.0, target=80.0, outage=NEED.start)


LONG = {"doubtful_for": PATIENCE}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"charge_percent": 80.0}, "charging.reached", id="reached"),
        pytest.param({"now": NEED.start}, "charging.outage_began", id="the-outage-is-due"),
        pytest.param({"grid": Grid.OFF}, "charging.grid_gone", id="the-grid-went-early"),
        pytest.param({"grid": Grid.UNKNOWN, **LONG}, "charging.grid_unknown", id="grid-unknown"),
        pytest.param({"grid": None, **LONG}, "charging.no_contact", id="no-contact"),
        pytest.param({"charge_percent": None, **LONG}, "charging.charge_unknown", id="charge-unknown"),
        pytest.param({"need": conditions.NO_OUTAGE(), **LONG}, "charging.no_outage", id="plan-withdrawn"),
        pytest.param({"need": conditions.PLAN_UNKNOWN(), **LONG}, "charging.plan_unknown", id="plan-stale"),
        pytest.param({"doubt": conditions.NO_BROKER(), **LONG}, "charging.no_broker", id="no-broker"),
        pytest.param({"need": replace(NEED, start=NOW + 9 * HOUR)}, "charging.outage_withdrawn", id="another-outage"),
        pytest.param({"need": replace(NEED, target_percent=39.0)}, "charging.outlook_contradicts", id="contradicted"),
    ],
)
def test_why_everything_is_put_back(changes, code):
    step = next_step(replace(SITUATION, charging=CHARGES, **changes))
    assert isinstance(step, PutBack)
    assert step.why.code == code


def test_a_battery_that_would_feed_the_house_again_is_kept_until_the_outage():
    keeps = replace(CHARGES, keeps=True)
    held = next_step(replace(SITUATION, charging=keeps, charge_percent=80.0))
    assert isinstance(held, Hold)
    waiting = replace(SITUATION, charging=replace(keeps, is_held=True), charge_percent=79.0)
    assert next_step(waiting) == Continue(conditions.kept(charge=79.0, outage=NEED.start))
    assert isinstance(next_step(replace(waiting, now=NEED.start)), PutBack)
    assert isinstance(next_step(replace(waiting, grid=None, doubtful_for=PATIENCE)), PutBack)


def test_a_gap_between_two_readings_is_no_doubt():
    for changes in (
        {"grid": None},
        {"grid": Grid.UNKNOWN},
        {"charge_percent": None},
        {"doubt": conditions.NO_BROKER()},
    ):
        assert isinstance(next_step(replace(SITUATION, charging=CHARGES, **changes)), Continue)


def test_an_outage_that_was_moved_a_little_is_the_same():
    moved = replace(NEED, start=NEED.start + HOUR)
    assert isinstance(next_step(replace(SITUATION, charging=CHARGES, charge_percent=60.0, need=moved)), Continue)


def test_what_falls_behind_gets_more_current_but_not_at_once_and_never_too_much():
    late = replace(SITUATION, now=NOW + HOUR, charging=CHARGES)
    step = next_step(late)
    assert isinstance(step, Adjust)
    assert 20 < step.current_a <= 60
    assert isinstance(next_step(replace(late, charging=replace(CHARGES, set_at=late.now))), Continue)
    assert isinstance(next_step(replace(late, charging=replace(CHARGES, set_at=late.now - ADJUST_EVERY))), Adjust)
    too_late = replace(late, now=NEED.start - HOUR / 5, charging=replace(CHARGES, current_a=60))
    step = next_step(too_late)
    assert isinstance(step, Continue)
    assert step.warning
    assert step.warning.code == "charging.not_in_time"
    reaches = step.warning.params["charge"]
    assert isinstance(reaches, float)
    assert 40 < reaches < 80


@given(charge=st.floats(0, 100), target=st.floats(0, 100), hours=st.floats(0.01, 30), sun_w=st.floats(0, 3000))
def test_whatever_stands_only_a_current_that_can_be_set_is_asked_for(charge, target, hours, sun_w):
    need = replace(NEED, start=NOW + hours * HOUR, target_percent=target)
    found = replace(SITUATION, charge_percent=charge, need=need, sun_w=sun_w)
    step = next_step(found)
    if isinstance(step, Begin):
        assert target - charge >= 3
        assert 2 <= step.current_a <= 60
        assert step.current_a == round(step.current_a)
    running = next_step(replace(found, charging=replace(CHARGES, outage_start=need.start)))
    assert isinstance(running, Continue | Adjust) or charge >= target or found.now >= need.start


def test_near_full_each_percent_takes_longer():
    assert energy_wh(50, 90, 100) == 4000
    assert energy_wh(90, 100, 100) == 2000
    assert energy_wh(80, 70, 100) == 0


def dry_run_reason(charge_percent: float | None) -> Reason:
    situation = replace(SITUATION, charge_percent=charge_percent, charging=CHARGES)
    state = report_charging(situation, next_step(situation), None, dry_run_until=NOW + timedelta(days=7))
    assert state.reason
    return state.reason


def test_a_dry_run_names_the_charge_only_while_that_is_known():
    known = dry_run_reason(40.0)
    assert (known.code, known.params["charge"]) == ("charging.would_charge", 40.0)
    assert dry_run_reason(None).code == "charging.charge_unknown"


def test_the_first_days_are_a_dry_run():
    assert dry_run_until(NOW, NOW + timedelta(days=6), 7) == NOW + timedelta(days=7)
    assert dry_run_until(NOW, NOW + timedelta(days=7), 7) is None
    assert dry_run_until(None, NOW, 7) == NOW + timedelta(days=7)
    assert dry_run_until(None, NOW, 0) is None


# what it is decided by


def outage(start_h, end_h, needed, *, at_start=60.0, at_end=30.0):
    one = Band(p10=at_start, p50=at_start, p90=at_start)
    other = Band(p10=at_end, p50=at_end, p90=at_end)
    return OutageOutlook(
        start=NOW + start_h * HOUR,
        end=NOW + end_h * HOUR,
        verdict=Verdict.UNCERTAIN,
        charge_needed_percent=needed,
        charge_at_start=one,
        charge_at_end=other,
    )


def schedule(*hours, at=NOW, stale=False):
    windows = tuple(Window(start=NOW + start * HOUR, end=NOW + end * HOUR) for start, end in hours)
    return OutageSchedule(at=at, queue="5.2", windows=windows, fetched_at=at, stale=stale)


def outlook(*outages, at=NOW, capacity_kwh=10.0):
    capacity = LearnedFigure(
        name="capacity_kwh", value=capacity_kwh, evidence=9, evidence_unit="hours", is_default=False
    )
    charge = ChargeReading(percent=40, source=ChargeSource.BMS)
    return Outlook(at=at, reserve_percent=10, charge=charge, outages=outages, learned=(capacity,))


def need(state, now=NOW):
    return need_of(state, now, planned_percent=90, highest_w=1000)


def test_the_target_is_the_outlooks_and_without_it_that_of_the_settings():
    plan = schedule((4, 8))
    found = need(BrokerState(schedule=plan, outlook=outlook(outage(4, 8, 72.5))))
    assert found == Need(NOW + 4 * HOUR, NOW + 8 * HOUR, 72.5, ChargeBasis.OUTLOOK)
    alone = Need(NOW + 4 * HOUR, NOW + 8 * HOUR, 90, ChargeBasis.PLAN)
    assert need(BrokerState(schedule=plan)) == alone
    old = outlook(outage(4, 8, 72.5), at=NOW - HOUR)
    assert need(BrokerState(schedule=plan, outlook=old)) == alone
    assert need(BrokerState(schedule=plan, outlook=outlook(outage(10, 12, 50)))) == alone


@pytest.mark.parametrize(
    ("plan", "code"),
    [
        pytest.param(None, "charging.plan_unknown", id="none"),
        pytest.param(schedule((4, 8), stale=True), "charging.plan_unknown", id="stale"),
        pytest.param(schedule((4, 8), at=NOW - 25 * HOUR), "charging.plan_unknown", id="a-day-old"),
        pytest.param(schedule((-4, -1)), "charging.no_outage", id="all-past"),
        pytest.param(schedule((-1, 1)), "charging.no_outage", id="the-running-one-is-not-ahead"),
    ],
)
def test_without_a_plan_there_is_no_need(plan, code):
    found = need(BrokerState(schedule=plan))
    assert isinstance(found, Reason)
    assert found.code == code


def test_what_a_later_outage_needs_has_to_be_there_before():
    first, second = outage(4, 8, 50.0), outage(9, 13, 70.0)
    assert target_of([first], wh_per_percent=100, highest_w=1000) == 50
    assert target_of([first, second], wh_per_percent=100, highest_w=1000) == 70 + 30 - 10
    assert target_of([first, second], wh_per_percent=100, highest_w=0) == 100
    assert target_of([outage(4, 8, None)], wh_per_percent=100, highest_w=1000) == 100


def test_the_battery_is_as_large_as_the_outlook_has_learned():
    assert wh_per_percent(BrokerState(outlook=outlook()), None, NOW) == pytest.approx(105)
    assert wh_per_percent(BrokerState(outlook=outlook(capacity_kwh=5)), None, NOW) == pytest.approx(52.5)
    assert wh_per_percent(BrokerState(), None, NOW) == pytest.approx(105)


def test_what_can_be_set_on_this_unit():
    knobs = knobs_of(PRESENT)
    assert isinstance(knobs, Knobs)
    assert (knobs.low_a, knobs.high_a, knobs.present_a) == (2, 60, 10)
    for present in (
        replace(PRESENT, unit=replace(UNIT, model=0x3501)),
        replace(PRESENT, mode=Mode.FAULT),
        replace(PRESENT, values={**VALUES, CURRENT: None}),
    ):
        assert isinstance(knobs_of(present), Reason)
