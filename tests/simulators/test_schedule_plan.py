from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.house import House
from simulators.mains import KYIV, windows
from simulators.schedule import be_svitlo
from simulators.schedule.plan import DAY_MIN, QUEUES, OutagePlan, PlanKind, PlannedDay, spans
from tests.simulators.sources import planned_outages, region_file

NOON = datetime(2026, 11, 24, 12, tzinfo=KYIV)
TODAY, TOMORROW = date(2026, 11, 24), date(2026, 11, 25)
OUTAGES = "08:00-11:00,18:00-21:30"
SHORT_DAY, LONG_DAY = date(2027, 3, 28), date(2026, 10, 25)


def plan_of(outages=OUTAGES):
    return OutagePlan(windows(outages), "5.2")


def dark_minutes(day):
    return sum(end - begin for begin, end in day.definite)


@pytest.mark.parametrize(
    ("outages", "expected"),
    [
        pytest.param("none", (), id="none"),
        pytest.param("22:00-24:00", ((1320, 1440),), id="until-midnight"),
        pytest.param("22:00-00:00", ((1320, 1440),), id="until-midnight-as-00:00"),
        pytest.param("23:00-02:30", ((0, 150), (1380, 1440)), id="over-midnight"),
        pytest.param("10:00-12:00,08:00-10:00", ((480, 720),), id="touching"),
    ],
)
def test_spans(outages, expected):
    assert spans(windows(outages)) == expected


@pytest.mark.parametrize(
    ("now", "published"),
    [
        pytest.param(datetime(2026, 11, 24, 19, 59, 59, tzinfo=KYIV), False, id="before-20:00"),
        pytest.param(datetime(2026, 11, 24, 20, 0, tzinfo=KYIV), True, id="from-20:00"),
        pytest.param(datetime(2026, 10, 24, 17, 0, tzinfo=UTC), True, id="before-the-long-day-in-summer-time"),
        pytest.param(datetime(2027, 3, 27, 17, 59, tzinfo=UTC), False, id="before-the-short-day-in-winter-time"),
    ],
)
def test_tomorrow_appears_in_the_evening(now, published):
    tomorrow = now.astimezone(KYIV).date() + timedelta(days=1)
    kind = PlanKind.PLANNED if published else PlanKind.WAITING
    assert plan_of().day(tomorrow, "5.2", now).kind is kind


def test_tomorrow_by_command():
    plan = plan_of()
    plan.publish_tomorrow(True, NOON)
    assert plan.day(TOMORROW, "5.2", NOON).kind is PlanKind.PLANNED
    plan.publish_tomorrow(False, NOON)
    assert plan.day(TOMORROW, "5.2", NOON.replace(hour=22)).kind is PlanKind.WAITING
    plan.set_day(TOMORROW, PlannedDay(PlanKind.PLANNED, ((0, 60),)), NOON)
    assert plan.day(TOMORROW, "5.2", NOON).definite == ((0, 60),)


def test_never_the_day_after_tomorrow():
    assert plan_of().day(TOMORROW + timedelta(days=1), "5.2", NOON.replace(hour=23)).kind is PlanKind.WAITING


def test_stamps_change_with_the_plan_and_not_by_reading():
    plan = plan_of()
    stamps = [plan.day(TODAY, "5.2", NOON + timedelta(minutes=passed)).approved for passed in (0, 1)]
    assert stamps == [datetime(2026, 11, 23, 20, tzinfo=KYIV)] * 2
    plan.set_day(TODAY, PlannedDay(PlanKind.NONE), NOON)
    assert plan.day(TODAY, "5.2", NOON.replace(hour=23)).approved == NOON


def test_queues_differ_and_are_dark_equally_long():
    days = [plan_of().day(TODAY, queue, NOON) for queue in QUEUES]
    assert len({day.definite for day in days}) == 12
    assert {dark_minutes(day) for day in days} == {390}
    assert days[QUEUES.index("5.2")].definite == ((480, 660), (1080, 1290))
    assert days[QUEUES.index("6.1")].definite == ((600, 780), (1200, 1410))
    assert days[QUEUES.index("6.2")].definite == ((0, 90), (720, 900), (1320, 1440))


