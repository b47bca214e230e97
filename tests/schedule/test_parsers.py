"""Answers of the three sources to days and windows; the expected values are those of the captures."""

import contextlib
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.schedule import be_svitlo, gpv_json, yasno
from services.schedule.answer import Answer, json_of
from shared.conditions import schedule
from shared.errors import BadReplyError
from shared.messages import Certainty, DayState
from shared.outages import merged
from tests.schedule.facts import REFERENCE, day, element, gpv, gpv_hours, kyiv, local, slot, utc

PARSERS = (be_svitlo.read, gpv_json.read, yasno.read)
NOVEMBER = day("20.11.2026")


def windows(answer: Answer) -> list[tuple[str, str]]:
    return utc(merged(one for told in answer.days.values() for one in told.windows))


def test_the_complete_element_of_public_code() -> None:
    answer = be_svitlo.read([element("25.11.2025", {"4.2": ["16:30-20:00"]})], "4.2")
    assert answer.days[day("25.11.2025")].state is DayState.PLANNED
    assert windows(answer) == [("2025-11-25T14:30Z", "2025-11-25T18:00Z")]
    assert answer.stamp == kyiv("24.11.2025 19:52")
    assert answer.odd == ()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param([], {}, id="an empty answer is no information"),
        pytest.param([element("20.11.2026", {})], {}, id="a day without the queue is no information"),
        pytest.param([element("20.11.2026", {"5.1": ["10:00-12:00"]})], {}, id="another queue's hours are not ours"),
        pytest.param([element("20.11.2026", {"5.2": []})], {NOVEMBER: DayState.NO_OUTAGES}, id="published, no outages"),
        pytest.param([{"eventDate": "20.11.2026", "queues": {"5.2": None}}], {}, id="null is no information"),
        pytest.param([element("20.11.2026", {"5.2": ["10:00-12:00"]})], {NOVEMBER: DayState.PLANNED}, id="planned"),
    ],
)
def test_the_three_states_of_a_day(body: Any, expected: dict[date, DayState]) -> None:
    answer = be_svitlo.read(body, "5.2")
    assert {one: told.state for one, told in answer.days.items()} == expected


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        pytest.param(
            [
                element("21.11.2026", {"5.2": ["00:00-02:30", "06:00-10:00"]}),
                element("20.11.2026", {"5.2": ["23:00-00:00"]}),
            ],
            [("2026-11-20T21:00Z", "2026-11-21T00:30Z"), ("2026-11-21T04:00Z", "2026-11-21T08:00Z")],
            id="one outage over midnight, days in any order",
        ),
        pytest.param(
            [{"eventDate": "20.11.2026", "queues": {"5.2": [{"from": "00:00", "to": "24:00", "status": 1}]}}],
            [("2026-11-19T22:00Z", "2026-11-20T22:00Z")],
            id="a whole day",
        ),
        pytest.param(
            [element("20.11.2026", {"5.2": ["10:00-12:00"]})] * 2,
            [("2026-11-20T08:00Z", "2026-11-20T10:00Z")],
            id="the same day twice",
        ),
        pytest.param(
            [element("20.11.2026", {"5.2": ["22:00-03:00"]})],
            [("2026-11-20T20:00Z", "2026-11-21T01:00Z")],
            id="an end before the start is on the next day",
        ),
        pytest.param(
            [element("20.11.2026", {"5.2": ["14:00-16:00", "01:30-03:00", "22:00-00:00", "07:30-09:00"]})],
            [
                ("2026-11-19T23:30Z", "2026-11-20T01:00Z"),
                ("2026-11-20T05:30Z", "2026-11-20T07:00Z"),
                ("2026-11-20T12:00Z", "2026-11-20T14:00Z"),
                ("2026-11-20T20:00Z", "2026-11-20T22:00Z"),
            ],
            id="windows in any order",
        ),
        pytest.param(
            [element("28.03.2027", {"5.2": ["02:00-05:00"]})],
            [("2027-03-28T00:00Z", "2027-03-28T02:00Z")],
            id="the night of 23 hours",
        ),
        pytest.param(
            [element("28.03.2027", {"5.2": ["03:00-03:30"]})], [], id="an hour that the clock skips does not exist"
        ),
        pytest.param(
            [element("25.10.2026", {"5.2": ["02:00-05:00"]})],
            [("2026-10-24T23:00Z", "2026-10-25T03:00Z")],
            id="the night of 25 hours",
        ),
        pytest.param(
            [element("31.12.2026", {"5.2": ["23:00-00:00"]}), element("01.01.2027", {"5.2": ["00:00-01:00"]})],
            [("2026-12-31T21:00Z", "2026-12-31T23:00Z")],
            id="over the end of the year",
        ),
        pytest.param(
            [{"eventDate": "20.11.2026", "queues": {"5.2": [{"shutdownHours": "10:00-12:00", "status": 1}]}}],
            [("2026-11-20T08:00Z", "2026-11-20T10:00Z")],
            id="hours only as a text",
        ),
        pytest.param(
            [{"eventDate": "20.11.2026", "queues": {"5.2": [{"shutdownHours": "7:00 \u2013 09:00:00"}]}}],
            [("2026-11-20T05:00Z", "2026-11-20T07:00Z")],
            id="hours as people write them",
        ),
    ],
)
def test_windows(elements: list[Any], expected: list[tuple[str, str]]) -> None:
    assert windows(be_svitlo.read(elements, "5.2")) == expected


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param({"from": "25:00", "to": "26:00"}, id="no time of day"),
        pytest.param({"from": "10:00", "to": "10:00"}, id="ends when it begins"),
        pytest.param({"from": "10:61", "to": "12:00"}, id="61 minutes"),
        pytest.param({"from": 10, "to": 12}, id="numbers"),
        pytest.param({"from": "24:00", "to": "02:00"}, id="begins when the day is over"),
        pytest.param({"from": "22:00", "to": "24:01"}, id="ends after the end of a day"),
        pytest.param({"status": 1}, id="no hours"),
        pytest.param("10:00-12:00", id="a text"),
    ],
)
def test_a_day_with_hours_that_make_no_sense_is_unknown_as_a_whole(bad: Any) -> None:
    body = [
        {"eventDate": "20.11.2026", "queues": {"5.2": [slot("06:00-08:00"), bad]}},
        element("21.11.2026", {"5.2": []}),
    ]
    answer = be_svitlo.read(body, "5.2")
    assert list(answer.days) == [day("21.11.2026")]
    assert len(answer.odd) == 1


