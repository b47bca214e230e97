"""What the panels are expected to deliver."""

import numpy as np
import pytest

from services.outlook.steps import PER_DAY
from services.outlook.sun import sun_courses


@pytest.mark.parametrize("always_full", [True, False])
def test_a_full_battery_hides_no_sun_that_was_recorded(always_full: bool):
    hours = np.arange(PER_DAY) / 12
    day = np.where(np.abs(hours - 12) < 5, 1000.0, 0.0)
    record = np.append(np.tile(day, 6), 0.0)
    full = np.full(record.size, always_full)
    found = sun_courses(record, full)
    assert (found.weights @ found.power_w)[:PER_DAY] == pytest.approx(day)


def test_hours_in_which_the_battery_was_full_are_at_least_those_of_other_days():
    day = np.full(PER_DAY, 800.0)
    throttled = np.full(PER_DAY, 100.0)
    record = np.append(np.concatenate((day, day, throttled)), 0.0)
    full = np.append(np.repeat([False, False, True], PER_DAY), False)
    assert sun_courses(record, full).power_w.min() == 800
