"""Power to energy: known values, and that no cut and no order changes the sum."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recorder.energy import counter_increase, integrate, plausible
from shared.energy import GAP_MS, KWH, Energy

MINUTE = 60_000
HOUR = 60 * MINUTE


def every_minute(watts: Sequence[float]) -> list[tuple[int, float]]:
    return [(number * MINUTE, value) for number, value in enumerate(watts)]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param([], None, id="nothing-is-unknown"),
        pytest.param([(0, 1000.0)], None, id="one-reading-is-no-energy"),
        pytest.param(every_minute([600] * 61), Energy(0.6, 0), id="constant"),
        pytest.param(every_minute([-600] * 61), Energy(0, 0.6), id="given"),
        pytest.param(every_minute([0] * 61), Energy(0, 0), id="zero-is-known"),
        pytest.param([(0, 0.0), (2 * MINUTE, 1200.0)], Energy(0.02, 0), id="a-ramp"),
        pytest.param([(0, 600.0), (2 * MINUTE, -600.0)], Energy(0.005, 0.005), id="two-triangles"),
        pytest.param([(0, 600.0), (GAP_MS, 600.0)], Energy(0.05, 0), id="five-minutes-are-bridged"),
        pytest.param([(0, 600.0), (GAP_MS + 1, 600.0)], None, id="a-gap-is-not"),
        pytest.param([(-MINUTE, 600.0), (MINUTE, 600.0)], Energy(0.01, 0), id="cut-at-the-border"),
        pytest.param([(-MINUTE, 0.0), (MINUTE, 600.0)], Energy(0.0075, 0), id="a-ramp-cut-at-the-border"),
    ],
)
def test_energy_of_an_hour(points: list[tuple[int, float]], expected: Energy | None) -> None:
    (total,) = integrate(points, [0, HOUR])
    if expected is None:
        assert total is None
    else:
        assert total is not None
        assert (total.positive, total.negative) == pytest.approx((expected.positive, expected.negative))


POINTS = st.lists(
    st.tuples(st.integers(0, 4 * HOUR), st.floats(-8000, 8000)), max_size=60, unique_by=lambda point: point[0]
).map(sorted)
CUTS = st.lists(st.integers(1, 4 * HOUR - 1), max_size=12, unique=True).map(sorted)


@given(points=POINTS, cuts=CUTS)
def test_any_cut_gives_the_same_sum(points: list[tuple[int, float]], cuts: list[int]) -> None:
    (whole,) = integrate(points, [0, 4 * HOUR])
    parts = [total for total in integrate(points, [0, *cuts, 4 * HOUR]) if total]
    assert bool(parts) == (whole is not None)
    if whole:
        assert sum(part.positive for part in parts) == pytest.approx(whole.positive, abs=1e-9)
        assert sum(part.negative for part in parts) == pytest.approx(whole.negative, abs=1e-9)


@given(points=POINTS)
def test_positive_minus_negative_is_the_integral(points: list[tuple[int, float]]) -> None:
    (total,) = integrate(points, [0, 4 * HOUR])
    plain = sum((a + b) / 2 * (t1 - t0) / KWH for (t0, a), (t1, b) in pairwise(points) if t1 - t0 <= GAP_MS)
    assert (total.positive - total.negative if total else 0) == pytest.approx(plain, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "before", "expected"),
    [
        pytest.param([1, 2, 3.5], 0, 3.5, id="from-nothing"),
        pytest.param([12, 0, 1], 12, 1, id="reset-at-midnight"),
        pytest.param([5, 5], 5, 0, id="nothing-came"),
        pytest.param([101, 102], 100, 2, id="a-total"),
    ],
)
def test_counter_increase(values: list[float], before: float, expected: float) -> None:
    assert counter_increase(values, before) == expected


@pytest.mark.parametrize(
    ("counter", "integral", "unknown_h", "expected"),
    [
        pytest.param(10.4, 10.0, 0, True, id="they-agree"),
        pytest.param(107, 10.0, 0, False, id="after-a-backward-jump"),
        pytest.param(0, 10.0, 0, False, id="a-counter-that-stands"),
        pytest.param(14, 10.0, 2, True, id="what-nobody-saw"),
        pytest.param(14, None, 0, True, id="nothing-else-is-known"),
        pytest.param(0, None, 0, True, id="zero-is-known"),
        pytest.param(-1, None, 0, False, id="a-counter-that-fell"),
        pytest.param(0.6, 1.0, 0, True, id="coarse-steps-of-a-counter"),
    ],
)
def test_plausible(counter: float, integral: float | None, unknown_h: float, expected: bool) -> None:
    assert plausible(counter, integral, unknown_h, 3.0) is expected
