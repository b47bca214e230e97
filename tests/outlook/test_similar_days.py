"""Which past days the load ahead is taken from, and how they are tried on the record."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.outlook.expected_load import Record
from services.outlook.past_trials import HALF_LIVES_DAYS, try_ways, untried, weights_of
from services.outlook.similar_days import courses
from services.outlook.steps import HORIZON, PER_DAY

UTC = ZoneInfo("UTC")
NOON = 144
WINDOW = (12, 60)


def days_of(levels_w, *, seed: int = 1):
    """Return a record that ends at noon: each day has its level, morning and afternoon alike, and some chance."""
    rng = np.random.default_rng(seed)
    load = np.repeat(np.asarray(levels_w, dtype=np.float64), PER_DAY) * rng.gamma(30, 1 / 30, len(levels_w) * PER_DAY)
    return load[: (len(levels_w) - 1) * PER_DAY + NOON + 1]


def middle_w(load, window=WINDOW) -> float:
    """Return the median of what is forecast to be drawn on average in a window."""
    found = courses(load, 1_000_000 * PER_DAY, UTC, [window])
    drawn = found.load_w[:, window[0] : window[1]].mean(axis=1)
    order = np.argsort(drawn)
    return float(np.interp(0.5, np.cumsum(found.weights[order]) / found.weights.sum(), drawn[order]))


@pytest.mark.parametrize("today_w", [250.0, 1000.0])
def test_the_afternoon_is_like_that_of_days_with_such_a_morning(today_w: float):
    levels = np.random.default_rng(2).choice([250.0, 1000.0], 60)
    levels[-1] = today_w
    assert middle_w(days_of(levels)) == pytest.approx(today_w, rel=0.15)


def test_a_home_that_has_changed_is_taken_as_it_is_now():
    levels = np.where(np.arange(90) < 75, 300.0, 900.0)
    assert middle_w(days_of(levels)) == pytest.approx(900, rel=0.15)


def test_hours_beyond_the_record_are_those_of_its_last_day():
    record = Record(np.arange(2.0 * PER_DAY))
    course = record.courses(np.array([2 * PER_DAY - 12]))[0]
    assert len(course) == HORIZON
    assert course[11] == 2 * PER_DAY - 1
    assert course[12] == course[12 + PER_DAY] == PER_DAY


def test_ways_that_forecast_better_count_more():
    days = 60
    target = np.log(np.where(np.arange(days) < 20, 1000.0, 300.0))[:, None]  # it changed twenty days ago
    flat = np.zeros((days, 1))
    far = np.ones((40, days))
    ways = try_ways(target, flat, flat[:40], far, np.arange(days, dtype=np.float64))
    by_half_life = ways.shares.sum(axis=1)
    assert by_half_life[0] == by_half_life.max(), HALF_LIVES_DAYS
    assert by_half_life[0] > 0.6


@given(
    st.lists(st.floats(0, 9), min_size=5, max_size=20),
    st.floats(0, 3),
    st.integers(0, 99),
)
def test_ways_and_weights_are_shares_whatever_the_record(logs: list[float], distance: float, seed: int):
    size = len(logs)
    target, rng = np.array(logs)[:, None], np.random.default_rng(seed)
    far = distance * rng.random((size, size))
    ages = np.arange(1.0, size + 1)
    for ways in (try_ways(target, target * 0, target * 0, far, ages), untried()):
        assert ways.shares.sum() == pytest.approx(1)
        assert ways.shares.min() >= 0
        assert 0.3 <= ways.trust <= 1
        assert 0.85 - 1e-9 <= ways.widen <= 2.2 + 1e-9
        assert weights_of(ways, far[0], ages, np.ones(size)).sum() == pytest.approx(1)
