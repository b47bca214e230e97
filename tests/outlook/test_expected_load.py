"""The regression of what is drawn on what was drawn before it."""

import numpy as np
import pytest

from services.outlook.expected_load import TRIED_DAYS, regress

SHIFTS = 3


def days_of(number: int, *, slope: float, noise: float, seed: int = 1):
    """Return features, targets and ages of so many days, each at several places that are nearly alike."""
    rng = np.random.default_rng(seed)
    age = np.tile(np.arange(1, number + 1), SHIFTS)
    features = np.tile(rng.normal(size=(number, 6)), (SHIFTS, 1)) + 0.05 * rng.normal(size=(number * SHIFTS, 6))
    by_day = np.tile(noise * rng.normal(size=(number, 1)), (SHIFTS, 1))
    return features, 6 + slope * features[:, :1] + by_day, age


@pytest.mark.parametrize("day", [1, 4, 30])
def test_left_out_is_what_the_other_days_say(day: int):
    features, target, age = days_of(60, slope=0.5, noise=0.3)
    whole = regress(features, target, features[:1], np.ones(len(age)), age)
    rest = age != day
    others = regress(features[rest], target[rest], features[~rest][:1], np.ones(int(rest.sum())), age[rest])
    assert whole.left_out[~rest][0] == pytest.approx(others.now[0], abs=0.02)


def test_only_the_last_days_are_left_out():
    features, target, age = days_of(TRIED_DAYS + 20, slope=0.5, noise=0.3)
    left_out = regress(features, target, features[:1], np.ones(len(age)), age).left_out
    assert np.isfinite(left_out[age <= TRIED_DAYS]).all()
    assert np.isnan(left_out[age > TRIED_DAYS]).all()


def test_chance_on_few_days_is_not_taken_for_a_rule():
    learned = list[float]()
    for seed in range(30):
        features, target, age = days_of(9, slope=0.0, noise=0.5, seed=seed)
        expected = regress(features, target, features[:1], np.ones(len(age)), age)
        learned.append(float(expected.each.std() / target.std()))
    assert np.mean(learned) < 0.4


def test_what_many_days_show_is_believed():
    features, target, age = days_of(80, slope=0.5, noise=0.1)
    here = np.array([[1.5, 0, 0, 0, 0, 0]])
    assert regress(features, target, here, np.ones(len(age)), age).now[0, 0] == pytest.approx(6.75, abs=0.1)
