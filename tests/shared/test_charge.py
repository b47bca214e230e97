"""How long the charge lasts, and whose word counts: as tables."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.charge import BATTERY_HOLDS, live_sum, load_w, packs, runtime, soc_percent
from shared.messages import BatteryState, InverterState

NOW = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


def battery(**fields: float | None) -> BatteryState:
    usual = {"remaining_ah": 100.0, "voltage_v": 52.0, "power_w": -520.0, "soc_percent": 71.0}
    return BatteryState.model_validate({"at": NOW} | usual | fields)


def inverter(**fields: float | None) -> InverterState:
    return InverterState.model_validate({"at": NOW, "battery_soc_percent": 80.0, "battery_power_w": -1040} | fields)


@pytest.mark.parametrize(
    ("pack", "unit", "hours"),
    [
        pytest.param(battery(), inverter(), 10, id="by-the-bms"),
        pytest.param(battery(power_w=None), inverter(), 5, id="by-the-inverter-where-the-bms-does-not-say"),
        pytest.param(battery(power_w=None), None, None, id="nobody-knows-the-power"),
        pytest.param(battery(power_w=0.0), inverter(), None, id="at-rest"),
        pytest.param(battery(power_w=-1e-9), inverter(), None, id="noise-of-the-sensor"),
        pytest.param(battery(remaining_ah=-5.0), inverter(), None, id="cannot-be-true"),
        pytest.param(battery(power_w=300.0), inverter(), None, id="charging"),
        pytest.param(battery(remaining_ah=None), inverter(), None, id="charge-unknown"),
        pytest.param(battery(voltage_v=None), inverter(), None, id="voltage-unknown"),
        pytest.param(None, inverter(), None, id="without-a-bms-the-capacity-is-unknown"),
    ],
)
def test_runtime(pack, unit, hours):
    assert runtime(pack, unit) == (None if hours is None else timedelta(hours=hours))


def test_the_bms_knows_the_charge_better_than_the_inverter():
    assert soc_percent(battery(), inverter()) == 71
    assert soc_percent(battery(soc_percent=None), inverter()) == 80
    assert soc_percent(None, None) is None


def test_the_load_is_that_of_both_outputs():
    assert load_w(inverter(load_power_w=300, total_load_power_w=700)) == 700
    assert load_w(inverter(load_power_w=300)) == 300
    assert load_w(None) is None


def test_the_sum_counts_while_it_is_live():
    known = {"all": battery(), "b": battery(), "a": battery()}
    assert live_sum(known, NOW + BATTERY_HOLDS) == known["all"]
    assert live_sum(known, NOW + BATTERY_HOLDS + timedelta(seconds=1)) is None
    assert [name for name, _ in packs(known)] == ["a", "b"]