def test_hours_after_midnight_are_of_the_next_day() -> None:
    """Else that day would be one without outages."""
    body = [element("20.11.2026", {"5.2": ["22:00-03:00"]}), element("21.11.2026", {"5.2": []})]
    days = be_svitlo.read(body, "5.2").days
    assert {one: (told.state, local(told.windows)) for one, told in days.items()} == {
        NOVEMBER: (DayState.PLANNED, ["22:00-00:00"]),
        day("21.11.2026"): (DayState.PLANNED, ["00:00-03:00"]),
    }


def test_the_newest_of_all_stamps_counts() -> None:
    body = [
        {"eventDate": "20.11.2026", "queues": {}, "createdAt": "19.11.2026 21:00", "scheduleApprovedSince": None},
        element("21.11.2026", {}, stamp="19.11.2026 20:00"),
    ]
    assert be_svitlo.read(body, "5.2").stamp == kyiv("19.11.2026 21:00")


def test_an_undocumented_status_is_kept_and_flagged() -> None:
    slots = [slot("10:00-12:00", 2), slot("15:00-16:00", 0), slot("18:00-19:00", None), slot("20:00-21:00")]
    told = be_svitlo.read([{"eventDate": "20.11.2026", "queues": {"5.2": slots}}], "5.2")
    assert [one.certainty for one in told.days[NOVEMBER].windows] == [
        *(Certainty.POSSIBLE, Certainty.UNKNOWN, Certainty.UNKNOWN, Certainty.DEFINITE)
    ]
    assert len(told.odd) == 2


