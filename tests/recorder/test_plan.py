"""Outages of runs, and what was planned of them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.recorder.plan import Match, Off, Plan, Run, joined, match, outages
from shared.messages import DayPlan, Window

START = datetime(2026, 11, 23, 18, tzinfo=UTC)
DAY = date(2026, 11, 23)
MINUTE = timedelta(minutes=1)
SILENCE = 5


def after(minutes: float) -> datetime:
    return START + minutes * MINUTE


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([Run(0, 9, "on", 0)], [], id="grid-all-the-time"),
        pytest.param([Run(0, 9, "unknown", 0)], [], id="unknown-is-no-outage"),
        pytest.param([Run(0, 4, "on", 0), Run(6, 9, "off", 5)], [Off(5, None)], id="it-lasts"),
        pytest.param([Run(6, 9, "off", 5), Run(11, 12, "on", 10)], [Off(5, 10)], id="over"),
        pytest.param(
            [Run(6, 9, "off", 5), Run(10, 12, "unknown", 10), Run(13, 14, "off", 5), Run(15, 16, "on", 15)],
            [Off(5, 15)],
            id="the-same-one-after-unknown",
        ),
        pytest.param(
            [Run(6, 9, "off", 5), Run(10, 12, "unknown", 10), Run(40, 41, "on", 40)],
            [Off(5, 10)],
            id="over-while-nobody-knew",
        ),
        pytest.param([Run(6, 9, "off", 5), Run(40, 41, "on", 40)], [Off(5, 14)], id="a-long-silence-is-not-believed"),
        pytest.param([Run(6, 9, "off", 5), Run(10, 12, "unknown", 10)], [Off(5, 10)], id="nobody-knows-any-more"),
        pytest.param([Run(1, 2, "off", 1), Run(3, 4, "off", 3)], [Off(1, 3), Off(3, None)], id="another-one"),
    ],
)
def test_outages(runs: list[Run], expected: list[Off]) -> None:
    assert list(outages(runs, SILENCE)) == expected


def test_neighbours_that_say_the_same_are_one() -> None:
    assert joined([Run(0, 1, "on", 0), Run(2, 3, "on", 0), Run(4, 4, "off", 4)]) == [
        Run(0, 3, "on", 0),
        Run(4, 4, "off", 4),
    ]


WINDOW = Window(start=after(0), end=after(180))
LATER = Window(start=after(400), end=after(500))
PLAN = Plan([WINDOW, LATER], {DAY: DayPlan.PLANNED})


@pytest.mark.parametrize(
    ("plan", "minutes", "expected"),
    [
        pytest.param(None, (0, 180), Match(None), id="no-plan-known"),
        pytest.param(PLAN, (0, 180), Match(True, WINDOW, 0 * MINUTE, 0 * MINUTE), id="as-planned"),
        pytest.param(PLAN, (4, 200), Match(True, WINDOW, 4 * MINUTE, 20 * MINUTE), id="late"),
        pytest.param(PLAN, (-10, 170), Match(True, WINDOW, -10 * MINUTE, -10 * MINUTE), id="early"),
        pytest.param(PLAN, (-20, -5), Match(True, WINDOW, -20 * MINUTE, -185 * MINUTE), id="over-before-it-was-due"),
        pytest.param(PLAN, (5, None), Match(True, WINDOW, 5 * MINUTE, None), id="it-lasts"),
        pytest.param(PLAN, (250, 300), Match(False), id="between-two"),
        pytest.param(PLAN, (100, 480), Match(True, WINDOW, 100 * MINUTE, 300 * MINUTE), id="the-one-it-covers-most"),
        pytest.param(Plan([], {DAY: DayPlan.NO_OUTAGES}), (0, 9), Match(False), id="none-was-planned"),
        pytest.param(Plan([], {DAY: DayPlan.WAITING}), (0, 9), Match(None), id="not-published-yet"),
        pytest.param(Plan([], {}), (0, 9), Match(None), id="a-day-of-which-nothing-is-known"),
    ],
)
def test_match(plan: Plan | None, minutes: tuple[float, float | None], expected: Match) -> None:
    start, end = minutes
    found = match(plan, after(start), None if end is None else after(end), after(10), DAY)
    assert found == expected
