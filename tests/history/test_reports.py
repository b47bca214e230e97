"""Calendar units: where each begins, and where the next one does."""

from datetime import date

import pytest

from shared.history.reports import By, beginning, following


@pytest.mark.parametrize(
    ("day", "by", "first", "after"),
    [
        pytest.param("2026-11-30", By.DAY, "2026-11-30", "2026-12-01", id="day"),
        pytest.param("2026-11-29", By.WEEK, "2026-11-23", "2026-11-30", id="sunday"),
        pytest.param("2026-11-30", By.WEEK, "2026-11-30", "2026-12-07", id="monday"),
        pytest.param("2026-01-31", By.MONTH, "2026-01-01", "2026-02-01", id="before-a-short-month"),
        pytest.param("2026-02-28", By.MONTH, "2026-02-01", "2026-03-01", id="short-month"),
        pytest.param("2027-12-31", By.YEAR, "2027-01-01", "2028-01-01", id="common-year"),
        pytest.param("2028-02-29", By.YEAR, "2028-01-01", "2029-01-01", id="leap-year"),
    ],
)
def test_a_unit_and_the_one_after_it(day: str, by: By, first: str, after: str) -> None:
    given = date.fromisoformat(day)
    assert beginning(given, by) == date.fromisoformat(first)
    assert following(given, by) == date.fromisoformat(after)