def test_of_two_different_days_of_one_date_the_first_counts() -> None:
    body = [element("20.11.2026", {"5.2": ["10:00-12:00"]}), element("20.11.2026", {"5.2": []})]
    answer = be_svitlo.read(body, "5.2")
    assert answer.days[NOVEMBER].state is DayState.PLANNED
    assert "twice" in answer.odd[0].text


def test_the_list_of_queues() -> None:
    codes = [f"{major}.{minor}" for major in range(1, 7) for minor in (1, 2)]
    rows = [{"id": number, "code": code, "label": f"черга {code}"} for number, code in enumerate(codes, 1)]
    assert be_svitlo.queues(rows) == tuple(codes)
    for odd in ([], None, {"code": "1.1"}, [{"code": 1}, "1.1"]):
        with pytest.raises(BadReplyError):
            be_svitlo.queues(odd)


# GPV files


@pytest.mark.parametrize("utc_midnight", [True, False])
@pytest.mark.parametrize("text", ["20.11.2025", "28.03.2027", "25.10.2026", "29.03.2026", "01.07.2026"])
def test_midnights_of_utc_and_of_kyiv_are_the_same_day(text: str, utc_midnight: bool) -> None:
    answer = gpv_json.read(gpv({text: {"5.2": ["06:00-10:00"]}}, utc_midnight=utc_midnight), "5.2")
    assert list(answer.days) == [day(text)]
    assert local(merged(answer.days[day(text)].windows)) == ["06:00-10:00"]


def test_dtek_of_october_2025_reads_as_one_outage() -> None:
    hours = {**gpv_hours([]), "13": "second", "14": "no", "15": "no", "16": "no", "17": "first"}
    content = {"fact": {"data": {"1761688800": {"GPV1.1": hours}}, "update": "29.10.2025 13:51", "today": 1761688800}}
    answer = gpv_json.read(content, "GPV1.1")
    assert local(merged(answer.days[day("29.10.2025")].windows)) == ["12:30-16:30"]
    assert answer.stamp == kyiv("29.10.2025 13:51")


def marked(text: str) -> dict[str, str]:
    """Return the hours of a day from marks such as "2 no, msecond": their number, if it is not one, and the mark."""
    marks = [
        mark for part in text.split(", ") for count, mark in [part.rpartition(" ")[::2]] for _ in range(int(count or 1))
    ]
    return {str(hour): mark for hour, mark in enumerate(marks, 1)}


