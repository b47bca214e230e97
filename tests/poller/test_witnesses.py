"""One verdict of several witnesses: tables for the rules, properties for what must never happen."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.poller.grid import GridLimits, GridReading, after_reading, after_silence, unknown_grid
from services.poller.witnesses import (
    LAG_S,
    Agreement,
    Witness,
    after_failure,
    after_look,
    agreement,
    dissenters,
    speaker,
)
from shared.messages import Grid

START = datetime(2026, 11, 23, 18, tzinfo=UTC)
LIMITS = GridLimits()
ON, OFF, UNKNOWN = Grid.ON, Grid.OFF, Grid.UNKNOWN


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


class House:
    """Witnesses by name and phase, e.g. a=1, and what they say together, look by look."""

    def __init__(self, **phases: int | None) -> None:
        self.witnesses = {name: Witness(name, unknown_grid(START), phase=phase) for name, phase in phases.items()}
        self.said = Agreement()

    def sees(self, second: float, **states: Grid) -> Grid | None:
        """Let witnesses look, in this order, and return the verdict."""
        for name, state in states.items():
            before = self.witnesses[name]
            since = before.track.since if before.state is state else at(second)
            track = replace(before.track, state=state, since=since)
            reading = GridReading(at(second), 230.0 if state is ON else 0.0, 50.0)
            self.witnesses[name] = after_look(before, track, reading, second, usable=state is not UNKNOWN)
            self.judge()
        return self.said.state

    def fails(self, *names: str) -> Grid | None:
        """Let an attempt of witnesses fail."""
        return self._failed(names)

    def silent(self, *names: str) -> Grid | None:
        """Let witnesses be silent for too long."""
        return self._failed(names, UNKNOWN)

    def _failed(self, names: Iterable[str], state: Grid | None = None) -> Grid | None:
        for name in names:
            before = self.witnesses[name]
            track = replace(before.track, state=state or before.state)
            self.witnesses[name] = after_failure(before, track)
        return self.judge()

    def judge(self) -> Grid | None:
        self.said = agreement(list(self.witnesses.values()), self.said)
        return self.said.state

    def dissenters(self) -> tuple[str, ...]:
        return dissenters(list(self.witnesses.values()), self.said.discredited)


def looked(*readings: tuple[float, float | None]) -> Witness:
    """Return a witness after readings, by the rules that the poller applies: (second, volts); None is a failure."""
    witness = Witness("a", unknown_grid(START))
    for second, volts in readings:
        if volts is None:
            witness = after_failure(witness, after_silence(witness.track, at(second), LIMITS))
            continue
        reading = GridReading(at(second), volts, 50.0 if volts else 0.0)
        track = after_reading(witness.track, reading, LIMITS)
        witness = after_look(witness, track, reading, second, usable=reading.is_usable(LIMITS))
    return witness


@pytest.mark.parametrize(
    ("readings", "state", "looked_s", "changed_s", "candidate_s"),
    [
        pytest.param([(1, 230)], UNKNOWN, -inf, -inf, 1, id="seen-once"),
        pytest.param([(1, 230), (2, 230)], ON, 2, 1, None, id="confirmed-by-the-second"),
        pytest.param([(1, 230), (2, 230), (3, 230)], ON, 3, 1, None, id="goes-on"),
        pytest.param([(1, 230), (2, 230), (3, 0)], ON, 2, 1, 3, id="a-zero-supports-nothing"),
        pytest.param([(1, 230), (2, 230), (3, 0), (4, 0)], OFF, 4, 3, None, id="lost-since-the-first-zero"),
        pytest.param([(1, 230), (2, 230), (3, 0), (4, 230)], ON, 4, 1, None, id="a-spike-is-forgotten"),
        pytest.param([(1, 230), (2, 230), (3, 0), (4, None), (5, 0)], ON, 2, 1, 5, id="begun-again-after-a-failure"),
        pytest.param([(1, 230), (2, 230), (3, 130)], ON, 3, 1, None, id="between-the-limits-it-stands"),
    ],
)
def test_what_readings_make_of_a_witness(
    readings: list[tuple[float, float | None]], state: Grid, looked_s: float, changed_s: float, candidate_s: float
) -> None:
    found = looked(*readings)
    assert (found.state, found.looked_s, found.changed_s, found.candidate_s) == (
        state,
        looked_s,
        changed_s,
        candidate_s,
    )


def test_a_witness_that_gave_no_reading_has_none() -> None:
    found = looked((1, 230), (2, 230), (3, 0), (4, None))
    assert (found.answers, found.reading, found.candidate_s) == (False, None, None)
    assert speaker([found, replace(found, answers=True)], ON, frozenset()) is None
    assert speaker([found], ON, frozenset()) is None


def test_all_silent_is_unknown_and_before_the_first_look_nothing_is_said() -> None:
    house = House(a=None, b=None)
    assert house.judge() is None
    assert house.fails("a") is None, "b has not been asked yet"
    assert house.fails("b") is UNKNOWN
    assert house.sees(10, a=ON) is ON
    assert house.silent("a", "b") is UNKNOWN


def test_a_loss_counts_when_all_who_answer_have_seen_it() -> None:
    house = House(a=None, b=None)
    house.sees(0, a=ON, b=ON)
    assert house.sees(5, a=OFF) is ON
    assert house.sees(6, b=OFF) is OFF
    assert house.said.since == at(5)
    assert house.sees(60, b=ON) is ON, "power is back where the first one sees it"
    assert house.said.since == at(60)


def test_a_lone_dissenter_is_named_and_makes_no_outage_even_alone() -> None:
    house = House(a=None, b=None, c=None)
    house.sees(0, a=ON, b=ON, c=ON)
    assert house.sees(5, a=OFF, b=ON, c=ON) is ON
    assert house.dissenters() == (), "perhaps it was only the first to see it"
    assert house.sees(10, b=ON) is ON
    assert house.dissenters() == ("a",)
    assert house.silent("b", "c") is UNKNOWN
    assert house.sees(30, a=OFF) is UNKNOWN
    assert house.sees(40, b=OFF) is OFF, "a credible one agrees"
    assert house.dissenters() == ()
    assert house.said.since == at(40)


def test_a_dissenter_that_sees_power_again_counts_again() -> None:
    house = House(a=None, b=None)
    house.sees(0, a=ON, b=ON)
    house.sees(5, a=OFF)
    house.sees(10, b=ON)
    assert house.dissenters() == ("a",)
    house.sees(15, a=ON)
    assert house.silent("b") is ON
    assert house.sees(30, a=OFF) is OFF


def test_a_power_cut_that_takes_a_witness_with_it_is_seen() -> None:
    house = House(a=None, b=None)
    house.sees(0, a=ON, b=ON)
    assert house.sees(5, a=OFF) is ON
    assert house.fails("b") is OFF
    assert house.silent("b") is OFF


def test_a_reading_that_was_begun_before_the_loss_contradicts_nobody() -> None:
    house = House(a=None, b=None)
    house.sees(0, a=ON, b=ON)
    house.sees(5, a=OFF)
    house.sees(5 + LAG_S, b=ON)
    assert house.dissenters() == ()
    assert house.silent("b") is OFF


def test_one_phase_of_three_is_a_split_and_the_last_to_go_is_the_outage() -> None:
    house = House(a=1, b=2, c=3)
    house.sees(0, a=ON, b=ON, c=ON)
    assert house.sees(5, a=OFF) is ON
    assert house.said.phases == {1: True, 2: True, 3: True}, "the others have not looked yet"
    house.sees(6, b=ON, c=ON)
    assert (house.said.state, house.said.phases) == (ON, {1: False, 2: True, 3: True})
    assert house.dissenters() == ()
    assert house.sees(100, b=OFF, c=OFF) is OFF
    assert (house.said.since, house.said.phases) == (at(100), {1: False, 2: False, 3: False})
    assert house.sees(200, b=ON) is ON


def test_all_phases_that_go_at_once_are_never_a_split() -> None:
    house = House(a=1, b=2, c=3)
    house.sees(0, a=ON, b=ON, c=ON)
    seen = []
    for second, name in ((5, "a"), (6, "b"), (7, "c")):
        house.sees(second, **{name: OFF})
        seen.append(tuple(house.said.phases.values()))
    assert set(seen) == {(True, True, True), (False, False, False)}


def test_a_phase_that_was_lost_alone_is_no_outage_when_the_others_fall_silent() -> None:
    house = House(a=1, b=2, c=3)
    house.sees(0, a=ON, b=ON, c=ON)
    house.sees(5, a=OFF)
    house.sees(6, b=ON, c=ON)
    assert house.silent("b", "c") is UNKNOWN
    assert house.said.phases == {1: False, 2: None, 3: None}


def test_the_figures_come_from_a_witness_of_the_verdict() -> None:
    house = House(a=None, b=None, c=None)
    house.sees(0, a=OFF, b=ON, c=ON)
    house.fails("b")
    said = speaker(list(house.witnesses.values()), ON, house.said.discredited)
    assert said
    assert said.name == "c"


NAMES = ("a", "b", "c")
EVENTS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from([ON, OFF, UNKNOWN, "fails", "silent"]), st.floats(0.1, 20)),
    max_size=30,
)
PHASES = st.sampled_from([(None, None, None), (1, 1, 1), (1, 2, 3), (1, 1, 2), (1, 2, None)])


def play(house: House, name: str, event: Grid | str, second: float) -> None:
    if isinstance(event, Grid):
        house.sees(second, **{name: event})
    elif event == "fails":
        house.fails(name)
    else:
        house.silent(name)


@given(EVENTS, PHASES)
def test_off_only_when_all_who_see_the_grid_agree(events: list[tuple[str, Grid | str, float]], phases) -> None:
    house, second = House(**dict(zip(NAMES, phases, strict=True))), 0.0
    for name, event, pause in events:
        second += pause
        play(house, name, event, second)
        witnesses = house.witnesses.values()
        seeing = [w for w in witnesses if w.answers and w.state is not UNKNOWN]
        if any(w.state is ON for w in seeing):
            assert house.said.state is ON
        if house.said.state is OFF:
            assert any(w.state is OFF for w in witnesses)
            assert not any(w.state is ON for w in seeing)
            assert True not in house.said.phases.values()
        if all(w.state is UNKNOWN and w.answers is not None for w in witnesses):
            assert house.said.state is UNKNOWN
        if house.said.state is UNKNOWN:
            assert not any(w.state is ON for w in seeing)


@given(EVENTS)
def test_a_single_witness_is_believed(events: list[tuple[str, Grid | str, float]]) -> None:
    house, second = House(a=None), 0.0
    for _, event, pause in events:
        second += pause
        play(house, "a", event, second)
        assert house.said.state is house.witnesses["a"].state


@given(
    st.lists(st.tuples(st.sampled_from(["liar", "fails", "silent", "honest"]), st.floats(0.1, 10)), max_size=40),
    st.booleans(),
)
def test_who_was_caught_lying_never_makes_an_outage(events: list[tuple[str, float]], same_phase: bool) -> None:
    """The honest one may come and go as it likes; the grid is there all the time."""
    house = House(liar=1, honest=1 if same_phase else 2)
    house.sees(0, liar=ON, honest=ON)
    house.sees(5, liar=OFF)
    house.sees(10, honest=ON)
    second = 10.0
    for event, pause in events:
        second += pause
        match event:
            case "liar":
                house.sees(second, liar=OFF)
            case "honest":
                house.sees(second, honest=ON)
            case _:
                play(house, "honest", event, second)
        assert house.said.state is not OFF


@given(st.permutations(NAMES), st.lists(st.floats(0, 5), min_size=3, max_size=3), PHASES)
def test_a_real_loss_is_an_outage_with_the_last_look(order: list[str], pauses: list[float], phases) -> None:
    house, second = House(**dict(zip(NAMES, phases, strict=True))), 100.0
    house.sees(0, a=ON, b=ON, c=ON)
    for name, pause in zip(order, pauses, strict=True):
        assert house.said.state is ON
        second += pause
        house.sees(second, **{name: OFF})
    assert house.said.state is OFF
    assert not house.dissenters()


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_restored_knowledge_stands_until_all_have_been_asked(lost: int) -> None:
    phases = {1: True, 2: True, 3: True} | {lost: False}
    house = House(a=1, b=2, c=3)
    house.said = Agreement(ON, phases=phases, alone=frozenset({lost}))
    name = NAMES[lost - 1]
    house.sees(0, **{name: OFF})
    assert (house.said.state, house.said.phases) == (ON, phases)
    house.fails(*(other for other in NAMES if other != name))
    assert house.said.state is UNKNOWN, "it was lost alone before"
