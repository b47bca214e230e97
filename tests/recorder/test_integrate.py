"""Power to energy: known values, and that no cut and no order changes the sum."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recorder.integrate import GAP_MS, KWH, Flow, counted, energy, plausible

MINUTE = 60_000
HOUR = 60 * MINUTE


def every_minute(watts: Sequence[float]) -> list[tuple[int, float]]:
    return [(number * MINUTE, value) for number, value in enumerate(watts)]


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        pytest.param([], None, id="nothing-is-unknown"),
        pytest.param([(0, 1000.0)], None, id="one-reading-is-no-energy"),
        pytest.param(every_minute([600] * 61), Flow(0.6, 0), id="constant"),
        pytest.param(every_minute([-600] * 61), Flow(0, 0.6), id="given"),
        pytest.param(every_minute([0] * 61), Flow(0, 0), id="zero-is-known"),
        pytest.param([(0, 0.0), (2 * MINUTE, 1200.0)], Flow(0.02, 0), id="a-ramp"),
        pytest.param([(0, 600.0), (2 * MINUTE, -600.0)], Flow(0.005, 0.005), id="two-triangles"),
        pytest.param([(0, 600.0), (GAP_MS, 600.0)], Flow(0.05, 0), id="five-minutes-are-bridged"),
        pytest.param([(0, 600.0), (GAP_MS + 1, 600.0)], None, id="a-gap-is-not"),
        pytest.param([(-MINUTE, 600.0), (MINUTE, 600.0)], Flow(0.01, 0), id="cut-at-the-border"),
        pytest.param([(-MINUTE, 0.0), (MINUTE, 600.0)], Flow(0.0075, 0), id="a-ramp-cut-at-the-border"),
    ],
)
def test_energy_of_an_hour(points: list[tuple[int, float]], expected: Flow | None) -> None:
    (flow,) = energy(points, [0, HOUR])
    if expected is None:
        assert flow is None
    else:
        assert flow is not None
        assert (flow.taken, flow.given) == pytest.approx((expected.taken, expected.given))


POINTS = st.lists(
    st.tuples(st.integers(0, 4 * HOUR), st.floats(-8000, 8000)), max_size=60, unique_by=lambda point: point[0]
).map(sorted)
CUTS = st.lists(st.integers(1, 4 * HOUR - 1), max_size=12, unique=True).map(sorted)


@given(points=POINTS, cuts=CUTS)
def test_any_cut_gives_the_same_sum(points: list[tuple[int, float]], cuts: list[int]) -> None:
    (whole,) = energy(points, [0, 4 * HOUR])
    parts = [flow for flow in energy(points, [0, *cuts, 4 * HOUR]) if flow]
    assert bool(parts) == (whole is not None)
    if whole:
        assert sum(part.taken for part in parts) == pytest.approx(whole.taken, abs=1e-9)
        assert sum(part.given for part in parts) == pytest.approx(whole.given, abs=1e-9)


@given(points=POINTS)
def test_what_comes_in_less_what_goes_out_is_the_integral(points: list[tuple[int, float]]) -> None:
    (flow,) = energy(points, [0, 4 * HOUR])
    plain = sum((a + b) / 2 * (t1 - t0) / KWH for (t0, a), (t1, b) in pairwise(points) if t1 - t0 <= GAP_MS)
    assert (flow.taken - flow.given if flow else 0) == pytest.approx(plain, abs=1e-9)


@pytest.mark.parametrize(
    ("values", "before", "expected"),
    [
        pytest.param([1, 2, 3.5], 0, 3.5, id="from-nothing"),
        pytest.param([12, 0, 1], 12, 1, id="reset-at-midnight"),
        pytest.param([5, 5], 5, 0, id="nothing-came"),
        pytest.param([101, 102], 100, 2, id="a-total"),
    ],
)
def test_counted(values: list[float], before: float, expected: float) -> None:
    assert counted(values, before) == expected


@pytest.mark.parametrize(
    ("counter", "integral", "unknown_h", "expected"),
    [
        pytest.param(10.4, 10.0, 0, True, id="they-agree"),
        pytest.param(107, 10.0, 0, False, id="after-a-backward-jump"),
        pytest.param(0, 10.0, 0, False, id="a-counter-that-stands"),
        pytest.param(14, 10.0, 2, True, id="what-nobody-saw"),
        pytest.param(14, None, 0, True, id="nothing-else-is-known"),
    ],
)
def test_plausible(counter: float, integral: float | None, unknown_h: float, expected: bool) -> None:
    assert plausible(counter, integral, unknown_h, 3.0) is expected