@pytest.mark.parametrize(
    ("text", "sure", "possible"),
    [
        pytest.param(
            "2 no, msecond, yes, second, 4 no, mfirst, yes, 4 no, mfirst, yes, 4 no, mfirst, yes, no",
            ["00:00-02:30", "04:30-09:00", "11:00-15:00", "17:00-21:00", "23:00-00:00"],
            ["02:30-03:00", "09:00-09:30", "15:00-15:30", "21:00-21:30"],
            id="poltava-2.1-of-25.01.2026",
        ),
        pytest.param(
            "no, msecond, yes, 5 no, msecond, yes, 4 no, msecond, yes, 4 no, msecond, yes, 2 no",
            ["00:00-01:30", "03:00-08:30", "10:00-14:30", "16:00-20:30", "22:00-00:00"],
            ["01:30-02:00", "08:30-09:00", "14:30-15:00", "20:30-21:00"],
            id="poltava-1.1-of-06.02.2026",  # half an hour before 1.2, which has no such mark
        ),
        pytest.param(
            "2 no, mfirst, second, 5 no, mfirst, second, 4 no, mfirst, second, 4 no, mfirst, second, no",
            ["00:00-02:00", "03:30-09:00", "10:30-15:00", "16:30-21:00", "22:30-00:00"],
            ["02:00-02:30", "09:00-09:30", "15:00-15:30", "21:00-21:30"],
            id="poltava-1.2-of-06.02.2026",
        ),
        pytest.param(
            "msecond, yes, 5 no, msecond, yes, 4 no, msecond, yes, 4 no, msecond, yes, 3 no",
            ["00:00-00:30", "02:00-07:30", "09:00-13:30", "15:00-19:30", "21:00-00:00"],
            ["00:30-01:00", "07:30-08:00", "13:30-14:00", "19:30-20:00"],
            id="poltava-6.1-whose-day-before-is-not-in-the-file",
        ),
        pytest.param(
            "2 yes, mfirst, 4 no, mfirst, 4 yes, msecond, 6 no, mfirst, 2 yes, mfirst, no",
            ["02:30-07:00", "13:00-19:00", "22:30-00:00"],
            ["02:00-02:30", "07:00-07:30", "12:30-13:00", "19:00-19:30", "22:00-22:30"],
            id="chernihiv-5.1-of-07.12.2025",
        ),
        pytest.param(
            "mfirst, msecond, 3 yes, msecond, 6 no, mfirst, 3 yes, mfirst, 4 no, msecond, 2 yes",
            ["00:30-01:30", "06:00-12:00", "16:30-21:30"],
            ["00:00-00:30", "01:30-02:00", "05:30-06:00", "12:00-12:30", "16:00-16:30", "21:30-22:00"],
            id="chernihiv-1.1-of-07.12.2025",
        ),
        pytest.param(
            "2 no, mfirst, 5 yes, 2 msecond, 14 yes",
            ["00:00-02:00", "09:00-09:30"],
            ["02:00-02:30", "08:30-09:00", "09:30-10:00"],
            id="ternopil-4.1-of-31.12.2025",
        ),
        pytest.param("5 yes, 2 mfirst, 17 yes", ["05:30-06:00"], ["05:00-05:30", "06:00-06:30"], id="half-an-hour"),
        pytest.param(
            "5 no, mfirst, msecond, 17 no",
            ["00:00-05:00", "07:00-00:00"],
            ["05:00-05:30", "06:30-07:00"],
            id="an-hour-of-power-between-two-outages",
        ),
        pytest.param(
            "8 yes, msecond, 2 maybe, mfirst, 12 yes", [], ["08:30-11:30"], id="an-outage-that-is-only-possible"
        ),
        pytest.param("23 yes, mfirst", ["23:30-00:00"], ["23:00-23:30"], id="it-goes-on-in-a-day-that-is-not-known"),
        pytest.param("22 yes, no, mfirst", ["22:00-23:00"], ["23:00-23:30"], id="it-ends-with-the-day"),
    ],
)
def test_what_surrounds_a_half_hour_that_is_only_possible(text: str, sure: list[str], possible: list[str]) -> None:
    content = {"fact": {"data": {"1770328800": {"GPV1.1": marked(text)}}}}
    parts = merged(gpv_json.read(content, "1.1").days[day("06.02.2026")].windows)
    assert local(one for one in parts if one.certainty is Certainty.DEFINITE) == sure
    assert local(one for one in parts if one.certainty is Certainty.POSSIBLE) == possible


@pytest.mark.parametrize(("evening", "expected"), [("23 yes, no", ["00:00-00:30"]), ("24 yes", [])])
def test_the_day_before_says_how_a_possible_half_hour_after_midnight_began(evening: str, expected: list[str]) -> None:
    data = {"1770242400": {"GPV1.1": marked(evening)}, "1770328800": {"GPV1.1": marked("msecond, 23 yes")}}
    parts = gpv_json.read({"fact": {"data": data}}, "1.1").days[day("06.02.2026")].windows
    assert local(one for one in parts if one.certainty is Certainty.DEFINITE) == expected


