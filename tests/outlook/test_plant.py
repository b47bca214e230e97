"""What is learned of inverter and battery from the record."""

from dataclasses import replace

import numpy as np
import pytest

from services.outlook.plant import learn_plant
from services.outlook.steps import to_steps
from tests.outlook.home import CHARGE_W, CONVERSION, IDLE_W, NOW, WH_PER_PERCENT, home

SUN_USED = 0.94


def sunny_home(*, throttled: bool):
    """Return the record of a home whose outages are at noon; a full battery takes no sun.

    throttled: whether the panels are recorded to deliver less then.
    """
    record = home()
    off = np.asarray(record.grid_on) == 0
    load = np.asarray(record.load_w)
    rng = np.random.default_rng(5)
    sun = np.where(off, rng.uniform(0, 2500, off.size), 0.0)
    soc, battery = np.empty(off.size), np.array(record.battery_power_w)
    now = 95.0
    for step in range(off.size):
        soc[step] = now
        if off[step]:
            battery[step] = SUN_USED * sun[step] - CONVERSION * load[step] - IDLE_W
        if now + battery[step] / 12 / WH_PER_PERCENT > 100:
            left_over = battery[step] - (100 - now) * 12 * WH_PER_PERCENT
            battery[step] -= left_over
            sun[step] -= left_over / SUN_USED if throttled and off[step] else 0.0
        now = min(100.0, max(0.0, now + battery[step] / 12 / WH_PER_PERCENT))
    columns = {"soc_percent": np.round(soc), "battery_power_w": battery, "pv_power_w": sun}
    return home(columns=columns)


@pytest.mark.parametrize("throttled", [True, False])
def test_what_the_sun_gives_is_told_from_what_the_home_takes(throttled: bool):
    steps = to_steps(sunny_home(throttled=throttled), NOW.timestamp())
    plant = learn_plant(steps, steps.inverter_soc)
    assert plant.sun_used.value == pytest.approx(SUN_USED, abs=0.03)
    assert plant.conversion.value == pytest.approx(CONVERSION, abs=0.03)
    assert plant.idle_w.value == pytest.approx(IDLE_W, abs=15)


@pytest.mark.parametrize("minutes", [10, 15, 30, 60])
@pytest.mark.parametrize("off_hours", [(8, 12), (9.2, 13.7)])
def test_a_coarse_record_makes_no_larger_battery(minutes: int, off_hours: tuple[float, float]):
    record = home(40, off_hours=off_hours)
    every = minutes // 5
    names = ("time", "load_w", "battery_power_w", "soc_percent", "grid_on")
    coarse = replace(record, **{name: np.array(getattr(record, name))[::-every][::-1] for name in names})
    steps = to_steps(coarse, NOW.timestamp())
    plant = learn_plant(steps, steps.inverter_soc)
    assert plant.discharge_wh.value == pytest.approx(WH_PER_PERCENT, rel=0.06)
    assert not plant.discharge_wh.is_default
    assert plant.charging_w.value == pytest.approx(CHARGE_W, rel=0.1)


def test_without_panels_a_usual_share_of_the_sun_is_assumed():
    plant = learn_plant(to_steps(home(), NOW.timestamp()), to_steps(home(), NOW.timestamp()).inverter_soc)
    assert plant.sun_used.is_default
    assert plant.conversion.value == pytest.approx(CONVERSION, abs=0.02)


@pytest.mark.parametrize("charged_once", [False, True])
def test_what_only_the_sun_charges_is_not_charged_from_the_mains(charged_once: bool):
    record = home()
    hour = np.asarray(record.time) / 3600 % 24
    sun = np.where((hour >= 12) & (hour < 15), 1500.0, 0.0)
    battery = np.where(np.asarray(record.grid_on) == 0, np.asarray(record.battery_power_w), 0.4 * sun)
    if charged_once:  # by hand, at two in the morning
        battery[-14 * 12 : -13 * 12] = 1500.0
    soc = np.where(hour < 8, 80.0, np.where(hour < 12, 80 - 8 * (hour - 8), np.minimum(80, 48 + 10 * (hour - 12))))
    steps = to_steps(home(columns={"soc_percent": soc, "battery_power_w": battery, "pv_power_w": sun}), NOW.timestamp())
    assert learn_plant(steps, soc).charging_w.value == 0