def test_planned_and_actual_can_differ():
    plan = plan_of("08:00-11:00,22:00-24:00")
    plan.shift(45, NOON)
    assert plan.day(TODAY, "5.2", NOON).definite == ((0, 45), (525, 705), (1365, 1440))
    plan.shift(-45, NOON)
    assert plan.day(TODAY, "5.2", NOON).definite == ((435, 615), (1275, 1395))


def test_told_days_stay_and_can_be_forgotten():
    plan = plan_of()
    yesterday = TODAY - timedelta(days=1)
    plan.set_day(yesterday, PlannedDay(PlanKind.PLANNED, ((0, 60),)), NOON)
    assert list(plan.days("5.2", NOON)) == [yesterday, TODAY, TOMORROW]
    plan.set_day(yesterday, None, NOON)
    assert list(plan.days("5.2", NOON)) == [TODAY, TOMORROW]


@pytest.mark.parametrize("day", [SHORT_DAY, LONG_DAY, TODAY])
def test_the_plan_is_what_the_house_does_on_every_day(day):
    """Minute by minute through the day: the house is dark when, and only when, all the sources say so."""
    outages = "01:00-02:30,05:00-08:00,22:30-00:30"
    plan = plan_of(outages)
    now = datetime.combine(day, time(12), KYIV)
    slots = be_svitlo.schedule_by_queue(plan, "5.2", now)[0]["queues"]["5.2"]
    (gpv,) = region_file(plan, "odesa", now)["fact"]["data"].values()
    told = planned_outages(plan, "25", "902", now)["5.2"]["today"]
    house = House(datetime.combine(day, time(), KYIV), outages=windows(outages))
    while house.now.astimezone(KYIV).date() == day:
        local = house.now.astimezone(KYIV)
        minute = local.hour * 60 + local.minute
        dark = not house.truth().grid_on
        assert dark == any(
            one["from"] <= f"{local:%H:%M}" < (one["to"] if one["to"] != "00:00" else "24:00") for one in slots
        )
        dark_codes = ("no", "first") if local.minute < 30 else ("no", "second")
        assert dark == (gpv["GPV5.2"][str(local.hour + 1)] in dark_codes)
        (kind,) = (one["type"] for one in told["slots"] if one["start"] <= minute < one["end"])
        assert dark == (kind == "Definite")
        house.step(15 * 60)


@pytest.mark.parametrize(
    ("day", "today", "tomorrow"),
    [
        pytest.param(LONG_DAY, "2026-10-25T00:00:00+03:00", "2026-10-26T00:00:00+02:00", id="25-hours"),
        pytest.param(SHORT_DAY, "2027-03-28T00:00:00+02:00", "2027-03-29T00:00:00+03:00", id="23-hours"),
    ],
)
def test_days_on_which_the_clock_changes(day, today, tomorrow):
    plan, now = plan_of(), datetime.combine(day, time(23, 30), KYIV)
    told = planned_outages(plan, "25", "902", now)["5.2"]
    assert (told["today"]["date"], told["tomorrow"]["date"]) == (today, tomorrow)
    keys = [int(key) for key in region_file(plan, "kyiv", now)["fact"]["data"]]
    assert keys == [int(datetime.fromisoformat(text).timestamp()) for text in (today, tomorrow)]
    assert [day["eventDate"] for day in be_svitlo.schedule_by_queue(plan, "5.2", now)] == [
        f"{day:%d.%m.%Y}",
        f"{day + timedelta(days=1):%d.%m.%Y}",
    ]


@given(
    st.lists(st.tuples(st.integers(0, DAY_MIN), st.integers(0, DAY_MIN)), max_size=6),
    st.sampled_from(QUEUES),
    st.integers(-1439, 1439),
)
def test_whatever_the_timetable_slots_tile_the_day(parts, queue, differ_min):
    text = ",".join(
        f"{begin // 60:02}:{begin % 60:02}-{end // 60:02}:{end % 60:02}"
        for begin, end in parts
        if begin != end and begin < DAY_MIN
    )
    plan = plan_of(text or "none")
    plan.shift(differ_min, NOON)
    slots = planned_outages(plan, "25", "902", NOON)[queue]["today"]["slots"]
    if slots:
        assert [one["end"] for one in slots[:-1]] == [one["start"] for one in slots[1:]]
        assert (slots[0]["start"], slots[-1]["end"]) == (0, DAY_MIN)
    dark = sum(one["end"] - one["start"] for one in slots if one["type"] == "Definite")
    assert dark == sum(end - begin for begin, end in spans(windows(text or "none")))
