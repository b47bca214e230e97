"""Outages found in runs of the grid, and their match with the schedule."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.recorder.outage_rules import PLANNED, OutageSpan, ScheduleMatch, find_outages, match_schedule
from shared.freshness import SAME_STATE_WITHIN
from shared.history.grid_run import GridRun
from shared.messages import DayState, Grid, OutageSchedule, PlannedDay, Window
from shared.outages import EARLY, judge, merged, succession

START = datetime(2026, 11, 23, 18, tzinfo=UTC)
DAY = date(2026, 11, 23)
MINUTE = timedelta(minutes=1)
SILENCE = 5


def after(minutes: float) -> datetime:
    return START + minutes * MINUTE


def on(at: int, last: int, since: int) -> GridRun:
    return GridRun(at, last, Grid.ON, since)


def off(at: int, last: int, since: int) -> GridRun:
    return GridRun(at, last, Grid.OFF, since)


def unknown(at: int, last: int, since: int) -> GridRun:
    return GridRun(at, last, Grid.UNKNOWN, since)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([on(0, 9, 0)], [], id="power-all-the-time"),
        pytest.param([unknown(0, 9, 0)], [], id="unknown-is-no-outage"),
        pytest.param([on(0, 4, 0), off(6, 9, 5)], [OutageSpan(5, None)], id="it-lasts"),
        pytest.param([off(6, 9, 5), on(11, 12, 10)], [OutageSpan(5, 10)], id="over"),
        pytest.param(
            [off(6, 9, 5), unknown(10, 12, 10), off(13, 14, 5), on(15, 16, 15)],
            [OutageSpan(5, 15)],
            id="the-same-one-after-unknown",
        ),
        pytest.param([off(6, 9, 5), unknown(10, 12, 10), on(40, 41, 40)], [OutageSpan(5, 10)], id="over-while-unknown"),
        pytest.param([off(6, 9, 5), on(40, 41, 40)], [OutageSpan(5, 14)], id="not-assumed-through-a-long-silence"),
        pytest.param([off(6, 9, 5), unknown(10, 12, 10)], [OutageSpan(5, 10)], id="unknown-since"),
        pytest.param([off(1, 2, 1), off(3, 4, 3)], [OutageSpan(1, 3), OutageSpan(3, None)], id="another-one"),
        pytest.param([on(0, 7, 0), off(8, 9, 5)], [OutageSpan(7, None)], id="not-before-the-last-row-with-power"),
        pytest.param(
            [on(0, 7, 0), off(8, 9, 5), on(12, 13, 11)], [OutageSpan(7, 11)], id="over-and-not-before-that-row"
        ),
        pytest.param(
            [off(6, 9, 5), unknown(10, 11, 10), unknown(12, 13, 12), on(14, 15, 14)],
            [OutageSpan(5, 10)],
            id="unknown-twice-counts-from-the-first",
        ),
        pytest.param(
            [unknown(0, 2, 0), off(6, 9, 5), on(11, 12, 10)], [OutageSpan(5, 10)], id="unknown-before-does-not-end-it"
        ),
        pytest.param(
            [off(6, 9, 5), unknown(10, 10, 10), off(11, 12, 5), on(14, 15, 14)],
            [OutageSpan(5, 14)],
            id="an-earlier-unknown-does-not-end-it",
        ),
    ],
)
def test_find_outages(runs: list[GridRun], expected: list[OutageSpan]) -> None:
    assert list(find_outages(runs, SILENCE)) == expected


HOUR = 3_600_000
NOW = 1_790_000_000_000
LIMIT = SAME_STATE_WITHIN // timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("runs", "transitions", "expected"),
    [
        pytest.param(
            [on(0, 4, 0), off(6, 9, 5), off(10, 20, 8)], {}, [OutageSpan(5, None)], id="since-moved-with-the-clock"
        ),
        pytest.param(
            [off(6, 9, 5), off(20, 30, 15), on(31, 40, 30)],
            {6: "a", 20: "a"},
            [OutageSpan(5, 30)],
            id="the-poller-was-away",
        ),
        pytest.param(
            [off(6, 9, 5), unknown(10, 11, 10), off(20, 30, 15)],
            {6: "a", 20: "a"},
            [OutageSpan(5, None)],
            id="away-and-unsure-at-first",
        ),
        pytest.param(
            [off(6, 9, 5), off(20, 30, 15), on(31, 40, 30)],
            {6: "a", 20: "b"},
            [OutageSpan(5, 14), OutageSpan(15, 30)],
            id="another-change-of-the-grid",
        ),
        pytest.param(
            [off(6, 9, 5), off(20, 30, 15)],
            {},
            [OutageSpan(5, 14), OutageSpan(15, None)],
            id="nothing-is-known-of-the-change",
        ),
        pytest.param(
            [off(6, 9, 5), off(HOUR + 20, HOUR + 30, HOUR + 15)],
            {6: "a", HOUR + 20: "a"},
            [OutageSpan(5, 14), OutageSpan(HOUR + 15, None)],
            id="away-for-too-long",
        ),
        pytest.param(
            [off(NOW + 6, NOW + 9, NOW + 5), off(NOW + LIMIT + 20, NOW + LIMIT + 30, NOW + 9 + LIMIT)],
            {NOW + 6: "a", NOW + LIMIT + 20: "a"},
            [OutageSpan(NOW + 5, None)],
            id="away-just-not-too-long",
        ),
        pytest.param(
            [off(NOW + 6, NOW + 9, NOW + 5), off(NOW + LIMIT + 20, NOW + LIMIT + 30, NOW + 10 + LIMIT)],
            {NOW + 6: "a", NOW + LIMIT + 20: "a"},
            [OutageSpan(NOW + 5, NOW + 14), OutageSpan(NOW + 10 + LIMIT, None)],
            id="away-a-moment-too-long",
        ),
        pytest.param([off(6, 9, 5), off(10, 20, 9)], {}, [OutageSpan(5, None)], id="begun-anew-in-its-last-moment"),
    ],
)
def test_one_outage_stays_one(
    runs: list[GridRun], transitions: dict[int, str | None], expected: list[OutageSpan]
) -> None:
    assert list(find_outages(runs, SILENCE, transitions)) == expected


FIRST = Window(start=after(0), end=after(180))
SECOND = Window(start=after(400), end=after(500))


def version(*windows: Window, state: DayState = DayState.PLANNED, at: float = -600) -> OutageSchedule:
    known = PlannedDay(day=DAY, state=state, confirmed_at=after(at))
    days = () if state is DayState.UNKNOWN else (known,)
    return OutageSchedule(at=after(at), queue="5.2", time_zone="UTC", windows=windows, days=days)


def days(state: DayState, at: float = -600) -> OutageSchedule:
    return version(state=state, at=at)


def delayed(window: Window, start: float, end: float | None) -> ScheduleMatch:
    return ScheduleMatch(True, window, start * MINUTE, None if end is None else end * MINUTE)


SCHEDULE = version(FIRST, SECOND)
CUT = Window(start=after(0), end=after(60))
FREE = DayState.NO_OUTAGES


@pytest.mark.parametrize(
    ("versions", "minutes", "expected"),
    [
        pytest.param([], (0, 180), ScheduleMatch(None), id="no-schedule-known"),
        pytest.param([SCHEDULE], (0, 180), delayed(FIRST, 0, 0), id="on-time"),
        pytest.param([SCHEDULE], (4, 200), delayed(FIRST, 4, 20), id="late"),
        pytest.param([SCHEDULE], (-10, 170), delayed(FIRST, -10, -10), id="early"),
        pytest.param([SCHEDULE], (-20, -5), delayed(FIRST, -20, -185), id="over-before-it-was-due"),
        pytest.param([SCHEDULE], (-30, -20), delayed(FIRST, -30, -200), id="at-the-limit-of-early"),
        pytest.param([SCHEDULE], (-31, 60), ScheduleMatch(False), id="too-early-though-it-lasts-into-it"),
        pytest.param([SCHEDULE], (-180, -20), ScheduleMatch(False), id="from-12-to-14-40-is-not-the-one-of-15-to-18"),
        pytest.param([SCHEDULE], (180, 190), ScheduleMatch(False), id="at-its-end"),
        pytest.param([SCHEDULE], (181, 190), ScheduleMatch(False), id="after-its-end"),
        pytest.param([SCHEDULE], (5, None), delayed(FIRST, 5, None), id="it-lasts"),
        pytest.param([SCHEDULE], (250, 300), ScheduleMatch(False), id="between-two"),
        pytest.param([SCHEDULE], (60, 480), delayed(FIRST, 60, 300), id="it-lasts-into-the-next-one"),
        pytest.param([SCHEDULE], (150, None), delayed(FIRST, 150, None), id="it-is-the-same-one-while-it-lasts"),
        pytest.param([version(FIRST, state=DayState.EMERGENCY)], (5, 9), ScheduleMatch(False), id="in-an-emergency"),
        pytest.param([days(FREE)], (0, 9), ScheduleMatch(False), id="none-was-planned"),
        pytest.param([days(DayState.WAITING)], (0, 9), ScheduleMatch(None), id="not-published-yet"),
        pytest.param([days(DayState.UNKNOWN)], (0, 9), ScheduleMatch(None), id="an-unknown-day"),
        pytest.param(
            [SCHEDULE, days(FREE, at=30)],
            (5, 40),
            delayed(Window(start=after(0), end=after(30)), 5, 10),
            id="dropped-while-it-ran",
        ),
        pytest.param([SCHEDULE, days(FREE, at=30)], (35, 60), ScheduleMatch(False), id="dropped-before-it-began"),
        pytest.param(
            [SCHEDULE, version(CUT, at=80)],
            (70, 90),
            delayed(Window(start=after(0), end=after(80)), 70, 10),
            id="shortened-with-an-end-already-past",
        ),
        pytest.param([SCHEDULE, days(FREE, at=300)], (5, 40), delayed(FIRST, 5, -140), id="what-came-later-is-nothing"),
        pytest.param([days(FREE), version(FIRST, at=20)], (5, 40), delayed(FIRST, 5, -140), id="added-while-it-ran"),
        pytest.param([version(FIRST, at=90)], (5, 40), delayed(FIRST, 5, -140), id="the-first-that-knows-the-day"),
        pytest.param([version(FIRST, at=90), days(FREE, at=95)], (5, 40), delayed(FIRST, 5, -140), id="and-no-other"),
        pytest.param([days(DayState.WAITING), days(FREE, at=95)], (5, 40), ScheduleMatch(False), id="known-afterwards"),
        pytest.param(
            [SCHEDULE, days(DayState.EMERGENCY, at=30)],
            (5, 40),
            delayed(Window(start=after(0), end=after(30)), 5, 10),
            id="an-emergency-came-later",
        ),
    ],
)
def test_match_schedule(
    versions: list[OutageSchedule], minutes: tuple[float, float | None], expected: ScheduleMatch
) -> None:
    assert EARLY == 30 * MINUTE, "the limit in the table above"
    start, end = minutes
    found = match_schedule(versions, after(start), None if end is None else after(end), after(1000))
    assert found == expected


MINUTES = st.integers(-600, 1200)
WINDOWS = st.lists(st.tuples(MINUTES, st.integers(1, 300)), max_size=4)
VERSIONS = st.lists(st.tuples(WINDOWS, st.integers(-700, 1300), st.sampled_from(DayState)), min_size=1, max_size=4)


@given(VERSIONS, MINUTES, st.integers(1, 600))
def test_record_bot_and_page_judge_alike_at_every_moment(
    drawn: list[tuple[list[tuple[int, int]], int, DayState]], start: int, length: int
) -> None:
    """What the newest schedule says while an outage lasts is what the record makes of all its versions."""
    versions = [
        version(*merged(Window(start=after(at), end=after(at + lasts)) for at, lasts in some), state=state, at=since)
        for some, since, state in sorted(drawn, key=lambda one: one[1])
    ]
    began, now = after(start), after(start + length)
    known = [one for one in succession(versions) if one.at <= now]
    shown = judge(known[-1] if known else None, began, now)
    match = match_schedule([one for one in versions if one.at <= now], began, None, now)
    assert (match.window and match.window.end) == (shown.planned and shown.planned.end)
    assert match.planned is PLANNED[shown.expected]
    assert match.window is None or match.window.start - EARLY <= began < match.window.end


@given(VERSIONS, MINUTES, st.integers(1, 600))
def test_once_planned_an_outage_stays_planned(
    drawn: list[tuple[list[tuple[int, int]], int, DayState]], start: int, length: int
) -> None:
    versions = [
        version(*merged(Window(start=after(at), end=after(at + lasts)) for at, lasts in some), state=state, at=since)
        for some, since, state in sorted(drawn, key=lambda one: one[1])
    ]
    told = [
        judge(one, after(start), one.at).planned
        for one in succession(versions)
        if after(start) < one.at <= after(start + length)
    ]
    begun = [one is not None and one.start < after(start) for one in told]
    assert begun == sorted(begun)
