"""Hours that come back every day."""

from datetime import time

import pytest

from shared.daily_span import in_daily_span


@pytest.mark.parametrize(
    ("start", "end", "covered"),
    [
        pytest.param(23, 7, {23, 0, 1, 2, 3, 4, 5, 6}, id="over-midnight"),
        pytest.param(13, 15, {13, 14}, id="by-day"),
        pytest.param(0, 24, set(range(24)), id="all-day"),
        pytest.param(7, 7, set(), id="empty"),
    ],
)
def test_the_first_hour_is_in_and_the_last_is_not(start: int, end: int, covered: set[int]) -> None:
    assert {hour for hour in range(24) if in_daily_span(hour, start, end)} == covered


def test_times_of_day_are_compared_to_the_minute() -> None:
    assert in_daily_span(time(6, 59), time(22), time(7))
    assert not in_daily_span(time(7), time(22), time(7))
