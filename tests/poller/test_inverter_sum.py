"""Several inverters as one: what one does not know, the sum does not know."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.poller.inverter_sum import SUMMED, inverter_sum
from shared.conditions import inverter
from shared.live_figures import load_w
from shared.messages import InverterState, Mode

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)


def state(**figures: Any) -> InverterState:
    return InverterState(**{"at": NOW, "mode": Mode.MAINS, "faults": (), "warnings": ()} | figures)


def total(*states: InverterState | None, rated: int | None = 6200) -> InverterState:
    names = [f"i{number}" for number in range(len(states))]
    summed = inverter_sum(dict(zip(names, states, strict=True)), dict.fromkeys(names, rated))
    assert summed
    return summed


FIGURES = st.fixed_dictionaries({name: st.none() | st.integers(-15_000, 15_000) for name in SUMMED})


@given(st.lists(FIGURES, min_size=1, max_size=4))
def test_every_sum_is_the_sum_or_unknown(figures: list[dict[str, int | None]]) -> None:
    summed = total(*(state(**one) for one in figures))
    for name in SUMMED:
        values = [one[name] for one in figures]
        assert getattr(summed, name) == (None if None in values else sum(value or 0 for value in values))


def test_a_silent_one_leaves_the_sum_unknown_and_is_named() -> None:
    summed = total(state(load_power_w=400, battery_soc_percent=80.0), None)
    assert (summed.load_power_w, summed.battery_soc_percent, summed.faults) == (None, None, None)
    assert (summed.inverters, summed.silent) == (("i0", "i1"), ("i1",))
    assert inverter_sum({"a": None, "b": None}, {}) is None


def test_voltages_frequencies_and_temperatures_are_not_summed() -> None:
    one = state(grid_voltage_v=230.0, grid_frequency_hz=50.0, output_voltage_v=230.0, inverter_temperature_c=40)
    summed = total(one, one)
    known = {name for name, value in summed if value is not None}
    assert not {name for name in known if name.endswith(("_v", "_hz", "_c"))}


@pytest.mark.parametrize(
    ("volts", "percents", "amperes", "expected"),
    [
        pytest.param((52.0, 52.4), (80.0, 82.0), (10.0, 5.5), (52.2, 81.0, 15.5), id="one-bank"),
        pytest.param((52.0, 48.0), (80.0, 40.0), (10.0, 5.5), (None, None, None), id="separate-banks"),
        pytest.param((52.0, None), (80.0, None), (10.0, None), (None, None, None), id="unknown"),
    ],
)
def test_a_shared_battery_has_one_voltage_and_charge(volts, percents, amperes, expected) -> None:
    summed = total(
        *(
            state(battery_voltage_v=volt, battery_soc_percent=percent, battery_current_a=ampere)
            for volt, percent, ampere in zip(volts, percents, amperes, strict=True)
        )
    )
    assert (summed.battery_voltage_v, summed.battery_soc_percent, summed.battery_current_a) == expected


def test_mixed_layouts_have_one_load() -> None:
    summed = total(state(load_power_w=400), state(load_power_w=1000, total_load_power_w=1600))
    assert load_w(summed) == 2000
    assert summed.load_percent == round(100 * 2000 / 12_400)
    assert total(state(load_power_w=400), rated=None).load_percent is None


def test_what_any_of_them_warns_of_is_there_once() -> None:
    one, other = state(warnings=(inverter.MAINS_LOST(),)), state(mode=Mode.OFF_GRID, warnings=(inverter.MAINS_LOST(),))
    summed = total(one, other)
    assert (summed.warnings, summed.faults, summed.mode) == ((inverter.MAINS_LOST(),), (), Mode.UNKNOWN)


def test_it_is_as_old_as_its_oldest_reading() -> None:
    assert total(state(), state(at=NOW - timedelta(seconds=4))).at == NOW - timedelta(seconds=4)
