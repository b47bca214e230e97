"""From version to version: what counts as a change, and what is kept."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from services.schedule import be_svitlo, gpv_json
from services.schedule.answer import Answer, Day, window
from services.schedule.revision import KEEP_UNCONFIRMED, failed, revise
from shared.conditions.schedule import NO_ANSWER
from shared.messages import Certainty, DayState, OutageSchedule, ScheduleChange
from shared.outage_calendar import calendar_text
from shared.outages import day_of, state_of
from tests.schedule.facts import TIMELINE, at, day, element, gpv, kyiv, local

QUEUES = ("1.1", "4.2", "5.2")


def step(before: OutageSchedule | None, now: datetime, *elements: Any, queue: str = "5.2") -> OutageSchedule:
    return revise(before, be_svitlo.read(list(elements), queue), home=at(queue), source="be_svitlo", now=now)


def planned(text: str, *hours: str) -> Any:
    return element(text, {"5.2": hours})


def told(change: ScheduleChange | None) -> dict[str, list[str]]:
    """Return a change in words."""
    if change is None:
        return {}
    words = {
        "published": [f"{one:%d.%m}" for one in change.published],
        "withdrawn": [f"{one:%d.%m}" for one in change.withdrawn],
        "states": [f"{one:%d.%m}" for one in change.states],
    }
    for one in change.hours:
        sides = [" ".join(local(side)) for side in (one.before, one.after) if side]
        words.setdefault(one.kind.value, []).append(" to ".join(sides))
    return {name: some for name, some in words.items() if some}


def replay(queue: str, read: Any) -> list[tuple[str, dict[str, list[str]]]]:
    """Tell the plan every five minutes what the operator told in November 2025, and return when it changed and how."""
    plan: OutageSchedule | None = None
    days: dict[str, dict[str, list[str]]] = {}
    changes = []
    rows = list(TIMELINE)
    now = datetime.fromisoformat(rows[0]["seen_at"])
    while now < kyiv("23.11.2025 03:00"):
        while rows and datetime.fromisoformat(rows[0]["seen_at"]) <= now:
            row = rows.pop(0)
            days[row["day"]] = row["queues"]
        present = {text: some for text, some in days.items() if day(text) >= now.astimezone(kyiv_zone()).date()}
        after = revise(plan, read(present, queue), home=at(queue), source="x", now=now)
        if plan and after.change != plan.change:
            changes.append((f"{now:%d.%m %H:%M}", told(after.change)))
        plan = after
        now += timedelta(minutes=5)
    return changes


def kyiv_zone() -> Any:
    return datetime.fromisoformat(TIMELINE[0]["seen_at"]).tzinfo


def as_be_svitlo(days: dict[str, dict[str, list[str]]], queue: str) -> Answer:
    return be_svitlo.read(
        [element(text, {queue: some[queue]} if queue in some else {}) for text, some in days.items()], queue
    )


def as_gpv(days: dict[str, dict[str, list[str]]], queue: str) -> Answer:
    return gpv_json.read(gpv(days), queue)


@pytest.mark.parametrize("read", [as_be_svitlo, as_gpv])
def test_the_real_november_changes_seven_times_and_never_at_midnight(read: Any) -> None:
    assert [change for _, change in replay("5.2", read)] == [
        {"shorter": ["18:00-20:30 to 18:00-19:00"]},
        {"published": ["21.11"]},
        {"cancelled": ["10:00-12:00"]},
        {"shorter": ["14:00-18:00 to 15:00-18:00"]},
        {"shorter": ["15:00-18:00 to 15:00-17:00"], "cancelled": ["20:30-22:30"]},
        {"published": ["22.11"]},
        {"cancelled": ["11:30-15:00"]},
    ]


@pytest.mark.parametrize("queue", QUEUES)
def test_every_queue_changes_when_its_hours_did(queue: str) -> None:
    """A queue that is missing in a snapshot is no change, and neither is its return."""
    expected: list[datetime] = []
    hours: dict[str, Any] = {}
    known: set[str] = set()
    for row in TIMELINE:
        if queue not in row["queues"]:
            continue
        if hours.get(row["day"], row["queues"][queue]) != row["queues"][queue] or (known and row["day"] not in known):
            expected.append(datetime.fromisoformat(row["seen_at"]))
        hours[row["day"]] = row["queues"][queue]
        known.add(row["day"])
    seen = [at for at, _ in replay(queue, as_be_svitlo)]
    assert len(seen) == len(expected)
    assert not any(at.split()[1].startswith("00:0") for at in seen)


def test_the_first_plan_changes_nothing() -> None:
    plan = step(None, kyiv("20.11.2026 12:00"), planned("20.11.2026", "10:00-14:00"))
    assert plan.change is None
    assert local(plan.windows) == ["10:00-14:00"]


def test_a_new_day_is_published_and_its_windows_are_not_added() -> None:
    today = planned("20.11.2026", "23:00-00:00")
    plan = step(
        step(None, kyiv("20.11.2026 12:00"), today),
        kyiv("20.11.2026 20:00"),
        today,
        planned("21.11.2026", "00:00-02:30"),
    )
    assert told(plan.change) == {"published": ["21.11"]}
    assert local(plan.windows) == ["23:00-02:30"]


def test_an_outage_over_midnight_keeps_its_start_when_yesterday_is_gone() -> None:
    before = step(
        None, kyiv("20.11.2026 21:00"), planned("20.11.2026", "23:00-00:00"), planned("21.11.2026", "00:00-02:30")
    )
    plan = step(before, kyiv("21.11.2026 00:10"), planned("21.11.2026", "00:00-02:30"))
    assert plan.change is None
    assert local(plan.windows) == ["23:00-02:30"]


def test_an_empty_answer_is_no_change_until_it_stays() -> None:
    noon = kyiv("20.11.2026 12:00")
    plan = step(None, noon, planned("20.11.2026", "18:00-21:00"))
    held = step(plan, noon + timedelta(hours=5))
    assert held.change is None
    assert local(held.windows) == ["18:00-21:00"]
    assert held.days[0].confirmed_at == noon
    gone = step(held, noon + KEEP_UNCONFIRMED + timedelta(minutes=1))
    assert told(gone.change) == {"withdrawn": ["20.11"]}
    assert state_of(gone, day("20.11.2026")) is DayState.UNKNOWN


def test_a_real_cancellation_is_told_at_once() -> None:
    noon = kyiv("20.11.2026 12:00")
    plan = step(step(None, noon, planned("20.11.2026", "18:00-21:00")), noon, planned("20.11.2026"))
    assert told(plan.change) == {"cancelled": ["18:00-21:00"]}
    assert state_of(plan, day("20.11.2026")) is DayState.NO_OUTAGES


def test_a_stamp_alone_is_no_change() -> None:
    noon = kyiv("20.11.2026 12:00")
    first = be_svitlo.read([element("20.11.2026", {"5.2": ["18:00-21:00"]}, "20.11.2026 08:00")], "5.2")
    later = be_svitlo.read([element("20.11.2026", {"5.2": ["18:00-21:00"]}, "20.11.2026 11:00")], "5.2")
    plan = revise(None, first, home=at(), source="x", now=noon)
    plan = revise(plan, later, home=at(), source="x", now=noon)
    assert plan.change is None
    assert plan.operator_stamp == kyiv("20.11.2026 11:00")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (["10:00-12:00"], ["10:00-13:00"], {"longer": ["10:00-12:00 to 10:00-13:00"]}),
        (["10:00-12:00"], ["13:00-15:00"], {"moved": ["10:00-12:00 to 13:00-15:00"]}),
        (["10:00-12:00"], ["20:00-22:00"], {"added": ["20:00-22:00"], "cancelled": ["10:00-12:00"]}),
        (["10:00-12:00"], ["10:00-12:00", "15:00-16:00"], {"added": ["15:00-16:00"]}),
        (["10:00-12:00", "12:00-13:00"], ["10:00-13:00"], {}),
        ([], ["10:00-12:00"], {"added": ["10:00-12:00"]}),
    ],
)
def test_differences(before: list[str], after: list[str], expected: dict[str, list[str]]) -> None:
    now = kyiv("20.11.2026 08:00")
    plan = step(step(None, now, planned("20.11.2026", *before)), now, planned("20.11.2026", *after))
    assert told(plan.change) == expected


def test_a_change_stays_until_the_next() -> None:
    now = kyiv("20.11.2026 08:00")
    plan = step(step(None, now, planned("20.11.2026", "10:00-12:00")), now, planned("20.11.2026"))
    again = step(plan, now + timedelta(minutes=5), planned("20.11.2026"))
    assert again.change == plan.change


def states(before: DayState, after: DayState) -> dict[str, list[str]]:
    today, now = day("20.11.2026"), kyiv("20.11.2026 08:00")
    part = window(today, 600, 720, Certainty.DEFINITE)
    plan: OutageSchedule | None = None
    for state in (before, after):
        some = (part,) if part and state is DayState.PLANNED else ()
        plan = revise(plan, Answer({today: Day(state, some)}), home=at("3.1"), source="yasno", now=now)
    assert plan
    return told(plan.change)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (DayState.PLANNED, DayState.EMERGENCY, {"states": ["20.11"]}),
        (DayState.EMERGENCY, DayState.PLANNED, {"states": ["20.11"]}),
        (DayState.WAITING, DayState.PLANNED, {"published": ["20.11"]}),
        (DayState.PLANNED, DayState.WAITING, {"states": ["20.11"]}),
        (DayState.EMERGENCY, DayState.EMERGENCY, {}),
    ],
)
def test_emergencies_and_waiting(before: DayState, after: DayState, expected: dict[str, list[str]]) -> None:
    assert states(before, after) == expected


def test_a_mirror_that_looked_earlier_knows_less() -> None:
    noon = kyiv("20.11.2026 12:00")
    plan = step(None, noon, planned("20.11.2026", "18:00-20:00"))
    old = Answer(as_gpv({"20.11.2026": {"5.2": ["17:00-21:00"]}}, "5.2").days, as_of=noon - timedelta(minutes=10))
    kept = revise(plan, old, home=at("5.2"), source="gpv_json", now=noon + timedelta(minutes=5))
    assert kept.change is None
    assert local(kept.windows) == ["18:00-20:00"]


def test_a_mirror_with_an_older_publication_does_not_flip_the_plan() -> None:
    noon = kyiv("20.11.2026 12:00")
    plan = step(None, noon, element("20.11.2026", {"5.2": ["18:00-19:00"]}, "20.11.2026 11:55"))
    content = gpv({"20.11.2026": {"5.2": ["18:00-20:30"]}, "21.11.2026": {"5.2": []}})
    mirror = replace(gpv_json.read(content, "5.2"), stamp=kyiv("20.11.2026 08:00"), as_of=noon + timedelta(minutes=3))
    other = revise(plan, mirror, home=at("5.2"), source="gpv_json", now=noon + timedelta(minutes=5))
    assert local(other.windows) == ["18:00-19:00"]
    assert told(other.change) == {"published": ["21.11"]}


@pytest.mark.parametrize("mirror", [{"20.11.2026": {"5.2": ["18:00-20:00"]}}, {}])
def test_an_old_mirror_never_takes_a_day_away(mirror: dict[str, Any]) -> None:
    noon = kyiv("20.11.2026 10:00")
    plan = step(None, noon, planned("20.11.2026", "18:00-20:00"), planned("21.11.2026"))
    for hours in range(13):
        now = noon + timedelta(hours=hours)
        old = replace(gpv_json.read(gpv(mirror), "5.2"), as_of=noon - timedelta(minutes=10), stamp=None)
        plan = revise(plan, old, home=at("5.2"), source="gpv_json", now=now) if hours else plan
        if hours:
            plan = plan.model_copy(update={"source": "be_svitlo"})  # and back and forth
        assert plan.change is None
        assert plan.fetched_at == noon
        assert len(plan.days) == 2


def test_a_window_over_midnight_belongs_to_both_days() -> None:
    plan = step(None, kyiv("20.11.2026 12:00"), planned("20.11.2026", "22:00-03:00"), planned("21.11.2026"))
    assert state_of(plan, day("21.11.2026")) is DayState.PLANNED
    assert local(plan.windows) == ["22:00-03:00"]
    assert day_of(plan, day("21.11.2026")).total == timedelta(hours=3)


def test_windows_that_overlap_or_come_twice_are_dark_once() -> None:
    hours = ("18:00-20:00", "19:00-21:00", "18:00-20:00", "19:30-20:30", "21:00-22:00")
    plan = step(None, kyiv("20.11.2026 12:00"), planned("20.11.2026", *hours))
    assert local(plan.windows) == ["18:00-22:00"]
    assert day_of(plan, day("20.11.2026")).total == timedelta(hours=4)
    again = step(plan, kyiv("20.11.2026 12:05"), planned("20.11.2026", "18:00-22:00"))
    assert again.change is None, "the same hours written otherwise are no change"
    events = Calendar.from_ical(calendar_text(plan, outage="o", possible="p", emergency="e")).walk("VEVENT")
    assert len(events) == 1


def test_three_days_without_a_source() -> None:
    plan = step(
        None, kyiv("20.11.2026 12:00"), planned("20.11.2026", "18:00-20:00"), planned("21.11.2026", "10:00-12:00")
    )
    for hours in range(72):
        now = kyiv("20.11.2026 12:00") + timedelta(hours=hours)
        plan = failed(plan, NO_ANSWER(), home=at("5.2"), now=now)
        assert plan.stale is (hours > 24)
        assert plan.change is None
        assert state_of(plan, day("22.11.2026")) is DayState.UNKNOWN
        assert plan.fetched_at == kyiv("20.11.2026 12:00")
    back = step(plan, kyiv("23.11.2026 12:00"), planned("23.11.2026", "18:00-20:00"))
    assert told(back.change) == {"published": ["23.11"]}
    assert not back.stale
    assert back.reason is None


def test_another_queue_begins_anew() -> None:
    noon = kyiv("20.11.2026 12:00")
    plan = step(None, noon, planned("20.11.2026", "18:00-20:00"))
    other = revise(plan, as_be_svitlo({}, "1.1"), home=at("1.1"), source="x", now=noon)
    assert other.windows == ()
    assert failed(plan, NO_ANSWER(), home=at("1.1"), now=noon).days == ()


HALF_HOURS = st.integers(0, 47)
HOURS = st.tuples(HALF_HOURS, HALF_HOURS).filter(lambda pair: pair[0] != pair[1])
PLANS = st.lists(st.tuples(st.integers(-2, 3), st.none() | st.lists(HOURS, max_size=5)), max_size=5)
STARTS = st.sampled_from(["20.11.2026 00:00", "27.03.2027 12:00", "24.10.2026 23:30", "31.12.2026 22:00"])


@given(STARTS, st.lists(st.tuples(st.integers(0, 30), PLANS), max_size=6))
def test_any_sequence_of_answers(start: str, answers: list[tuple[int, Any]]) -> None:
    plan, now = None, kyiv(start)
    for hours, days in answers:
        now += timedelta(hours=hours)
        elements = [
            planned(f"{_shifted(now, ahead):%d.%m.%Y}", *_texts(some)) for ahead, some in days if some is not None
        ]
        plan = step(plan, now, *elements)
        assert OutageSchedule.model_validate_json(plan.model_dump_json()) == plan
        assert all(one.start < one.end for one in plan.windows)
        assert all(one.end <= other.start for one, other in zip(plan.windows, plan.windows[1:], strict=False))
        again = step(plan, now, *elements)
        assert again == plan, "the same answer again changes nothing"
        for known in plan.days:
            assert day_of(plan, known.day).total <= timedelta(hours=25)


def _shifted(now: datetime, days: int) -> date:
    return now.date() + timedelta(days=days)


def _texts(hours: list[tuple[int, int]]) -> list[str]:
    return [f"{a // 2:02}:{a % 2 * 30:02}-{b // 2:02}:{b % 2 * 30:02}" for a, b in hours]