@pytest.mark.parametrize(
    ("today", "following"),
    [
        pytest.param("2026-10-25T00:00+03:00", 24, id="a-day-of-25-hours"),
        pytest.param("2026-10-25T00:00+03:00", 25, id="a-day-of-25-hours-counted-right"),
        pytest.param("2026-10-25T00:00+00:00", 24, id="a-day-of-25-hours-in-utc"),
        pytest.param("2026-03-29T00:00+02:00", 24, id="a-day-of-23-hours"),
        pytest.param("2026-03-29T00:00+02:00", 23, id="a-day-of-23-hours-counted-right"),
        pytest.param("2026-03-29T00:00+00:00", 24, id="a-day-of-23-hours-in-utc"),
    ],
)
def test_the_day_after_one_on_which_the_clock_changes(today: str, following: int) -> None:
    first = datetime.fromisoformat(today)
    keys = [str(int((first + timedelta(hours=hours)).timestamp())) for hours in (0, following)]
    data = {
        key: {"GPV5.2": gpv_hours([hours])} for key, hours in zip(keys, ["08:00-10:00", "12:00-14:00"], strict=True)
    }
    answer = gpv_json.read({"fact": {"data": data, "emergency": keys[1:]}}, "5.2")
    assert {day: found.state for day, found in answer.days.items()} == {
        first.date(): DayState.PLANNED,
        first.date() + timedelta(days=1): DayState.EMERGENCY,
    }
    assert local(merged(answer.days[first.date()].windows)) == ["08:00-10:00"]


@given(st.dates(date(2024, 1, 1), date(2032, 12, 31)), st.sampled_from(("kyiv", "utc", "24 hours on")))
def test_every_way_to_write_a_midnight_means_its_day(wanted: date, written: str) -> None:
    before, midnight = (kyiv(f"{one:%d.%m.%Y} 00:00") for one in (wanted - timedelta(days=1), wanted))
    key = {
        "kyiv": midnight,
        "utc": datetime(wanted.year, wanted.month, wanted.day, tzinfo=UTC),
        "24 hours on": before + timedelta(days=1),
    }[written]
    content = {"fact": {"data": {str(int(key.timestamp())): {"GPV5.2": gpv_hours(["08:00-10:00"])}}}}
    assert [*gpv_json.read(content, "5.2").days] == [wanted]


def test_hours_counted_from_zero() -> None:
    hours = {str(int(key) - 1): code for key, code in gpv_hours(["23:00-24:00"]).items()}
    content = {"fact": {"data": {"1763596800": {"GPV5.2": hours}}}}
    assert local(merged(gpv_json.read(content, "5.2").days[day("20.11.2025")].windows)) == ["23:00-00:00"]


def test_an_hour_with_an_unknown_mark_is_an_outage_of_unknown_certainty() -> None:
    content = {"fact": {"data": {"1763596800": {"GPV5.2": gpv_hours([]) | {"3": "off"}}}}}
    answer = gpv_json.read(content, "5.2")
    told = merged(answer.days[day("20.11.2025")].windows)
    assert [(one.certainty, *local([one])) for one in told] == [(Certainty.UNKNOWN, "02:00-03:00")]
    assert [(one.code, one.params["hour"]) for one in answer.odd] == [("schedule.unknown_mark", 2)]


@pytest.mark.parametrize("hours", [{}, {"1": "yes"}, [], None, {str(key): "yes" for key in range(30)}])
def test_a_day_without_its_24_hours_is_unknown(hours: Any) -> None:
    answer = gpv_json.read({"fact": {"data": {"1763596800": {"GPV5.2": hours}}}}, "5.2")
    assert answer.days == {}
    assert answer.odd


def test_off_season_nothing_is_known() -> None:
    content = {
        "lastUpdated": "2026-08-21T23:51:20.575Z",
        "fact": {"data": [], "update": "24.07.2026 08:30", "today": 1787346000},
        "preset": {"sch_names": {"GPV1.1": "Черга 1.1", "GPV1001.1": "ЦЕК 1.1"}},
    }
    answer = gpv_json.read(content, "1.1")
    assert answer.days == {}
    assert answer.queues == ("1.1", "1001.1")
    assert answer.as_of == datetime(2026, 8, 21, 23, 51, 20, 575000, tzinfo=UTC)


