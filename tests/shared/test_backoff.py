"""Pauses grow up to a limit, and begin anew after a success."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.backoff import Backoff


def test_pauses_double_up_to_the_longest_and_start_again_after_a_success() -> None:
    backoff = Backoff(1, 5)
    assert [backoff.next_s() for _ in range(5)] == [1, 2, 4, 5, 5]
    assert backoff.attempts == 5
    backoff.reset()
    assert backoff.attempts == 0
    assert backoff.next_s() == 1


def test_another_factor_grows_faster() -> None:
    backoff = Backoff(60, 3600, factor=10)
    assert [backoff.next_s() for _ in range(3)] == [60, 600, 3600]


def test_jitter_changes_the_pause_and_not_the_growth() -> None:
    asked: list[tuple[float, float]] = []

    def lowest(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    backoff = Backoff(1, 4, jitter=(0.5, 1.5), uniform=lowest)
    assert [backoff.next_s() for _ in range(4)] == [0.5, 1, 2, 2]
    assert asked == [(0.5, 1.5)] * 4


@given(first_s=st.floats(0.01, 10), most_s=st.floats(10, 1000), spread=st.floats(0, 0.9), failures=st.integers(1, 2000))
def test_years_of_failures_stay_within_the_limits(first_s: float, most_s: float, spread: float, failures: int) -> None:
    backoff = Backoff(first_s, most_s, jitter=(1 - spread, 1 + spread))
    pauses = [backoff.next_s() for _ in range(failures)]
    assert all((1 - spread) * first_s <= pause <= (1 + spread) * most_s for pause in pauses)
    plain = Backoff(first_s, most_s)
    assert all(before <= after for before, after in pairwise(plain.next_s() for _ in range(failures)))
