"""Roll-ups from readings, hours and days from roll-ups, and the day's energy from counters."""

from typing import Any

import pytest

from services.recorder.aggregation import combine, combine_day, five_minutes
from shared.history.derived import BATTERIES, DAY, FIVE_MINUTES, HOUR, HOUR_MS, INVERTERS, STEP_MS

MINUTE = 60_000
MIDNIGHT = 1_795_392_000_000 - 2 * HOUR_MS


def readings(*rows: tuple[int, float | None, float | None]) -> list[tuple[Any, ...]]:
    """Return rows of (minute, power, charge) as the aggregation gets them."""
    names = BATTERIES.fields
    power, soc = names.index("power_w"), names.index("soc_percent")
    made = []
    for minute, watts, charge in rows:
        values: list[Any] = [None] * len(names)
        values[power], values[soc] = watts, charge
        made.append((minute * MINUTE, *values))
    return made


def test_five_minutes_are_counted_from_their_own_readings() -> None:
    rows = readings(
        (-1, 600, 10), (0, 600, 50), (1, 1200, None), (4, 600, 60), (5, 600, 90), (9, 600, 80), (10, 600, 5)
    )
    first, second = five_minutes(BATTERIES, rows, 0, 2 * STEP_MS)
    assert (first["step"], first["at"], first["n"]) == (FIVE_MINUTES, 0, 3)
    assert (first["soc_percent_min"], first["soc_percent_mean"], first["soc_percent_max"]) == (50, 55, 60)
    assert (first["power_w_min"], first["power_w_mean"], first["power_w_max"]) == (600, 800, 1200)
    assert (first["voltage_v_min"], first["voltage_v_mean"], first["voltage_v_max"]) == (None, None, None)
    assert (second["at"], second["n"], second["soc_percent_mean"]) == (STEP_MS, 2, 85)
    assert first["in_kwh"] == pytest.approx(0.015 + 0.045 + 0.01)
    assert (second["in_kwh"], second["out_kwh"]) == (pytest.approx(0.05), 0)


def test_a_step_without_readings_is_left_out() -> None:
    assert five_minutes(BATTERIES, [], 0, STEP_MS) == []
    rows = readings((0, 600, 50), (11, None, 60))
    assert [(row["at"], row["in_kwh"], row["out_kwh"]) for row in five_minutes(BATTERIES, rows, 0, 3 * STEP_MS)] == [
        (0, None, None),
        (2 * STEP_MS, None, None),
    ]


def rollup(source: Any, at: int, n: int = 1, **known: float) -> dict[str, Any]:
    names = [f"{field}_{kind}" for field in source.fields for kind in ("min", "mean", "max")]
    return dict.fromkeys([*names, *source.energies]) | {"step": FIVE_MINUTES, "at": at, "n": n} | known


def test_means_are_weighted_by_the_number_of_readings() -> None:
    rows = [
        rollup(BATTERIES, 0, 1, soc_percent_min=10, soc_percent_mean=20, soc_percent_max=30, in_kwh=0.5),
        rollup(BATTERIES, STEP_MS, 3, soc_percent_min=5, soc_percent_mean=40, soc_percent_max=50, in_kwh=0.25),
        rollup(BATTERIES, 2 * STEP_MS, 9),
    ]
    found = combine(BATTERIES, rows, HOUR, 0)
    assert (found["step"], found["at"], found["n"]) == (HOUR, 0, 13)
    assert (found["soc_percent_min"], found["soc_percent_mean"], found["soc_percent_max"]) == (5, 35, 50)
    assert (found["in_kwh"], found["out_kwh"]) == (0.75, None)
    assert (found["voltage_v_min"], found["voltage_v_mean"], found["voltage_v_max"]) == (None, None, None)


def day(*steps: dict[str, Any]) -> list[dict[str, Any]]:
    return [rollup(INVERTERS, MIDNIGHT + number * STEP_MS, **step) for number, step in enumerate(steps)]


TODAY, TOTAL = "pv_energy_today_kwh_max", "pv_energy_total_kwh_max"
KNOWN: dict[str, Any] = {"pv_kwh": 2.0, "pv_power_w_min": 0.0, "pv_power_w_mean": 900.0, "pv_power_w_max": 3000.0}


@pytest.mark.parametrize(
    ("steps", "before", "expected"),
    [
        pytest.param([KNOWN], None, 2.0, id="no-counter"),
        pytest.param([KNOWN | {TODAY: 2.1}], None, 2.1, id="todays-counter-starts-at-nothing"),
        pytest.param([KNOWN | {TODAY: 2.1}], {TODAY: 9.0}, 2.1, id="it-was-reset-at-midnight"),
        pytest.param([KNOWN | {TODAY: 11.2}], {TODAY: 9.0}, 2.2, id="it-was-not-reset"),
        pytest.param([KNOWN | {TODAY: 11.2}], {TODAY: None}, 2.0, id="implausible-without-the-evening-before"),
        pytest.param([KNOWN | {TODAY: 90.0, TOTAL: 102.2}], {TODAY: 0.0, TOTAL: 100.0}, 2.2, id="the-total-instead"),
        pytest.param([KNOWN | {TOTAL: 100.0}, {TOTAL: 102.3}], None, 2.3, id="the-total-from-its-first-value"),
        pytest.param([KNOWN | {TODAY: 2.1, TOTAL: 102.0}], {TODAY: 0.0, TOTAL: 100.0}, 2.1, id="todays-is-preferred"),
        pytest.param([KNOWN | {TODAY: 9.0, TOTAL: 109.0}], {TODAY: 0.0, TOTAL: 100.0}, 2.0, id="both-implausible"),
        pytest.param([{TODAY: 3.0}], None, 3.0, id="only-the-counter"),
    ],
)
def test_energy_of_a_day(steps: list[dict[str, Any]], before: dict[str, Any] | None, expected: float) -> None:
    evening = None if before is None else rollup(INVERTERS, MIDNIGHT - STEP_MS, **before)
    found = combine_day(INVERTERS, day(*steps), MIDNIGHT, evening)
    assert (found["step"], found["at"]) == (DAY, MIDNIGHT)
    assert found["pv_kwh"] == pytest.approx(expected)


def test_a_counter_may_know_of_hours_without_readings() -> None:
    first = rollup(INVERTERS, MIDNIGHT + 2 * HOUR_MS - STEP_MS, **KNOWN | {TODAY: 7.5})
    assert combine_day(INVERTERS, [first], MIDNIGHT, None)["pv_kwh"] == 7.5, "3 kW for two hours are possible"
    first |= {TODAY: 8.5}
    assert combine_day(INVERTERS, [first], MIDNIGHT, None)["pv_kwh"] == 2.0


def test_a_battery_has_no_counters() -> None:
    assert combine_day(BATTERIES, [rollup(BATTERIES, 0, in_kwh=1.0)], 0, None)["in_kwh"] == 1.0
