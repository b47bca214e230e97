"""Samples of any kind become five-minute steps."""

import numpy as np
import pytest

from services.outlook.history import History
from services.outlook.steps import spans, to_steps

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


@pytest.mark.parametrize("minutes", [15, 30, 60])
def test_a_coarse_record_holds_until_its_next_sample_and_no_longer(minutes: int):
    times = START + 60.0 * minutes * np.arange(12)
    off = np.array([1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1.0])
    kept = np.arange(12) != 8
    steps = to_steps(History(time=times[kept], load_w=np.full(11, 300.0), grid_on=off[kept]), times[-1])
    assert spans(steps.off) == [(2 * minutes // 5, 5 * minutes // 5)]
    assert spans(np.isnan(steps.load_w)) == [(8 * minutes // 5, 9 * minutes // 5)]
