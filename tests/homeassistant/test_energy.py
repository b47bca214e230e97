"""The energy counters: they never go back, count what recording counts, and fill no gap."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.homeassistant.energy import COUNTERS, Counters, Meter, of_the_home
from shared.energy import GAP_MS
from shared.messages import EnergyState, InverterState
from tests.homeassistant.facts import NOW, inverter

SECOND = timedelta(seconds=1)


def reading(at: datetime, watts: int | None = 3600, **changes: int | None) -> InverterState:
    powers = dict.fromkeys(("pv_power_w", "load_power_w", "grid_power_w", "battery_power_w"), watts)
    return inverter(at, **powers | changes)


def fed(*steps: tuple[float, int | None], meter: Meter | None = None) -> Meter:
    """Return the meter after readings at these seconds, by a clock that is right."""
    meter = meter or Meter()
    for second, watts in steps:
        meter = meter.add("main", reading(NOW + second * SECOND, watts), 1000 + second)
    return meter


def test_both_directions_are_counted_apart() -> None:
    meter = Meter()
    for second, grid, battery in ((0, 3600, -7200), (100, 3600, -7200)):
        one = reading(NOW + second * SECOND, grid_power_w=grid, battery_power_w=battery)
        meter = meter.add("main", one, second)
    kwh = meter.counters.kwh
    assert kwh == pytest.approx(
        {
            "pv_kwh": 0.1,
            "load_kwh": 0.1,
            "grid_in_kwh": 0.1,
            "grid_out_kwh": 0,
            "battery_in_kwh": 0,
            "battery_out_kwh": 0.2,
        }
    )


def test_a_gap_is_not_filled() -> None:
    gap_s = GAP_MS / 1000
    assert fed((0, 3600), (gap_s, 3600)).counters.kwh["pv_kwh"] == pytest.approx(0.3)
    assert fed((0, 3600), (gap_s + 1, 3600)).counters.kwh["pv_kwh"] == 0
    assert fed((0, 3600), (5, None), (10, 3600)).counters.kwh["pv_kwh"] == pytest.approx(0.01)


def test_a_power_that_was_never_known_has_no_counter() -> None:
    meter = Meter().add("main", reading(NOW, battery_power_w=None), 0)
    assert not {"battery_in_kwh", "battery_out_kwh"} & meter.counters.kwh.keys()
    assert meter.counters.state(NOW).battery_in_kwh is None


@pytest.mark.parametrize("step_s", [100, -100, 86_400, -86_400])
def test_a_clock_that_is_set_counts_nothing(step_s: int) -> None:
    before = fed((0, 3600), (10, 3600))
    stepped = before.add("main", reading(NOW + (20 + step_s) * SECOND), 1020)
    assert stepped.counters == before.counters
    after = stepped.add("main", reading(NOW + (30 + step_s) * SECOND), 1030)
    assert after.counters.kwh["pv_kwh"] == pytest.approx(before.counters.kwh["pv_kwh"] + 0.01)


def test_readings_that_come_all_at_once_count_by_their_own_times() -> None:
    """After a lost connection the poller sends what it has measured meanwhile."""
    meter = fed((0, 3600))
    for second in (60, 120, 180):
        meter = meter.add("main", reading(NOW + second * SECOND), 1180)
    assert meter.counters.kwh["pv_kwh"] == pytest.approx(0.18)


def test_another_source_begins_anew() -> None:
    """A second inverter was added: the sum is not joined to the reading of the first one."""
    meter = fed((0, 3600)).add("all", reading(NOW + 10 * SECOND), 1010)
    assert meter.counters.kwh["pv_kwh"] == 0


def test_whose_readings_are_the_homes() -> None:
    one = reading(NOW)
    assert of_the_home({}) is None
    assert of_the_home({"main": one}) == "main"
    assert of_the_home({"a": one, "b": one}) is None
    assert of_the_home({"a": one, "b": one, "all": one}) == "all"


kept = st.dictionaries(st.sampled_from(COUNTERS), st.floats(0, 1e6))
steps = st.lists(
    st.tuples(
        st.floats(-1000, 1000), st.floats(0, 1000), st.none() | st.integers(-20_000, 20_000), st.sampled_from("ab")
    ),
    max_size=30,
)


@given(steps)
def test_no_counter_ever_goes_back(moves: list[tuple[float, float, int | None, str]]) -> None:
    """Whatever clocks, pauses and sources do, and through a restart after each reading."""
    meter, at, now = Meter(), NOW, 0.0
    for moved, passed, watts, source in moves:
        before, published = meter.counters.kwh, meter.counters.state(NOW) if meter.counters.kwh else None
        at, now = at + moved * SECOND, now + passed
        meter = meter.add(source, reading(at, watts), now)
        after = meter.counters.kwh
        assert all(after[name] >= value for name, value in before.items())
        again = Counters().at_least(published).kwh
        assert all(again[name] >= round(value, 3) for name, value in before.items())


@given(kept, kept)
def test_after_a_restart_the_higher_of_file_and_broker_counts(file: dict[str, float], broker: dict[str, float]) -> None:
    published = EnergyState(at=NOW, since=NOW, **broker)
    restored = Counters(since=NOW + SECOND, kwh=file).at_least(published)
    assert restored.since == NOW
    assert all(
        restored.kwh[name] == max(file.get(name, 0), broker.get(name, 0)) for name in file.keys() | broker.keys()
    )
    assert Counters(kwh=file).at_least(None).kwh == file


def test_a_beginning_by_an_unset_clock_is_forgotten() -> None:
    unset = datetime(1973, 5, 1, tzinfo=UTC)
    assert Counters(since=unset).at_least(None).since is None
    assert Counters(since=unset).at_least(EnergyState(at=NOW, since=NOW)).since == NOW
