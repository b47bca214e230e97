"""How people draw power around outages: learned where it is there, not read into chance."""

import numpy as np
import pytest

from services.outlook.behaviour import Around, Behaviour, around, learn_behaviour
from services.outlook.steps import PER_DAY

DAYS = 60


def outages(seed: int, days: int = DAYS) -> "np.typing.NDArray[np.bool_]":
    """An outage of three to five hours a day, at any hour, by steps."""
    rng = np.random.default_rng(seed)
    off = np.zeros(days * PER_DAY, dtype=bool)
    for day in range(days):
        start = day * PER_DAY + int(rng.integers(0, PER_DAY - 60))
        off[start : start + int(rng.integers(36, 60))] = True
    return off


def lumpy(seed: int, days: int = DAYS) -> "np.typing.NDArray[np.float64]":
    """A home that draws little, and much for half an hour now and then."""
    rng = np.random.default_rng(seed)
    load = np.full(days * PER_DAY, 60.0)
    for start in rng.integers(0, len(load), 5 * days).tolist():
        load[start : start + 6] += 1800.0
    return load


def learned(load_w: "np.typing.NDArray[np.float64]", off: "np.typing.NDArray[np.bool_]") -> Behaviour:
    """What is learned of a home that knows of its outages beforehand."""
    return learn_behaviour(load_w, around(off, off), np.arange(len(load_w)))


@pytest.mark.parametrize("seed", range(6))
def test_lumps_that_fall_into_outages_by_chance_are_no_behaviour(seed: int) -> None:
    """As many kettles boil in outages as else: all that is seen besides is chance."""
    found = learned(lumpy(seed), outages(seed))
    assert np.abs(np.log(found.factors)).max() < 0.2


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("share", [0.6, 1.3])
def test_a_home_that_saves_in_outages_or_draws_more_is_seen_to(seed: int, share: float) -> None:
    """Where days are alike, what is done differently in outages shows, and only there."""
    off = outages(seed)
    load = np.random.default_rng(seed).gamma(20, 15.0, len(off)) * np.where(off, share, 1.0)
    found = learned(load, off)
    assert found.during.value == pytest.approx(share, rel=0.1)
    assert found.factors[[Around.BEFORE, Around.AFTER]] == pytest.approx(1.0, rel=0.1)


def test_days_on_which_more_is_drawn_and_power_is_away_longer_are_no_behaviour() -> None:
    """In cold weeks people heat, and there are more outages: the days around tell what is usual then."""
    off = outages(1) & (np.arange(DAYS * PER_DAY) >= DAYS // 2 * PER_DAY)
    cold = np.where(np.arange(len(off)) >= DAYS // 2 * PER_DAY, 900.0, 300.0)
    found = learned(cold, off)
    assert found.factors == pytest.approx(1.0, rel=0.1)


def test_one_outage_says_little() -> None:
    """A kettle less in the only outage of a week is no habit."""
    off = np.zeros(7 * PER_DAY, dtype=bool)
    off[5 * PER_DAY : 5 * PER_DAY + 48] = True
    found = learned(np.where(off, 150.0, 300.0), off)
    assert 0.75 < found.during.value < 1.0


def test_nothing_recorded_is_no_behaviour() -> None:
    """Steps whose load is unknown count as not seen."""
    off = outages(2)
    found = learned(np.full(len(off), np.nan), off)
    assert found.factors == pytest.approx(1.0)
    assert found.during.is_default
