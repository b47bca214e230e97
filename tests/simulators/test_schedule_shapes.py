"""The shapes of the sources, against what was captured of the real ones (typed in here as facts)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from simulators.mains import KYIV, windows
from simulators.schedule import be_svitlo, gpv_json, yasno
from simulators.schedule.gpv_json import Midnight
from simulators.schedule.plan import QUEUES, OutagePlan, PlanKind, PlannedDay, spans
from tests.simulators.sources import planned_outages, region_file

THURSDAY = date(2025, 11, 20)
AT_20_12 = datetime(2025, 11, 20, 20, 12, tzinfo=KYIV)
"""When tomorrow's plan had just appeared."""
TODAY = "06:00-10:00,12:00-16:00,18:00-19:00,23:00-24:00"
TOMORROW = "00:00-02:30,04:00-06:00,10:00-12:00,14:00-18:00,20:30-22:30"


def plan_of(outages="none", queue="5.2"):
    return OutagePlan(windows(outages), queue)


def november():
    """What was planned for queue 5.2 on the evening of 20 November 2025."""
    plan = plan_of()
    for day, text, stamp in ((20, TODAY, (16, 47)), (21, TOMORROW, (20, 11))):
        told = PlannedDay(PlanKind.PLANNED, spans(windows(text)))
        plan.set_day(date(2025, 11, day), told, datetime(2025, 11, 20, *stamp, tzinfo=KYIV))
    return plan


def hours(codes):
    return {str(hour): code for hour, code in enumerate(codes.split(), start=1)}


def slot(begin, end, status=1):
    return {"shutdownHours": f"{begin}-{end}", "from": begin, "to": end, "status": status}


def in_order(element):
    return element | {
        "queues": {code: sorted(slots, key=lambda one: one["from"]) for code, slots in element["queues"].items()}
    }


def test_queue_list_as_captured_on_1_october_2026():
    rows = be_svitlo.queue_list()
    assert len(rows) == 12
    assert rows[0] == {"id": 1, "code": "1.1", "label": "черга 1.1"}
    assert rows[9] == {"id": 10, "code": "5.2", "label": "черга 5.2"}
    assert rows[11] == {"id": 12, "code": "6.2", "label": "черга 6.2"}


def test_the_one_complete_day_element_that_was_found():
    plan = plan_of(queue="4.2")
    evening = datetime(2025, 11, 24, 19, 52, tzinfo=KYIV)
    plan.set_day(date(2025, 11, 25), PlannedDay(PlanKind.PLANNED, ((990, 1200),)), evening)
    plan.set_day(date(2025, 11, 24), PlannedDay(PlanKind.UNKNOWN), evening)
    assert be_svitlo.schedule_by_queue(plan, "4.2", evening + timedelta(minutes=1)) == [
        {
            "eventDate": "25.11.2025",
            "queues": {"4.2": [{"shutdownHours": "16:30-20:00", "from": "16:30", "to": "20:00", "status": 1}]},
            "createdAt": "24.11.2025 19:52",
            "scheduleApprovedSince": "24.11.2025 19:52",
        }
    ]


def test_be_svitlo_two_days_of_november():
    days = be_svitlo.schedule_by_queue(november(), "5.2", AT_20_12)
    assert [in_order(day) for day in days] == [
        {
            "eventDate": "20.11.2025",
            "queues": {
                "5.2": [
                    slot("06:00", "10:00"),
                    slot("12:00", "16:00"),
                    slot("18:00", "19:00"),
                    slot("23:00", "00:00"),
                ]
            },
            "createdAt": "20.11.2025 16:47",
            "scheduleApprovedSince": "20.11.2025 16:47",
        },
        {
            "eventDate": "21.11.2025",
            "queues": {
                "5.2": [
                    slot("00:00", "02:30"),
                    slot("04:00", "06:00"),
                    slot("10:00", "12:00"),
                    slot("14:00", "18:00"),
                    slot("20:30", "22:30"),
                ]
            },
            "createdAt": "20.11.2025 20:11",
            "scheduleApprovedSince": "20.11.2025 20:11",
        },
    ]


def test_be_svitlo_windows_come_in_the_order_that_was_recorded():
    plan = plan_of("01:30-02:30,07:30-09:00,14:00-16:00,22:00-23:00")
    (day,) = be_svitlo.schedule_by_queue(plan, "5.2", datetime(2025, 11, 20, 12, tzinfo=KYIV))
    assert [one["from"] for one in day["queues"]["5.2"]] == ["14:00", "01:30", "22:00", "07:30"]


def test_gpv_two_days_of_november():
    plan = november()
    plan.set_day(THURSDAY + timedelta(days=2), PlannedDay(PlanKind.UNKNOWN), AT_20_12)
    file = region_file(plan, "Ivano-Frankivsk", AT_20_12)
    assert list(file) == ["regionId", "lastUpdated", "fact", "preset"]
    assert list(file["fact"]) == ["data", "update", "today"]
    assert file["fact"]["update"] == "20.11.2025 20:11"
    assert {day: groups["GPV5.2"] for day, groups in file["fact"]["data"].items()} == {
        "1763596800": hours("yes yes yes yes yes yes no no no no yes yes no no no no yes yes no yes yes yes yes no"),
        "1763683200": hours(
            "no no first yes no no yes yes yes yes no no yes yes no no no no yes yes second no first yes"
        ),
    }
    assert set(file["fact"]["data"]["1763596800"]) == {f"GPV{queue}" for queue in QUEUES}
    assert file["preset"]["time_zone"]["1"] == ["01-02", "00:00", "01:00"]
    assert list(file["preset"]) == ["time_zone", "time_type"]