def test_a_group_that_is_named_and_never_has_hours_is_none() -> None:
    """Kyiv's file names 1.2 to 60.2 as well, but has hours for 1.1 to 60.1 alone."""
    content = gpv({"20.11.2026": {"1.1": ["18:00-20:00"], "60.1": []}})
    content["preset"]["sch_names"] = {"GPV1.1": "Черга 1.1", "GPV1.2": "Черга 1.2", "GPV60.1": "Черга 60.1"}
    assert gpv_json.read(content, "1.2").queues == ("1.1", "60.1")


def test_all_light_is_published_without_outages() -> None:
    answer = gpv_json.read(gpv({"22.11.2025": {"5.2": []}}), "5.2")
    assert answer.days[day("22.11.2025")].state is DayState.NO_OUTAGES


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("22.11.2025 14:57", "22.11.2025 14:57"),
        ("14:57 22.11.2025", "22.11.2025 14:57"),
        ("16 листопада 2025 19:34", "16.11.2025 19:34"),
        ("6 Лютого 2026 року о 9:05", "06.02.2026 09:05"),
        ("2026-02-06T07:05:00+00:00", "06.02.2026 09:05"),
        ("31 лютого 2026 09:05", None),
        ("16 november 2025 19:34", None),
        ("", None),
    ],
)
def test_every_form_of_the_stamp(text: str, moment: str | None) -> None:
    content = gpv({"22.11.2025": {"5.2": []}})
    content["fact"]["update"] = text
    assert gpv_json.read(content, "5.2").stamp == (kyiv(moment) if moment else None)


@pytest.mark.parametrize("end", ["23:59", "00:00", "24:00"])
def test_a_day_that_ends_at_23_59_ends_at_midnight(end: str) -> None:
    content = [element("21.11.2025", {"5.2": []}), element("22.11.2025", {"5.2": ["00:00-02:00"]})]
    content[0]["queues"]["5.2"] = [{"from": "22:00", "to": end}]
    answer = be_svitlo.read(content, "5.2")
    assert local(merged(one for found in answer.days.values() for one in found.windows)) == ["22:00-02:00"]


# YASNO


def yasno_day(date_: str, status: str, *slots: tuple[int, int, str]) -> dict[str, Any]:
    return {
        "slots": [{"start": start, "end": end, "type": kind} for start, end, kind in slots],
        "date": f"{date_}T00:00:00+02:00",
        "status": status,
    }


@pytest.mark.parametrize(
    ("status", "slots", "expected"),
    [
        ("EmergencyShutdowns", (), DayState.EMERGENCY),
        ("EmergencyShutdowns", ((0, 1440, "Definite"),), DayState.EMERGENCY),
        ("WaitingForSchedule", (), DayState.WAITING),
        ("WaitingForSchedule", ((0, 60, "Definite"),), DayState.WAITING),
        ("NoOutages", (), DayState.NO_OUTAGES),
        ("ScheduleApplies", ((0, 1440, "NotPlanned"),), DayState.NO_OUTAGES),
        ("ScheduleApplies", ((0, 960, "NotPlanned"), (960, 1200, "Definite")), DayState.PLANNED),
        ("ScheduleApplies", (), None),
        ("Tomorrowish", (), None),
    ],
)
def test_states_of_yasno(status: str, slots: Any, expected: DayState | None) -> None:
    answer = yasno.read({"3.1": {"today": yasno_day("2025-12-19", status, *slots)}}, "3.1")
    told = answer.days.get(day("19.12.2025"))
    assert (told and told.state) == expected
    assert bool(answer.odd) is (expected is None)


def test_slots_of_yasno() -> None:
    slots = ((0, 960, "NotPlanned"), (960, 1200, "Definite"), (1200, 1320, "Possible"), (1320, 1440, "Definite"))
    answer = yasno.read({"3.1": {"today": yasno_day("2025-12-19", "ScheduleApplies", *slots)}}, "3.1")
    assert local(answer.days[day("19.12.2025")].windows) == ["16:00-20:00", "20:00-22:00", "22:00-00:00"]
    assert answer.queues == ("3.1",)


