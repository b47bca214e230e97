"""When the mains charges a battery that has room."""

import numpy as np
import pytest

from services.outlook.charging_times import learn_charging_times
from services.outlook.forecast import forecast
from services.outlook.steps import HORIZON, to_steps
from tests.outlook.home import CHARGE_W, CONVERSION, IDLE_W, NOW, WH_PER_PERCENT, home
from tests.outlook.test_forecast import plan

TO_23_H = 7
"""NOW is two minutes past 16:00."""


def home_that_charges(may_charge):
    """Return the record of a home with an outage each morning, charged from the mains where (hour, charge) says so."""
    record = home()
    off, load = np.asarray(record.grid_on) == 0, np.asarray(record.load_w)
    soc, battery = np.empty(off.size), np.zeros(off.size)
    now = 95.0
    for step, at_s in enumerate(record.time):
        soc[step] = now
        if off[step]:
            battery[step] = -CONVERSION * load[step] - IDLE_W
        elif may_charge(at_s / 3600 % 24, now):
            battery[step] = min(CHARGE_W, (100 - now) * 150)
        now = min(100.0, now + battery[step] / 12 / WH_PER_PERCENT)
    return home(columns={"soc_percent": np.round(soc), "battery_power_w": battery})


CHEAP = home_that_charges(lambda hour, _: not 5 <= hour < 23)


def test_a_battery_that_waits_for_cheap_hours_is_charged_in_them_and_not_before():
    found = forecast(CHEAP, NOW, plan((3, 5))).strip
    assert found
    strip = found.p50
    assert strip[0] < 80
    assert strip[3 * 12] == pytest.approx(strip[0], abs=1)
    assert strip[(TO_23_H - 1) * 12] < strip[3 * 12] - 10, "nor after an outage that ends before them"
    assert strip[(TO_23_H + 4) * 12] > 95


@pytest.mark.parametrize("may_charge", [lambda *_: True, lambda hour, _: hour < 8 or hour >= 12])
def test_a_battery_that_is_charged_at_once_waits_at_no_time(may_charge):
    steps = to_steps(home_that_charges(may_charge), NOW.timestamp())
    times = learn_charging_times(steps, steps.inverter_soc, 100.0)
    assert not times.waits.any()
    assert times.rests_steps == 0


def test_a_battery_that_floats_below_full_is_not_resting():
    steps = to_steps(home_that_charges(lambda _, charge: charge < 90), NOW.timestamp())
    assert learn_charging_times(steps, steps.inverter_soc, 91.0).rests_steps == 0


def test_a_battery_that_is_topped_up_only_when_it_is_low_rests_until_the_next_outage():
    record = home_that_charges(lambda _, charge: charge < 60)
    steps = to_steps(record, NOW.timestamp())
    assert learn_charging_times(steps, steps.inverter_soc, 100.0).rests_steps == HORIZON


def test_without_a_meter_at_the_battery_nothing_is_taken_to_wait():
    steps = to_steps(home(columns={"battery_power_w": ()}), NOW.timestamp())
    times = learn_charging_times(steps, np.full(steps.size, 50.0), 100.0)
    assert times.rests_steps == 0
    assert not times.waits.any()