def test_gpv_keys_are_midnights_of_kyiv_at_dtek():
    at = datetime(2025, 10, 29, 13, 51, tzinfo=KYIV)
    plan = plan_of("12:30-16:30", "1.1")
    file = region_file(plan, "kyiv", at)
    assert file["fact"]["today"] == 1761688800
    assert file["fact"]["data"]["1761688800"]["GPV1.1"] == hours("yes " * 12 + "second no no no first" + " yes" * 7)
    assert "1761696000" in region_file(plan, "kyiv", at, midnight=Midnight.UTC)["fact"]["data"]


def test_gpv_off_season():
    plan = plan_of()
    at = datetime(2026, 8, 22, 2, 52, tzinfo=KYIV)
    plan.set_day(None, PlannedDay(PlanKind.UNKNOWN), at)
    dtek = region_file(plan, "dnipro", at)
    assert dtek["fact"]["data"] == []
    assert dtek["fact"]["today"] == 1787346000
    assert list(dtek["preset"]) == ["days", "sch_names", "time_zone", "time_type", "data"]
    assert dtek["preset"]["time_zone"]["24"] == ["23-24", "23:00", "24:00"]
    other = region_file(plan, "Prykarpattiaoblenerho", at)
    assert (other["regionId"], other["fact"]) == ("Ivano-Frankivsk", {"data": {}, "update": None, "today": None})
    assert be_svitlo.schedule_by_queue(plan, "5.2", at) == []


def test_gpv_possible_hours_and_hours_from_0():
    plan = plan_of()
    at = datetime(2026, 1, 25, 12, tzinfo=KYIV)
    plan.set_day(
        date(2026, 1, 25), PlannedDay(PlanKind.PLANNED, ((270, 540),), ((150, 180), (540, 570), (720, 780))), at
    )
    (day,) = region_file(plan, "Poltavaoblenergo", at, first_hour=0)["fact"]["data"].values()
    expected = "yes yes msecond yes second no no no no mfirst yes yes maybe" + " yes" * 11
    assert day["GPV5.2"] == {str(hour): code for hour, code in enumerate(expected.split())}


def test_no_such_region():
    assert gpv_json.region_file(plan_of(), "atlantis", AT_20_12) is None
    assert yasno.planned_outages(plan_of(), "3", "902", AT_20_12) is None


def test_yasno_as_in_the_reference_client():
    at = datetime(2025, 12, 19, 12, tzinfo=KYIV)
    plan = plan_of("16:00-20:00", "3.1")
    plan.set_day(None, None, datetime(2025, 12, 18, 18, 56, 34, 5, tzinfo=UTC))
    assert planned_outages(plan, "25", "902", at)["3.1"] == {
        "today": {
            "slots": [
                {"start": 0, "end": 960, "type": "NotPlanned"},
                {"start": 960, "end": 1200, "type": "Definite"},
                {"start": 1200, "end": 1440, "type": "NotPlanned"},
            ],
            "date": "2025-12-19T00:00:00+02:00",
            "status": "ScheduleApplies",
        },
        "tomorrow": {"slots": [], "date": "2025-12-20T00:00:00+02:00", "status": "WaitingForSchedule"},
        "updatedOn": "2025-12-18T18:56:34+00:00",
    }


def test_an_emergency_is_told_by_yasno_only():
    plan, at = plan_of("16:00-20:00", "1.1"), datetime(2025, 10, 27, 9, 4, 14, tzinfo=KYIV)
    plan.set_day(None, PlannedDay(PlanKind.EMERGENCY), at)
    assert planned_outages(plan, "25", "902", at)["1.1"] == {
        "today": {"slots": [], "date": "2025-10-27T00:00:00+02:00", "status": "EmergencyShutdowns"},
        "tomorrow": {"slots": [], "date": "2025-10-28T00:00:00+02:00", "status": "EmergencyShutdowns"},
        "updatedOn": "2025-10-27T07:04:14+00:00",
    }
    assert be_svitlo.schedule_by_queue(plan, "1.1", at)[0]["queues"] == {"1.1": [slot("16:00", "20:00")]}


@pytest.mark.parametrize(
    ("told", "be_svitlo_says", "yasno_says"),
    [
        pytest.param(PlanKind.NONE, [{"5.2": []}], "NoOutages", id="published-and-none"),
        pytest.param(PlanKind.WAITING, [], "WaitingForSchedule", id="waiting"),
        pytest.param(PlanKind.UNKNOWN, [], None, id="unknown"),
    ],
)
def test_a_day_without_windows(told, be_svitlo_says, yasno_says):
    plan, at = plan_of("16:00-20:00"), datetime(2025, 11, 22, 8, tzinfo=KYIV)
    plan.set_day(at.date(), PlannedDay(told), at)
    assert [day["queues"] for day in be_svitlo.schedule_by_queue(plan, "5.2", at)] == be_svitlo_says
    assert planned_outages(plan, "3", "301", at)["5.2"].get("today", {}).get("status") == yasno_says


def test_an_unknown_queue_is_an_empty_answer():
    assert be_svitlo.schedule_by_queue(plan_of("16:00-20:00"), "7.3", AT_20_12) == []