@pytest.mark.parametrize(
    "slot", [(600, 600, "Definite"), (-1, 60, "Definite"), ("0", 60, "Definite"), (0, None, "NotPlanned")]
)
def test_a_slot_without_sensible_hours_makes_its_day_unknown(slot: Any) -> None:
    whole = (0, 1440, "NotPlanned")
    answer = yasno.read({"3.1": {"today": yasno_day("2025-12-19", "ScheduleApplies", whole, slot)}}, "3.1")
    assert (answer.days, answer.odd) == ({}, (schedule.hours_wrong(day=day("19.12.2025")),))


def test_a_slot_of_an_unknown_kind_is_an_outage_of_unknown_certainty() -> None:
    today = yasno_day("2025-12-19", "ScheduleApplies", (0, 960, "NotPlanned"), (960, 1200, "Perhaps"))
    answer = yasno.read({"3.1": {"today": today, "updatedOn": "2025-12-18T20:30:00+02:00"}}, "3.1")
    told = answer.days[day("19.12.2025")].windows
    assert [(one.certainty, *local([one])) for one in told] == [(Certainty.UNKNOWN, "16:00-20:00")]
    assert answer.odd == (schedule.unknown_kind(kind="'Perhaps'"),)
    assert answer.stamp == kyiv("18.12.2025 20:30")


# whatever comes


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "nothing"),
        (b"  ", "nothing"),
        (b"<!DOCTYPE html><title>Just a moment...</title>", "a web page"),
        (b"{", "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        (b"[" * 100_000, "no JSON"),
    ],
)
def test_bodies_that_are_no_json(body: bytes, sentence: str) -> None:
    with pytest.raises(BadReplyError, match=sentence):
        json_of(body)


def test_a_byte_order_mark_does_not_matter() -> None:
    assert json_of(b"\xef\xbb\xbf[]") == []


KEYS = st.sampled_from(
    [
        *(
            "eventDate",
            "queues",
            "5.2",
            "from",
            "to",
            "shutdownHours",
            "status",
            "fact",
            "data",
            "GPV5.2",
            "1763596800",
        ),
        *(
            "today",
            "slots",
            "start",
            "end",
            "type",
            "date",
            "preset",
            "sch_names",
            "lastUpdated",
            "update",
            "1",
            "9" * 20,
        ),
    ]
)
TEXTS = st.sampled_from(
    [
        *("20.11.2026", "31.12.9999", "01.01.0001", "10:00", "24:00", "99:99", "ScheduleApplies", "9999-12-31", "no"),
        *("2025-12-19T00:00:00+02:00", "0001-01-01T00:00:00+14:00", "mfirst", "Definite", "10:00-12:00", "1\u0663:00"),
    ]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.text(max_size=5)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=5)
)


@given(ANYTHING)
def test_any_json_is_read_or_refused(content: Any) -> None:
    for parser in PARSERS:
        try:
            answer = parser(content, "5.2")
        except BadReplyError:
            continue
        assert all(one.start < one.end for told in answer.days.values() for one in told.windows)


@given(st.lists(st.fixed_dictionaries({"eventDate": TEXTS, "queues": st.dictionaries(st.just("5.2"), ANYTHING)})))
def test_any_days_of_be_svitlo(content: Any) -> None:
    for told in be_svitlo.read(content, "5.2").days.values():
        assert all(timedelta() < one.end - one.start <= timedelta(hours=26) for one in told.windows)


CODES = st.sampled_from(["yes", "no", "first", "second", "maybe", "mfirst", "msecond", "?"]) | LEAVES
DAYS = st.fixed_dictionaries({str(hour): CODES for hour in range(1, 25)})
MIDNIGHTS = st.sampled_from(["1763596800", "1763589600", "1790200800", "-1", "9" * 20, "9" * 5000, "x"])


