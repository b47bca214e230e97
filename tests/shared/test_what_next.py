"""What is ahead, as a table: when power should be back, or when it goes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.broker_state import BrokerState
from shared.freshness import READING_HOLDS
from shared.messages import (
    Certainty,
    DayState,
    Grid,
    GridState,
    OutageSchedule,
    PlannedDay,
    Window,
)
from shared.texts.language import Language
from shared.texts.localizer import NO_BREAK, Localizer
from shared.texts.what_next import what_next

KYIV = ZoneInfo("Europe/Kyiv")
NOW = datetime(2026, 11, 23, 19, 2, 11, tzinfo=KYIV).astimezone(UTC)
LOCALIZER = Localizer(Language.EN, NOW, KYIV)
TODAY = datetime(2026, 11, 23, tzinfo=KYIV)


def window(start: float, end: float, certainty: Certainty = Certainty.DEFINITE) -> Window:
    """Return a window by the hours of today's wall clock."""
    return Window(start=TODAY + timedelta(hours=start), end=TODAY + timedelta(hours=end), certainty=certainty)


def plan(*windows: Window, states: tuple[DayState, ...] = (DayState.PLANNED,), age_h: float = 1) -> OutageSchedule:
    checked = NOW - timedelta(hours=age_h)
    days = [
        PlannedDay(day=(TODAY + timedelta(days=ahead)).date(), state=state, confirmed_at=checked)
        for ahead, state in enumerate(states)
    ]
    return OutageSchedule(at=checked, queue="5.2", days=tuple(days), windows=windows, fetched_at=checked)


def ahead(schedule: OutageSchedule | None, state: Grid, *, since_h: float = 18) -> str:
    """Return the sentence, with plain spaces."""
    grid = GridState(at=NOW, state=state, since=TODAY + timedelta(hours=since_h))
    known = BrokerState(connected=True, grid=grid, schedule=schedule)
    return what_next(known, LOCALIZER, READING_HOLDS).replace(NO_BREAK, " ")


EVENING = window(18, 21.5)
BACK = "Power should be back at 21:30"


@pytest.mark.parametrize(
    ("schedule", "since_h", "expected"),
    [
        pytest.param(plan(EVENING), 18, BACK, id="planned"),
        pytest.param(plan(EVENING), 17.6, BACK, id="went-early"),
        pytest.param(plan(window(19.25, 21.5)), 19, BACK, id="goes-before-its-time"),
        pytest.param(plan(window(20, 21.5)), 19, "This outage is not in the schedule", id="not-the-planned-one"),
        pytest.param(plan(window(17, 19)), 17, "Power should have been back at 19:00", id="overdue"),
        pytest.param(
            plan(window(18, 21.5, Certainty.POSSIBLE)),
            18,
            "A possible scheduled outage, until 21:30",
            id="possible",
        ),
        pytest.param(
            plan(window(18, 24)),
            18,
            "Power should be back tomorrow 00:00 (the schedule after that is not published yet)",
            id="the-plan-ends-there",
        ),
        pytest.param(
            plan(window(18, 24), states=(DayState.PLANNED, DayState.NO_OUTAGES)),
            18,
            "Power should be back tomorrow 00:00",
            id="tomorrow-is-known",
        ),
        pytest.param(
            plan(EVENING, age_h=30),
            18,
            f"{BACK} (from an old schedule of yesterday 13:02)",
            id="stale",
        ),
        pytest.param(
            None,
            18,
            "There is no schedule, so it is not known when power will be back",
            id="no-schedule",
        ),
        pytest.param(
            plan(states=(DayState.EMERGENCY,)), 18, "Emergency outages: schedules do not apply", id="emergency"
        ),
    ],
)
def test_while_the_light_is_away(schedule, since_h, expected):
    assert ahead(schedule, Grid.OFF, since_h=since_h) == expected


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        pytest.param(
            plan(window(22.5, 25)),
            "Next scheduled outage: 22:30 – 01:00, in 3 h 28 min",
            id="over-midnight",
        ),
        pytest.param(
            plan(window(33, 36), states=(DayState.PLANNED, DayState.PLANNED)),
            "Next scheduled outage: tomorrow 09:00 – 12:00, in 13 h 58 min",
            id="tomorrow",
        ),
        pytest.param(
            plan(window(20, 22, Certainty.POSSIBLE)),
            "Possible outage: 20:00 – 22:00, in 58 min",
            id="possible",
        ),
        pytest.param(plan(EVENING), "The schedule has an outage until 21:30, but the power is on", id="spared"),
        pytest.param(None, "There is no schedule for today, so outages cannot be foreseen", id="no-schedule"),
        pytest.param(plan(states=(DayState.WAITING,)), "Today's schedule is not out yet", id="waiting"),
        pytest.param(
            plan(states=(DayState.NO_OUTAGES,)),
            "No more outages scheduled today; tomorrow is not known yet",
            id="tomorrow-unknown",
        ),
        pytest.param(
            plan(states=(DayState.NO_OUTAGES, DayState.NO_OUTAGES)),
            "No more outages scheduled today or tomorrow",
            id="two-days-without",
        ),
    ],
)
def test_while_there_is_light(schedule, expected):
    assert ahead(schedule, Grid.ON) == expected


def test_while_nobody_knows_the_grid_only_the_plan_speaks():
    assert ahead(plan(EVENING), Grid.UNKNOWN) == "Scheduled outage until 21:30"


@given(
    st.sampled_from(Grid),
    st.none() | st.builds(plan, states=st.lists(st.sampled_from(DayState), max_size=3).map(tuple)),
)
def test_there_is_always_a_sentence_and_never_a_lie_about_no_outages(state, schedule):
    said = ahead(schedule, state)
    assert said
    if schedule is None:
        assert "No more outages" not in said
