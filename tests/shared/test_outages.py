"""What the schedule says about a time and a day."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from shared.messages import Certainty, DayState, OutageSchedule, PlannedDay, ScheduleChange, Window
from shared.outage_calendar import calendar_text
from shared.outages import (
    Change,
    Day,
    Expected,
    Status,
    bounds,
    day_of,
    days_ahead,
    is_same_address,
    judge,
    merged,
    next_change,
    next_outage,
    planned_window,
    status_at,
    superseded,
    wall,
    within,
)

TODAY = date(2026, 11, 20)
ZONE = "Europe/Kyiv"


def at(minute: int, day: date = TODAY) -> datetime:
    return wall(day, minute, ZONE)


def window(start: int, end: int, certainty: Certainty = Certainty.DEFINITE) -> Window:
    return Window(start=at(0) + timedelta(minutes=start), end=at(0) + timedelta(minutes=end), certainty=certainty)


def plan(*windows: Window, states: tuple[DayState, ...] = (DayState.PLANNED, DayState.PLANNED)) -> OutageSchedule:
    days = tuple(
        PlannedDay(day=TODAY + timedelta(days=ahead), state=state, confirmed_at=at(0))
        for ahead, state in enumerate(states)
    )
    return OutageSchedule(at=at(0), queue="5.2", source="x", days=days, windows=windows, fetched_at=at(0))


NIGHT = window(23 * 60, 26 * 60)
EVENING = window(18 * 60, 20 * 60)


@pytest.mark.parametrize(
    ("given", "minute", "expected"),
    [
        (plan(EVENING), 17 * 60, Expected.POWER),
        (plan(EVENING), 18 * 60, Expected.OUTAGE),
        (plan(EVENING), 20 * 60, Expected.POWER),
        (plan(window(600, 660, Certainty.POSSIBLE)), 630, Expected.POSSIBLE_OUTAGE),
        (plan(window(600, 660, Certainty.UNKNOWN)), 630, Expected.OUTAGE),
        (plan(states=(DayState.NO_OUTAGES,)), 630, Expected.POWER),
        (plan(states=()), 630, Expected.UNKNOWN),
        (plan(states=(DayState.WAITING,)), 630, Expected.WAITING),
        (plan(states=(DayState.EMERGENCY,)), 630, Expected.EMERGENCY),
        (plan(NIGHT, states=(DayState.PLANNED,)), 25 * 60, Expected.OUTAGE),
        (plan(states=(DayState.NO_OUTAGES,)), 25 * 60, Expected.UNKNOWN),
        (None, 0, Expected.UNKNOWN),
    ],
)
def test_status(given: OutageSchedule | None, minute: int, expected: Expected) -> None:
    assert status_at(given, at(0) + timedelta(minutes=minute)).expected is expected


POSSIBLE = window(600, 660, Certainty.POSSIBLE)


@pytest.mark.parametrize(
    ("given", "minute", "expected"),
    [
        pytest.param(plan(EVENING), 18 * 60, Status(Expected.OUTAGE, EVENING), id="outage"),
        pytest.param(plan(POSSIBLE), 630, Status(Expected.POSSIBLE_OUTAGE, POSSIBLE), id="possible"),
        pytest.param(
            plan(EVENING, states=(DayState.EMERGENCY,)), 18 * 60, Status(Expected.EMERGENCY, EVENING), id="emergency"
        ),
        pytest.param(
            plan(EVENING, states=(DayState.EMERGENCY,) * 2), 1441, Status(Expected.EMERGENCY, stale=True), id="stale"
        ),
        pytest.param(plan(NIGHT), 1441, Status(Expected.OUTAGE, NIGHT, stale=True), id="stale-outage"),
        pytest.param(plan(EVENING), 1441, Status(Expected.POWER, stale=True), id="stale-power"),
    ],
)
def test_status_with_its_window(given: OutageSchedule, minute: int, expected: Status) -> None:
    assert status_at(given, at(0) + timedelta(minutes=minute)) == expected


def test_an_outage_is_of_the_window_it_began_in_and_only_then_of_the_next_one() -> None:
    first, second = window(0, 60), window(70, 120)
    assert planned_window([second, first], at(50)) == first
    assert planned_window([second, first], at(60)) == second
    assert planned_window([window(80, 90), window(70, 75)], at(55)) == window(70, 75)


def test_power_is_expected_back_at_the_end_of_the_window_but_nobody_knows_in_an_emergency() -> None:
    begun, now = at(18 * 60 + 5), at(19 * 60)
    judgement = judge(plan(EVENING), begun, now)
    assert (judgement.back, judgement.in_emergency) == (EVENING, False)
    judgement = judge(plan(EVENING), begun, EVENING.end)
    assert (judgement.back, judgement.is_overdue) == (None, True)
    judgement = judge(plan(EVENING, states=(DayState.EMERGENCY, DayState.PLANNED)), begun, now)
    assert (judgement.back, judgement.in_emergency) == (None, True)


def test_what_a_newer_version_keeps_is_not_superseded() -> None:
    before = plan(EVENING)
    assert superseded(before, before.windows, at(19 * 60)) == ()
    assert superseded(before, before.windows, at(21 * 60)) == ()
    assert superseded(before, (), at(19 * 60)) == (window(18 * 60, 19 * 60),)


@pytest.mark.parametrize(
    ("queue", "region", "expected"),
    [
        pytest.param("5.2", "Kyiv", True, id="the-same"),
        pytest.param("5.1", "Kyiv", False, id="another-queue"),
        pytest.param("5.2", "Lviv", False, id="another-region"),
        pytest.param("5.2", None, True, id="without-a-region-the-queue-decides"),
        pytest.param("5.1", None, False, id="and-it-is-another"),
    ],
)
def test_one_address(queue: str, region: str | None, expected: bool) -> None:
    home = plan().model_copy(update={"region": "Kyiv"})
    other = plan().model_copy(update={"queue": queue, "region": region})
    assert is_same_address(home, other) is expected
    assert is_same_address(other, home) is expected


def test_an_outage_just_before_a_day_of_emergency_belongs_to_it() -> None:
    midnight = 24 * 60
    schedule = plan(window(midnight, midnight + 180), states=(DayState.PLANNED, DayState.EMERGENCY))
    judgement = judge(schedule, at(midnight - 5), at(midnight + 30))
    assert (judgement.expected, judgement.planned) == (Expected.EMERGENCY, None)


def test_a_plan_that_nobody_confirmed_for_a_day_is_stale() -> None:
    assert not status_at(plan(NIGHT), at(1440)).stale
    assert status_at(plan(NIGHT), at(1441)).stale


def test_the_next_change_is_counted_across_midnight() -> None:
    change = next_change(plan(EVENING, NIGHT), at(23 * 60 + 30))
    assert change
    assert change.power
    assert change.at - at(23 * 60 + 30) == timedelta(hours=2, minutes=30)
    assert not change.is_open


def test_an_outage_up_to_the_end_of_the_plan_may_go_on() -> None:
    until_midnight = window(23 * 60, 1440)
    change = next_change(plan(until_midnight, states=(DayState.PLANNED,)), at(23 * 60 + 30))
    assert change
    assert change.is_open
    change = next_change(plan(until_midnight, states=(DayState.PLANNED, DayState.NO_OUTAGES)), at(23 * 60 + 30))
    assert change
    assert not change.is_open


def test_the_next_change_ahead_takes_the_power() -> None:
    change = next_change(plan(EVENING), at(17 * 60))
    assert change
    assert not change.power
    assert change.at == EVENING.start
    assert next_change(plan(), at(0)) is None
    assert next_change(None, at(0)) is None


def test_a_change_names_its_window() -> None:
    given = plan(POSSIBLE, EVENING)
    assert next_change(given, at(0)) == Change(EVENING.start, power=False, window=EVENING)
    assert next_change(given, at(0), possible=True) == Change(POSSIBLE.start, power=False, window=POSSIBLE)
    assert next_change(given, EVENING.start) == Change(EVENING.end, power=True, window=EVENING)
    assert next_change(given, EVENING.end) is None


def test_merely_possible_outages_are_ahead_only_where_asked_for() -> None:
    given = plan(window(600, 660, Certainty.POSSIBLE), EVENING)
    assert next_outage(given, at(0)) == EVENING
    assert next_outage(given, at(0), possible=True) == given.windows[0]


def test_totals_are_of_the_day_and_tell_possible_apart() -> None:
    given = plan(window(600, 660, Certainty.POSSIBLE), EVENING, NIGHT)
    today, tomorrow, after = days_ahead(given, at(0))
    assert today.total == timedelta(hours=3)
    assert today.possible == timedelta(hours=1)
    assert tomorrow.total == timedelta(hours=2)
    assert after.state is DayState.UNKNOWN
    assert after.confirmed_at is None


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 10, 25), 25), (date(2027, 3, 28), 23), (TODAY, 24), (date(2026, 7, 1), 24)]
)
def test_days_have_the_hours_they_have(day: date, hours: int) -> None:
    start, end = bounds(day, ZONE)
    assert end - start == timedelta(hours=hours)
    whole = OutageSchedule(
        at=start,
        queue="5.2",
        days=(PlannedDay(day=day, state=DayState.PLANNED, confirmed_at=start),),
        windows=(Window(start=start, end=end),),
    )
    assert day_of(whole, day).total == timedelta(hours=hours)


def test_a_day_in_full() -> None:
    given = plan(EVENING, NIGHT)
    midnight = at(1440)
    late = NIGHT.model_copy(update={"end": midnight})
    assert day_of(given, TODAY) == Day(
        TODAY, DayState.PLANNED, (EVENING, late), timedelta(hours=3), timedelta(0), confirmed_at=at(0)
    )
    elsewhere = given.model_copy(update={"time_zone": "America/New_York"})
    assert days_ahead(elsewhere, at(60), 1)[0].day == TODAY - timedelta(days=1)


def test_windows_that_only_touch_a_period_are_not_within_it() -> None:
    assert within([EVENING], EVENING.end, EVENING.end + timedelta(hours=1)) == ()
    assert within([EVENING], EVENING.start - timedelta(hours=1), EVENING.start) == ()


@pytest.mark.parametrize(
    ("day", "minute", "expected"),
    [
        pytest.param(date(2027, 3, 28), 2 * 60 + 59, "2027-03-28T00:59:00+00:00", id="before-the-skip"),
        pytest.param(date(2027, 3, 28), 3 * 60, "2027-03-28T01:00:00+00:00", id="the-skip"),
        pytest.param(date(2027, 3, 28), 3 * 60 + 31, "2027-03-28T01:00:00+00:00", id="a-skipped-time"),
        pytest.param(date(2027, 3, 28), 4 * 60, "2027-03-28T01:00:00+00:00", id="after-the-skip"),
        pytest.param(date(2026, 10, 25), 3 * 60 + 30, "2026-10-25T00:30:00+00:00", id="the-first-of-two"),
        pytest.param(date(2026, 11, 20), 1440, "2026-11-20T22:00:00+00:00", id="the-next-midnight"),
    ],
)
def test_a_wall_clock(day: date, minute: int, expected: str) -> None:
    assert wall(day, minute, ZONE).isoformat() == expected


def test_tomorrow_is_not_24_hours_ahead() -> None:
    now = wall(date(2026, 10, 24), 23 * 60 + 30, ZONE)
    assert [one.day for one in days_ahead(None, now, 2)] == [date(2026, 10, 24), date(2026, 10, 25)]
    assert next(one.day for one in days_ahead(None, now + timedelta(hours=25), 2)) == date(2026, 10, 25)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([window(60, 120), window(0, 60)], [window(0, 120)]),
        ([window(0, 120), window(30, 60)], [window(0, 120)]),
        (
            [window(0, 120, Certainty.POSSIBLE), window(30, 60)],
            [window(0, 30, Certainty.POSSIBLE), window(30, 60), window(60, 120, Certainty.POSSIBLE)],
        ),
        ([window(30, 60, Certainty.POSSIBLE), window(0, 120)], [window(0, 120)]),
        (
            [window(0, 60, Certainty.UNKNOWN), window(30, 90, Certainty.POSSIBLE)],
            [window(0, 60, Certainty.UNKNOWN), window(60, 90, Certainty.POSSIBLE)],
        ),
        (
            [window(0, 200, Certainty.POSSIBLE), window(100, 120), window(20, 40, Certainty.UNKNOWN), window(300, 310)],
            [
                window(0, 20, Certainty.POSSIBLE),
                window(20, 40, Certainty.UNKNOWN),
                window(40, 100, Certainty.POSSIBLE),
                window(100, 120),
                window(120, 200, Certainty.POSSIBLE),
                window(300, 310),
            ],
        ),
        (
            [window(60, 90, Certainty.POSSIBLE), window(0, 60), window(90, 120), window(130, 140)],
            [window(0, 60), window(60, 90, Certainty.POSSIBLE), window(90, 120), window(130, 140)],
        ),
    ],
)
def test_merged(given: list[Window], expected: list[Window]) -> None:
    assert list(merged(given)) == expected


def test_the_calendar_is_one_that_calendars_read() -> None:
    given = plan(EVENING, window(600, 660, Certainty.POSSIBLE), states=(DayState.PLANNED, DayState.EMERGENCY))
    text = calendar_text(given, outage="Відключення", possible="Можливе відключення", emergency="Аварійні відключення")
    events = Calendar.from_ical(text).walk("VEVENT")
    assert [str(event["SUMMARY"]) for event in events] == [
        *("Відключення (5.2)", "Можливе відключення (5.2)", "Аварійні відключення (5.2)")
    ]
    assert events[0].decoded("DTSTART") == EVENING.start
    assert events[0].decoded("DTEND") == EVENING.end
    assert events[2].decoded("DTSTART") == TODAY + timedelta(days=1)
    assert len({str(event["UID"]) for event in events}) == 3
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))


@pytest.mark.parametrize("queue", ["5\n.2", "5.2\r\n", "\r5.2", "5.\x002"])
def test_the_calendar_holds_no_control_characters(queue: str) -> None:
    given = plan(EVENING).model_copy(update={"queue": queue})
    text = calendar_text(given, outage="Відключення", possible="?", emergency="!")
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    assert str(event["SUMMARY"]) == "Відключення (5.2)"
    assert "X-WR-CALNAME:Відключення: 5.2\r\n" in text.decode()


def calendar_of(*windows: Window, changed_min: int | None = None) -> list[Any]:
    change = None if changed_min is None else ScheduleChange(at=at(changed_min))
    given = plan(*windows).model_copy(update={"change": change})
    return Calendar.from_ical(calendar_text(given, outage="x", possible="?", emergency="!")).walk("VEVENT")


def test_an_outage_that_moves_stays_the_same_event() -> None:
    """By its day and its order in it; a calendar takes the version with the higher SEQUENCE."""
    before = calendar_of(window(600, 660), window(1080, 1200))
    moved = calendar_of(window(630, 690), window(1080, 1140), changed_min=500)
    again = calendar_of(window(630, 690), window(1080, 1110), changed_min=510)
    assert [[event["UID"] for event in one] for one in (moved, again)] == [[event["UID"] for event in before]] * 2
    assert before[0]["SEQUENCE"] < moved[0]["SEQUENCE"] < again[0]["SEQUENCE"]
    assert again[0].decoded("LAST-MODIFIED") == at(510)


def test_an_event_reminds_and_makes_nobody_busy() -> None:
    sure, possible = calendar_of(window(600, 660), window(1080, 1200, Certainty.POSSIBLE))
    assert (sure["STATUS"], possible["STATUS"]) == ("CONFIRMED", "TENTATIVE")
    assert sure["TRANSP"] == possible["TRANSP"] == "TRANSPARENT"
    (alarm,) = sure.walk("VALARM")
    assert alarm.decoded("TRIGGER") == -timedelta(minutes=15)