@given(st.dictionaries(MIDNIGHTS, st.fixed_dictionaries({"GPV5.2": DAYS | ANYTHING}), max_size=3), ANYTHING)
def test_any_file_of_a_mirror(data: Any, updated: Any) -> None:
    answer = gpv_json.read({"fact": {"data": data, "update": updated}, "lastUpdated": updated}, "5.2")
    for told in answer.days.values():
        assert all(one.end - one.start == timedelta(minutes=30) for one in told.windows)


SLOTS = st.fixed_dictionaries(
    {"start": LEAVES | st.integers(0, 1440), "end": LEAVES | st.integers(0, 1440), "type": TEXTS}
)
STATUSES = st.sampled_from(["ScheduleApplies", "NoOutages", "WaitingForSchedule", "EmergencyShutdowns"]) | LEAVES
YASNO_DAYS = st.fixed_dictionaries({"date": TEXTS, "status": STATUSES, "slots": st.lists(SLOTS, max_size=4) | ANYTHING})


@given(YASNO_DAYS, YASNO_DAYS)
def test_any_days_of_yasno(today: Any, tomorrow: Any) -> None:
    answer = yasno.read({"5.2": {"today": today, "tomorrow": tomorrow}}, "5.2")
    for told in answer.days.values():
        assert told.windows == () or told.state is DayState.PLANNED


@pytest.mark.parametrize(
    ("slots", "state"),
    [
        ([(0, 60, "NotPlanned")], None),
        ([(1, 1440, "NotPlanned")], None),
        ([(0, 720, "NotPlanned"), (780, 1440, "NotPlanned")], None),
        ([(0, 720, "NotPlanned"), (720, 1440, "NotPlanned")], DayState.NO_OUTAGES),
        ([(960, 1200, "Definite")], DayState.PLANNED),
        ([(0, 720, "NotPlanned"), (600, 1439, "NotPlanned")], DayState.NO_OUTAGES),
        ([(0, 960, "NotPlanned"), (960, 1200, "Definite"), (1200, 1441, "NotPlanned")], None),
        ([(0, 960, "NotPlanned"), (1200, 960, "Definite")], None),
    ],
)
def test_a_day_with_missing_hours_is_not_one_without_outages(slots: Any, state: DayState | None) -> None:
    answer = yasno.read({"3.1": {"today": yasno_day("2025-12-19", "ScheduleApplies", *slots)}}, "3.1")
    told = answer.days.get(day("19.12.2025"))
    assert (told and told.state) == state


@pytest.mark.parametrize("text", ["2025-12-19T00:00:00+02:00", "2025-12-18T22:00:00Z", "2025-12-19"])
def test_the_date_of_a_day_in_any_offset(text: str) -> None:
    body = {"3.1": {"today": {"date": text, "status": "NoOutages", "slots": []}}}
    assert list(yasno.read(body, "3.1").days) == [day("19.12.2025")]


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_refused(body: bytes) -> None:
    with contextlib.suppress(BadReplyError):
        json_of(body)


@pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference folder is not here; its facts are in the tests above")
@pytest.mark.parametrize("queue", ["5.2", "1.1"])
def test_mirror_and_operator_tell_the_same(queue: str) -> None:
    """Six captured states of the mirror against the operator's shape with the same hours."""
    compared = 0
    for file in REFERENCE.glob(f"be_svitlo.schedule-by-queue.{queue}.2025-*.json"):
        name = file.name.split(f".{queue}.")[1].split(".")[0]
        mirror = REFERENCE / f"oe_outage_data.ivano-frankivsk.{name}.REAL-DERIVED.json"
        ours = be_svitlo.read(json.loads(file.read_text()), queue)
        theirs = gpv_json.read(json.loads(mirror.read_text()), queue)
        states = {one: told.state for one, told in theirs.days.items()}
        assert {one: told.state for one, told in ours.days.items()} == states
        assert windows(ours) == windows(theirs)
        compared += 1
    assert compared == 6
