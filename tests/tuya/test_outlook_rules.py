"""What is switched off in an outage where the outlook is asked, and what is given back."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.tuya import grid_rules, targets
from services.tuya.grid_rules import Policy
from services.tuya.journal import Journal, Shed
from services.tuya.outlook_rules import on_outlook, plan_ahead
from services.tuya.plug import Plug
from services.tuya.shared_state import SharedState
from shared.messages import (
    Certainty,
    ChargeReading,
    ChargeSource,
    Grid,
    GridState,
    HoldsUntil,
    OutageOutlook,
    Outlook,
    PlugGain,
    Verdict,
    Window,
)
from tests.tuya.facts import DELAY, KNOWN, NOW, RULES

OUR_RULES = replace(RULES, policy=Policy.OUTLOOK)
PLUGS = {
    "heater": Plug(id="heater", priority=3),
    "boiler": Plug(id="boiler", priority=2),
    "desk": Plug(id="desk", priority=1),
    "router": Plug(id="router", protected=True),
    "spare": Plug(id="spare", enabled=False),
}
GAINS = {"heater": 40.0, "boiler": 110.0, "desk": 15.0}
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
END = NOW + 4 * HOUR
LASTS, SHORT = Verdict.LASTS, Verdict.WILL_NOT_LAST


def outlook(
    at: datetime, verdict: Verdict | None, margin_min: float | None = 0, *, chance: float | None = None
) -> Outlook:
    plugs = tuple(PlugGain(plug=plug, power_w=500, adds_min=gain) for plug, gain in GAINS.items())
    running = OutageOutlook(
        start=NOW,
        end=END,
        running=True,
        verdict=verdict or LASTS,
        chance=chance,
        holds_until=HoldsUntil(early=None if margin_min is None else END + margin_min * MINUTE),
        plugs=plugs,
    )
    charge = ChargeReading(percent=50, source=ChargeSource.BMS)
    return Outlook(at=at, reserve_percent=10, charge=charge, outages=(running,) if verdict else ())


def replace_start(window: Window, hours: float) -> Window:
    return window.model_copy(update={"start": window.start + hours * HOUR})


def off(now: datetime) -> GridState:
    return GridState(at=now, state=Grid.OFF, since=NOW, transition_id="t2")


def lost(*, policy: Policy = Policy.OUTLOOK) -> Journal:
    """Return the journal when the grid has gone."""
    rules = replace(OUR_RULES, policy=policy)
    return grid_rules.on_grid(KNOWN, off(NOW), PLUGS, rules, NOW, stable_for=timedelta())


def asked(journal: Journal, found: Outlook | None, now: datetime = NOW + MINUTE, **changes: Any) -> Journal:
    shared = SharedState(journal, OUR_RULES, off(now))
    return on_outlook(replace(shared, **changes), found, PLUGS, now, off_for=now - NOW)


def done(journal: Journal) -> Journal:
    """Return the journal after every target was reached at plugs that were on."""
    open_ones = list(journal.targets.values())
    marked = targets.mark_to_restore(journal, open_ones, dict.fromkeys(["switch_1"], True), NOW)
    return targets.completed(marked, open_ones)


def test_the_grid_alone_switches_nothing_off_where_the_outlook_is_asked():
    assert lost().handled == "t2"
    assert lost().targets == {}
    assert lost(policy=Policy.GRID).targets.keys() == {f"{plug}/switch_1" for plug in GAINS}


@pytest.mark.parametrize(
    ("verdict", "margin_min", "expected"),
    [
        pytest.param(LASTS, 200, [], id="lasts"),
        pytest.param(SHORT, -5, ["heater"], id="a-little-short"),
        pytest.param(SHORT, -35, ["heater", "boiler"], id="short"),
        pytest.param(SHORT, -500, ["heater", "boiler", "desk"], id="far-too-short"),
        pytest.param(Verdict.UNCERTAIN, 10, ["heater"], id="uncertain"),
        pytest.param(SHORT, -25, ["heater"], id="short-by-what-one-gains-less-a-quarter-of-an-hour"),
        pytest.param(SHORT, -26, ["heater", "boiler"], id="short-by-more"),
        pytest.param(Verdict.UNKNOWN, 0, ["heater", "boiler", "desk"], id="no-end-known"),
    ],
)
def test_no_more_is_switched_off_than_it_takes(verdict: Verdict, margin_min: float, expected: list[str]):
    after = asked(lost(), outlook(NOW + SECOND, verdict, margin_min))
    assert [one.plug for one in after.targets.values()] == expected
    assert all(one.by_grid and not one.on and one.transition_id == "t2" for one in after.targets.values())


@pytest.mark.parametrize(
    ("late_min", "expected"),
    [
        pytest.param(0, ["heater"], id="due-now"),
        pytest.param(50, ["heater"], id="overdue-and-the-reserve-is-reached"),
        pytest.param(80, ["heater", "boiler"], id="overdue-and-the-reserve-is-gone"),
    ],
)
def test_power_that_is_overdue_is_not_back_yet(late_min: float, expected: list[str]):
    now = END + late_min * MINUTE
    after = asked(lost(), outlook(now, Verdict.UNCERTAIN, 50), now)
    assert [one.plug for one in after.targets.values()] == expected


@pytest.mark.parametrize(
    ("late_min", "chance", "expected"),
    [
        pytest.param(-1, 0.9, [], id="not-due-yet"),
        pytest.param(0, 0.97, ["heater"], id="due-and-not-sure"),
        pytest.param(0, 0.98, [], id="due-and-sure"),
        pytest.param(40, 0.97, ["heater"], id="overdue-and-not-sure"),
        pytest.param(40, 0.98, [], id="overdue-and-sure"),
        pytest.param(40, None, ["heater"], id="overdue-and-the-chance-not-known"),
    ],
)
def test_once_power_is_overdue_the_battery_has_to_last_almost_for_sure(
    late_min: float, chance: float | None, expected: list[str]
):
    now = END + late_min * MINUTE
    after = asked(lost(), outlook(now, LASTS, 120, chance=chance), now)
    assert [one.plug for one in after.targets.values()] == expected


@pytest.mark.parametrize(("chance", "expected"), [(0.97, []), (0.98, ["boiler"])])
def test_nothing_is_given_back_while_power_is_overdue_and_the_battery_not_sure_to_last(
    chance: float, expected: list[str]
):
    now = END + 5 * MINUTE
    after = asked(shed(), outlook(now, LASTS, 400, chance=chance), now)
    assert [one.plug for one in after.targets.values() if one.on] == expected


AHEAD = Window(start=NOW, end=NOW + timedelta(hours=4))
BEFORE = NOW - 2 * HOUR


@given(st.sampled_from(Verdict), st.integers(-500, 500))
def test_what_is_planned_is_what_would_be_done(verdict: Verdict, margin_min: int):
    (planned,) = plan_ahead(OUR_RULES, PLUGS, [AHEAD], outlook(BEFORE, verdict, margin_min), BEFORE)
    acted = asked(lost(), outlook(NOW + SECOND, verdict, margin_min))
    assert list(planned.plugs) == [one.plug for one in acted.targets.values()]


@pytest.mark.parametrize(
    ("changes", "windows", "expected"),
    [
        pytest.param({"policy": Policy.GRID}, [AHEAD], [("heater", "boiler", "desk")], id="the-grid-switches-all-off"),
        pytest.param({}, [AHEAD, replace_start(AHEAD, 3)], [(), ("heater", "boiler", "desk")], id="one-nobody-judged"),
        pytest.param({}, [replace_start(AHEAD, 30)], [], id="the-day-after"),
        pytest.param({}, [replace_start(AHEAD, -3)], [], id="it-has-begun"),
        pytest.param({}, [AHEAD.model_copy(update={"certainty": Certainty.POSSIBLE})], [], id="only-possible"),
        pytest.param({"turn_off": False}, [AHEAD], [], id="nothing-may-be-switched-off"),
    ],
)
def test_the_plan_of_the_next_day(changes: dict[str, Any], windows: list[Window], expected: list[tuple[str, ...]]):
    rules = replace(OUR_RULES, **changes)
    planned = plan_ahead(rules, PLUGS, windows, outlook(BEFORE, LASTS, 200), BEFORE)
    assert [one.plugs for one in planned] == expected


@pytest.mark.parametrize(
    ("found", "after_s", "waits"),
    [
        pytest.param(None, 0, False, id="no-outlook"),
        pytest.param(outlook(NOW - 20 * MINUTE, LASTS), 0, False, id="an-old-one"),
        pytest.param(outlook(NOW + 20 * MINUTE, LASTS), 0, False, id="one-from-the-future"),
        pytest.param(outlook(NOW - MINUTE, None), 0, True, id="made-before-the-outage"),
        pytest.param(outlook(NOW - MINUTE, LASTS), 0, True, id="of-the-outage-before"),
        pytest.param(outlook(NOW - MINUTE, None), 91, False, id="and-no-other-one-comes"),
        pytest.param(outlook(NOW + SECOND, None), 91, False, id="that-sees-no-outage"),
    ],
)
def test_without_its_word_everything_goes_as_with_the_policy_grid(found: Outlook | None, after_s: int, waits: bool):
    after = asked(lost(), found, NOW + after_s * SECOND)
    assert set(after.targets) == (set() if waits else set(lost(policy=Policy.GRID).targets))


def test_an_outlook_that_falls_silent_ends_what_it_allowed():
    found = outlook(NOW + SECOND, LASTS, 300)
    assert asked(lost(), found, NOW + 5 * MINUTE).targets == {}
    assert len(asked(lost(), found, NOW + 13 * MINUTE).targets) == 3


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"rules": replace(OUR_RULES, turn_off=False)}, id="switching-off-is-disabled"),
        pytest.param({"rules": RULES}, id="policy-grid"),
        pytest.param({"grid": None}, id="no-grid"),
        pytest.param({"grid": off(NOW - 5 * MINUTE)}, id="grid-not-certain"),
        pytest.param({"grid": off(NOW + MINUTE).model_copy(update={"state": Grid.UNKNOWN})}, id="grid-unknown"),
        pytest.param({"grid": off(NOW + MINUTE).model_copy(update={"state": Grid.ON})}, id="power-is-back"),
        pytest.param({"grid": off(NOW + MINUTE).model_copy(update={"transition_id": "t9"})}, id="not-acted-on"),
    ],
)
def test_nothing_is_switched_in_doubt(changes: dict[str, Any]):
    assert asked(lost(), outlook(NOW + SECOND, SHORT, -90), **changes) == lost()


def shed(minutes: float = 60, **changes: Any) -> Journal:
    """Return the journal with heater and boiler switched off so long ago."""
    after = done(asked(lost(), outlook(NOW + SECOND, SHORT, -35)))
    at = NOW + timedelta(hours=1) - minutes * MINUTE
    known = {name: {"adds_min": one.adds_min} | changes for name, one in after.shed.items()}
    return after.model_copy(update={"shed": {name: Shed(at=at, **one) for name, one in known.items()}})


@pytest.mark.parametrize(
    ("journal", "margin_min", "expected"),
    [
        pytest.param(shed(), 160, ["boiler"], id="the-most-important-first"),
        pytest.param(shed(), 100, ["heater"], id="the-one-there-is-room-for"),
        pytest.param(shed(), 40, ["heater"], id="just-enough-room"),
        pytest.param(shed(), 39, [], id="no-room"),
        pytest.param(shed(10), 300, [], id="too-soon"),
        pytest.param(shed(29), 300, [], id="still-too-soon"),
        pytest.param(shed(30), 300, ["boiler"], id="off-for-half-an-hour"),
        pytest.param(shed(was_back=True), 300, [], id="it-was-back-once"),
        pytest.param(shed(adds_min=None), 59, [], id="no-room-for-what-may-draw-as-much-as-others"),
        pytest.param(shed(adds_min=None), 60, ["boiler"], id="room-for-what-may-draw-as-much-as-others"),
        pytest.param(shed(), None, ["boiler"], id="the-charge-holds-for-longer-than-anybody-looked"),
    ],
)
def test_what_there_is_room_for_is_given_back_one_at_a_time(
    journal: Journal, margin_min: float | None, expected: list[str]
):
    now = NOW + timedelta(hours=1)
    after = asked(journal, outlook(now, LASTS, margin_min), now)
    assert [one.plug for one in after.targets.values()] == expected
    for one in after.targets.values():
        assert (one.on, one.gives_back, one.by, one.transition_id) == (True, True, "outlook", "t2")
        assert targets.due(after, PLUGS[one.plug], OUR_RULES, off(now), now) == (one,)
    assert [name for name, one in done(after).shed.items() if one.back] == expected
    assert not done(after).to_restore.keys() & {f"{plug}/switch_1" for plug in expected}


def test_a_plug_that_a_person_switches_just_now_is_not_given_back():
    now = NOW + timedelta(hours=1)
    person = grid_rules.target("boiler", "switch_1", on=False, by="telegram:1", now=now, transition_id="t2")
    busy = shed().model_copy(update={"targets": {person.key: person}})
    after = asked(busy, outlook(now, LASTS, 500), now)
    assert after.targets.pop(person.key) == person
    assert [one.plug for one in after.targets.values()] == ["heater"]


def test_nothing_is_given_back_where_switching_on_is_disabled():
    now = NOW + timedelta(hours=1)
    rules = replace(OUR_RULES, turn_on=False)
    assert asked(shed(), outlook(now, LASTS, 500), now, rules=rules) == shed()


def test_a_forecast_that_has_not_seen_the_last_switching_changes_nothing():
    after = done(asked(lost(), outlook(NOW + SECOND, SHORT, -5)))
    assert asked(after, outlook(NOW + MINUTE, SHORT, -60), NOW + 90 * SECOND) == after
    assert asked(after, outlook(NOW + 4 * MINUTE, SHORT, -60), NOW + 4 * MINUTE).targets


def test_what_a_person_wants_stays_and_what_was_given_back_may_go_once_more():
    now = NOW + timedelta(hours=2)
    person = grid_rules.target("heater", "switch_1", on=True, by="telegram:1", now=now, transition_id="t2")
    wished = lost().model_copy(update={"targets": {person.key: person}})
    after = asked(wished, outlook(now, SHORT, -5), now)
    assert after.targets[person.key] == person
    back = lost().model_copy(update={"shed": {"heater": Shed(at=NOW, back=True)}})
    gone = asked(back, outlook(now, SHORT, -500), now)
    assert "heater/switch_1" in gone.targets
    assert "heater/switch_1" in asked(back, None, now).targets, "without the outlook it is safer off"
    later = now + timedelta(hours=1)
    assert asked(done(gone), outlook(later, LASTS, 900), later).shed["heater"].was_back, "and then it stays off"


def test_when_power_is_back_the_rest_is_restored_and_the_outage_forgotten():
    on = GridState(at=NOW, state=Grid.ON, since=NOW, transition_id="t3")
    after = grid_rules.on_grid(shed(), on, PLUGS, OUR_RULES, NOW, stable_for=DELAY)
    assert [one.plug for one in after.targets.values()] == ["boiler", "heater"]
    assert after.shed == {}


@given(st.lists(st.tuples(st.sampled_from(list(Verdict)), st.integers(-200, 400), st.integers(1, 40)), max_size=25))
def test_a_plug_is_switched_at_most_three_times_an_outage(steps: list[tuple[Verdict, int, int]]):
    journal, now, count = lost(), NOW, dict.fromkeys(GAINS, 0)
    for verdict, margin_min, minutes in steps:
        now += minutes * MINUTE
        after = asked(journal, outlook(now, verdict, margin_min), now)
        assert asked(after, outlook(now, verdict, margin_min), now) == after, "the same again changes nothing"
        for one in after.targets.values():
            count[one.plug] += 1
        journal = done(after)
    assert max(count.values()) <= 3
    assert not journal.to_restore.keys() - {f"{plug}/switch_1" for plug in GAINS}
