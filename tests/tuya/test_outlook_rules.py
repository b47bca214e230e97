"""What is switched off in an outage where the outlook is asked, and what is given back."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.outlook.answers import verdict
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
    OutageOutlook,
    Outlook,
    SheddingChance,
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
SHED = ("heater", "boiler", "desk")
"""The plugs that outages switch off, the least important first."""
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
END = NOW + 6 * HOUR
LASTS, UNCERTAIN, SHORT = Verdict.LASTS, Verdict.UNCERTAIN, Verdict.WILL_NOT_LAST
Chances = tuple[float | None, ...]
"""The chance with none of the plugs off, with the first one, with the first two, with all."""
SURE: Chances = (1, 1, 1, 1)
HOPELESS: Chances = (0, 0, 0, 0)
WITH_TWO: Chances = (0.2, 0.5, 0.97, 1)


def outlook(at: datetime, verdict: Verdict | None, chances: Chances = SURE, *, off: int = 0) -> Outlook:
    """Return a forecast in an outage in which the first so many plugs are off; without a verdict it sees no outage."""
    running = OutageOutlook(
        start=NOW,
        end=END,
        running=True,
        verdict=verdict or LASTS,
        chance=chances[off],
        shedding=tuple(SheddingChance(plug=plug, chance=one) for plug, one in zip((None, *SHED), chances, strict=True)),
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
    assert lost(policy=Policy.GRID).targets.keys() == {f"{plug}/switch_1" for plug in SHED}


@pytest.mark.parametrize(
    ("verdict", "chances", "expected"),
    [
        pytest.param(LASTS, (0.85, 0.9, 0.95, 1), [], id="lasts"),
        pytest.param(UNCERTAIN, (0.84, 0.85, 0.9, 1), ["heater"], id="one-is-enough"),
        pytest.param(UNCERTAIN, (0.84, 0.84, 0.9, 1), ["heater", "boiler"], id="one-changes-nothing"),
        pytest.param(SHORT, WITH_TWO, ["heater", "boiler"], id="two-are-enough"),
        pytest.param(SHORT, (0, 0.1, 0.5, 0.86), ["heater", "boiler", "desk"], id="all-are-needed"),
        pytest.param(SHORT, HOPELESS, ["heater", "boiler", "desk"], id="not-even-all-are-enough"),
        pytest.param(UNCERTAIN, (None, None, None, None), ["heater", "boiler", "desk"], id="no-chance-is-known"),
        pytest.param(UNCERTAIN, SURE, ["heater"], id="uncertain-whatever-the-chance"),
        pytest.param(Verdict.UNKNOWN, SURE, ["heater", "boiler", "desk"], id="no-end-known"),
    ],
)
def test_no_more_is_switched_off_than_it_takes(verdict: Verdict, chances: Chances, expected: list[str]):
    after = asked(lost(), outlook(NOW + SECOND, verdict, chances))
    assert [one.plug for one in after.targets.values()] == expected
    assert all(one.by_grid and not one.on and one.transition_id == "t2" for one in after.targets.values())


def test_an_outlook_that_knows_no_sets_of_plugs_switches_everything_off():
    """A service outlook of an earlier version does not publish them."""
    (running,) = outlook(NOW + SECOND, SHORT).outages
    old = outlook(NOW + SECOND, SHORT).model_copy(
        update={"outages": (running.model_copy(update={"shedding": (), "chance": 0.3}),)}
    )
    assert len(asked(lost(), old).targets) == 3


@pytest.mark.parametrize(
    ("left_min", "chance", "expected"),
    [
        pytest.param(300, 0.85, [], id="long-before-the-end"),
        pytest.param(180, 0.85, [], id="three-hours-before"),
        pytest.param(170, 0.85, ["heater"], id="a-little-later"),
        pytest.param(90, 0.89, ["heater"], id="half-of-them-later"),
        pytest.param(90, 0.9, [], id="and-likely-enough"),
        pytest.param(0, 0.94, ["heater"], id="due-and-not-sure"),
        pytest.param(0, 0.95, [], id="due-and-sure"),
        pytest.param(-40, 0.94, ["heater"], id="overdue-and-not-sure"),
        pytest.param(-40, 0.95, [], id="overdue-and-sure"),
        pytest.param(-40, None, ["heater"], id="overdue-and-the-chance-not-known"),
    ],
)
def test_the_nearer_the_end_the_surer_the_battery_has_to_last(
    left_min: float, chance: float | None, expected: list[str]
):
    now = END - left_min * MINUTE
    after = asked(lost(), outlook(now, LASTS, (chance, 1, 1, 1)), now)
    assert [one.plug for one in after.targets.values()] == expected


def pretend(chances: Chances, *later: Chances) -> tuple[Journal, list[list[str]]]:
    """Return the journal of a dry run, and what it has named with each forecast, ten minutes apart."""
    journal, named = lost(), list[list[str]]()
    for number, one in enumerate((chances, *later)):
        now = NOW + MINUTE + 10 * number * MINUTE
        shared = SharedState(journal, OUR_RULES, off(now))
        said = outlook(now, verdict_of(one[0]), one)
        after = on_outlook(shared, said, PLUGS, now, off_for=now - NOW, dry_run=True)
        named.append([one.plug for one in after.targets.values()])
        journal = done(after)
    return journal, named


@pytest.mark.parametrize(
    ("chances", "expected"),
    [
        pytest.param(WITH_TWO, [["heater", "boiler"], [], []], id="two-are-enough"),
        pytest.param((0.84, 0.9, 0.9, 1), [["heater"], [], []], id="one-is-enough"),
        pytest.param(HOPELESS, [["heater", "boiler", "desk"], [], []], id="all"),
    ],
)
def test_a_dry_run_names_once_what_would_be_switched_off_though_the_load_never_falls(
    chances: Chances, expected: list[list[str]]
):
    assert pretend(chances, chances, chances)[1] == expected


def test_a_dry_run_names_more_when_what_it_has_named_is_no_longer_enough():
    assert pretend((0.3, 0.9, 0.95, 1), (0.1, 0.7, 0.9, 1))[1] == [["heater"], ["boiler"]]


def test_a_dry_run_gives_back_what_would_no_longer_be_missed():
    journal, named = pretend(WITH_TWO, WITH_TWO, WITH_TWO, WITH_TWO, (0.5, 0.95, 1, 1))
    assert named[1:] == [[], [], [], ["boiler"]]
    assert journal.shed["boiler"].back
    assert list(journal.to_restore) == ["heater/switch_1"]


AHEAD = Window(start=NOW, end=END)
BEFORE = NOW - 2 * HOUR


CHANCES = st.lists(st.floats(0, 1), min_size=4, max_size=4).map(lambda given: tuple(sorted(given)))
"""More plugs off never make it less likely that the battery lasts."""


def verdict_of(chance: float | None) -> Verdict:
    return Verdict(verdict(chance or 0.0))


@given(CHANCES, st.booleans())
def test_what_is_planned_is_what_would_be_done(chances: Chances, end_is_known: bool):
    said = verdict_of(chances[0]) if end_is_known else Verdict.UNKNOWN
    (planned,) = plan_ahead(OUR_RULES, PLUGS, [AHEAD], outlook(BEFORE, said, chances), BEFORE)
    acted = asked(lost(), outlook(NOW, said, chances))
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
    planned = plan_ahead(rules, PLUGS, windows, outlook(BEFORE, LASTS), BEFORE)
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
    found = outlook(NOW + SECOND, LASTS)
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
    assert asked(lost(), outlook(NOW + SECOND, SHORT, WITH_TWO), **changes) == lost()


def shed(minutes: float = 60, **changes: Any) -> Journal:
    """Return the journal with heater and boiler switched off so long ago."""
    after = done(asked(lost(), outlook(NOW + SECOND, SHORT, WITH_TWO)))
    at = NOW + HOUR - minutes * MINUTE
    return after.model_copy(update={"shed": {name: Shed(at=at, **changes) for name in after.shed}})


@pytest.mark.parametrize(
    ("journal", "chances", "expected"),
    [
        pytest.param(shed(), (0.9, 0.95, 1, 1), ["boiler"], id="the-most-important-first"),
        pytest.param(shed(), (0.1, 0.88, 1, 1), ["boiler"], id="just-likely-enough"),
        pytest.param(shed(), (0.1, 0.87, 1, 1), [], id="not-likely-enough"),
        pytest.param(shed(), (None, None, 1, 1), [], id="nobody-knows-what-they-draw"),
        pytest.param(shed(), (None, 1, 1, 1), ["boiler"], id="nobody-knows-what-the-other-one-draws"),
        pytest.param(shed(10), SURE, [], id="too-soon"),
        pytest.param(shed(29), SURE, [], id="still-too-soon"),
        pytest.param(shed(30), SURE, ["boiler"], id="off-for-half-an-hour"),
        pytest.param(shed(was_back=True), SURE, [], id="it-was-back-once"),
    ],
)
def test_what_the_battery_lasts_with_is_given_back_one_at_a_time(
    journal: Journal, chances: Chances, expected: list[str]
):
    now = NOW + HOUR
    after = asked(journal, outlook(now, LASTS, chances, off=2), now)
    assert [one.plug for one in after.targets.values()] == expected
    for one in after.targets.values():
        assert (one.on, one.gives_back, one.by, one.transition_id) == (True, True, "outlook", "t2")
        assert targets.due(after, PLUGS[one.plug], OUR_RULES, off(now), now) == (one,)
    assert [name for name, one in done(after).shed.items() if one.back] == expected
    assert not done(after).to_restore.keys() & {f"{plug}/switch_1" for plug in expected}


@pytest.mark.parametrize(("chance", "expected"), [(0.97, []), (0.98, ["boiler"])])
def test_near_the_end_it_has_to_last_almost_for_sure_with_what_is_given_back(chance: float, expected: list[str]):
    now = END + 5 * MINUTE
    after = asked(shed(), outlook(now, LASTS, (0.5, chance, 0.99, 1), off=2), now)
    assert [one.plug for one in after.targets.values()] == expected


def test_a_plug_that_a_person_switches_just_now_is_not_given_back():
    now = NOW + timedelta(hours=1)
    person = grid_rules.target("boiler", "switch_1", on=False, by="telegram:1", now=now, transition_id="t2")
    busy = shed().model_copy(update={"targets": {person.key: person}})
    after = asked(busy, outlook(now, LASTS, off=2), now)
    assert after.targets.pop(person.key) == person
    assert [one.plug for one in after.targets.values()] == ["heater"]


def test_nothing_is_given_back_where_switching_on_is_disabled():
    now = NOW + timedelta(hours=1)
    rules = replace(OUR_RULES, turn_on=False)
    assert asked(shed(), outlook(now, LASTS, off=2), now, rules=rules) == shed()


def test_a_forecast_that_has_not_seen_the_last_switching_changes_nothing():
    after = done(asked(lost(), outlook(NOW + SECOND, SHORT, (0.2, 0.9, 1, 1))))
    assert asked(after, outlook(NOW + MINUTE, SHORT, WITH_TWO, off=1), NOW + 90 * SECOND) == after
    assert asked(after, outlook(NOW + 4 * MINUTE, SHORT, WITH_TWO, off=1), NOW + 4 * MINUTE).targets


def test_what_a_person_wants_stays_and_what_was_given_back_may_go_once_more():
    now = NOW + timedelta(hours=2)
    person = grid_rules.target("heater", "switch_1", on=True, by="telegram:1", now=now, transition_id="t2")
    wished = lost().model_copy(update={"targets": {person.key: person}})
    after = asked(wished, outlook(now, SHORT, (0.2, 0.9, 1, 1)), now)
    assert after.targets.pop(person.key) == person
    assert [one.plug for one in after.targets.values()] == ["boiler"], "the next one instead"
    back = lost().model_copy(update={"shed": {"heater": Shed(at=NOW, back=True)}})
    gone = asked(back, outlook(now, SHORT, HOPELESS), now)
    assert "heater/switch_1" in gone.targets
    assert "heater/switch_1" in asked(back, None, now).targets, "without the outlook it is safer off"
    later = now + timedelta(hours=1)
    assert asked(done(gone), outlook(later, LASTS, off=3), later).shed["heater"].was_back, "and then it stays off"


def test_when_power_is_back_the_rest_is_restored_and_the_outage_forgotten():
    on = GridState(at=NOW, state=Grid.ON, since=NOW, transition_id="t3")
    after = grid_rules.on_grid(shed(), on, PLUGS, OUR_RULES, NOW, stable_for=DELAY)
    assert [one.plug for one in after.targets.values()] == ["boiler", "heater"]
    assert after.shed == {}


@given(st.lists(st.tuples(CHANCES, st.integers(0, 3), st.integers(1, 40)), max_size=25))
def test_a_plug_is_switched_at_most_three_times_an_outage(steps: list[tuple[Chances, int, int]]):
    journal, now, count = lost(), NOW, dict.fromkeys(SHED, 0)
    for chances, number, minutes in steps:
        now += minutes * MINUTE
        found = outlook(now, verdict_of(chances[number]), chances, off=number)
        after = asked(journal, found, now)
        assert asked(after, found, now) == after, "the same again changes nothing"
        for one in after.targets.values():
            count[one.plug] += 1
        journal = done(after)
    assert max(count.values()) <= 3
    assert not journal.to_restore.keys() - {f"{plug}/switch_1" for plug in SHED}
