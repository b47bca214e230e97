"""Samples of any kind become five-minute steps."""

import numpy as np

from services.outlook.history import History
from services.outlook.steps import to_steps

START = 1_790_000_100.0


def test_a_step_is_the_mean_of_its_samples_in_whatever_order_they_come():
    times = START + np.array([310.0, 10, 200, 620, 290, np.nan])
    load = np.array([500.0, 100, 200, -1, np.nan, 9e9])
    steps = to_steps(History(time=times, load_w=load, soc_percent=load / 10), START + 650)
    assert steps.load_w.tolist()[:2] == [150.0, 500.0]
    assert np.isnan(steps.load_w[2])
    assert steps.inverter_soc.tolist()[:2] == [20.0, 50.0]


def test_the_record_itself_is_left_as_it_is():
    times, load = np.float64(START) + 60.0 * np.arange(20, dtype=np.float64), np.linspace(-5, 300, 20)
    before = load.copy()
    to_steps(History(time=times, load_w=load, grid_on=np.ones(20)), times[-1])
    assert (load == before).all()


def test_nothing_recorded_is_one_unknown_step():
    steps = to_steps(History(time=[]), START)
    assert steps.size == 1
    assert np.isnan(steps.load_w).all()
