"""Several copies of a schedule: merged day by day, steady whatever one of them does, and named where they disagree."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.schedule import gpv_json
from services.schedule.answer import Answer
from services.schedule.copies import SETTLES, Copy, Difference, Memory, combined
from services.schedule.revision import revise
from shared.conditions import schedule
from shared.errors import DeviceOfflineError
from shared.messages import OutageSchedule, ServiceHealth
from tests.schedule.facts import at, day, gpv, local
from tests.schedule.home import NOON, Home, Internet

TODAY, TOMORROW = "20.11.2026", "21.11.2026"
ONE = "01:00-02:00"
MINUTE = timedelta(minutes=1)
POLL = 5 * MINUTE
LVIV = at("5.2", "lviv")


def answer(now: datetime, stamp: str | None = None, others: Iterable[str] = (ONE,), **days: Iterable[str]) -> Answer:
    """Return what a copy says now: today=["18:00-20:00"]."""
    names = {"today": TODAY, "tomorrow": TOMORROW}
    file = gpv({names[name]: {"5.2": hours, "1.1": others} for name, hours in days.items()})
    file["fact"]["update"] = stamp
    return gpv_json.read(file | {"lastUpdated": now.isoformat()}, "5.2")


class Merging:
    """A home that asks two copies, a and b, every five minutes."""

    def __init__(self) -> None:
        self.plan: OutageSchedule | None = None
        self.memory, self.now, self.differences = Memory(), NOON, list[Difference]()
        self.changes: set[datetime] = set()

    def poll(self, a: Answer | None, b: Answer | None) -> list[str]:
        copies = [Copy(name, said, better) for name, said, better in (("a", a, ()), ("b", b, ("a",))) if said]
        if copies:
            merged, self.memory, self.differences = combined(self.plan, copies, self.memory, self.now)
            source = copies[0].source
            self.plan = revise(self.plan, merged, home=LVIV, source=source, now=self.now)
            if self.plan.change:
                self.changes.add(self.plan.change.at)
        self.now += POLL
        assert self.plan
        return local(self.plan.windows)


EIGHT, NINE = ["18:00-20:00"], ["18:00-21:00"]


def test_days_come_from_whoever_has_them() -> None:
    home = Merging()
    shown = home.poll(answer(home.now, today=EIGHT), answer(home.now, today=EIGHT, tomorrow=["08:00-10:00"]))
    assert shown == ["18:00-20:00", "08:00-10:00"]
    assert home.plan
    assert [(one.day, one.source) for one in home.plan.days] == [(day(TODAY), "a"), (day(TOMORROW), "b")]


@pytest.mark.parametrize("others", [[ONE], []])
def test_a_day_that_loses_all_its_hours_in_one_copy_keeps_them_for_an_hour(others: list[str]) -> None:
    """A mirror that could not read a queue, or any, writes power all day (the history of a mirror of Vinnytsia)."""
    home = Merging()
    home.poll(answer(home.now, today=EIGHT), None)
    for minutes in (20, 55):
        for _ in range(minutes // 5):
            assert home.poll(answer(home.now, others=others, today=[]), None) == ["18:00-20:00"]
        home.poll(answer(home.now, today=EIGHT), None)
    assert home.changes == set()
    shown = [home.poll(answer(home.now, others=others, today=[]), None) for _ in range(13)]
    assert (shown[-2], shown[-1]) == (["18:00-20:00"], [])


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(1, 11), st.booleans()), max_size=8))
def test_a_mirror_that_cannot_read_its_operator_for_less_than_an_hour_changes_nothing(
    lives: list[tuple[int, int, bool]],
) -> None:
    """Each life: polls with hours, polls without (55 minutes at most), and whether every queue is empty then."""
    home = Merging()
    home.poll(answer(home.now, today=EIGHT), None)
    for with_hours, without, is_filler in lives:
        for number in range(with_hours + without):
            hours, others = (EIGHT, [ONE]) if number < with_hours else ([], [] if is_filler else [ONE])
            assert home.poll(answer(home.now, others=others, today=hours), None) == EIGHT
    assert home.changes == set()


def test_a_day_that_loses_its_hours_in_two_copies_has_lost_them_once_that_has_settled() -> None:
    """Both may have read the same page of the operator's that shows an error."""
    home = Merging()
    home.poll(answer(home.now, today=EIGHT), answer(home.now, today=EIGHT))
    for _ in range(SETTLES // POLL):
        assert home.poll(answer(home.now, today=[]), answer(home.now, today=[])) == EIGHT
    assert home.poll(answer(home.now, today=[]), answer(home.now, today=[])) == []


@pytest.mark.parametrize("flaps", ["a", "b"])
def test_a_copy_that_changes_its_mind_beside_one_that_does_not_changes_nothing(flaps: str) -> None:
    home = Merging()
    home.poll(answer(home.now, today=EIGHT), answer(home.now, today=EIGHT))
    for number in range(40):
        said = [answer(home.now, today=NINE if number % 2 else EIGHT), answer(home.now, today=EIGHT)]
        assert home.poll(*(said if flaps == "a" else said[::-1])) == ["18:00-20:00"]
    assert home.changes == set()


def test_a_lonely_copy_that_changes_its_mind_is_told_once() -> None:
    home = Merging()
    for number in range(40):
        home.poll(answer(home.now, today=NINE if number % 2 else EIGHT), None)
    assert len(home.changes) == 1


def test_a_later_publication_counts_at_once_from_either_copy_and_the_one_behind_takes_nothing_back() -> None:
    home = Merging()
    early, late = "20.11.2026 08:00", "20.11.2026 11:50"
    home.poll(answer(home.now, early, today=EIGHT), answer(home.now, early, today=EIGHT))
    for _ in range(20):
        shown = home.poll(answer(home.now, early, today=EIGHT), answer(home.now, late, today=NINE))
        assert shown == ["18:00-21:00"]
    assert len(home.changes) == 1
    assert home.poll(answer(home.now, early, today=EIGHT), None) == ["18:00-21:00"], "even where it answers alone"


def test_hours_that_nothing_dates_have_to_settle_and_the_difference_is_named() -> None:
    home = Merging()
    home.poll(answer(home.now, today=EIGHT), answer(home.now, today=EIGHT))
    shown = [home.poll(answer(home.now, today=NINE), answer(home.now, today=EIGHT)) for _ in range(8)]
    assert shown == [["18:00-20:00"]] * 8, "what is known stays while a copy confirms it"
    assert home.differences == [Difference(day(TODAY), "b", "a")]
    assert home.poll(answer(home.now, today=NINE), answer(home.now, today=NINE)) == ["18:00-21:00"]
    assert home.differences == []
    assert SETTLES == 4 * POLL


def marked(now: datetime, stamp: str, mark: str) -> Answer:
    """Return what a copy says of an outage from 18:00 to 19:30, possibly 20:00, as far as its marks can tell it."""
    file = gpv({TODAY: {"5.2": ["18:00-19:00"], "1.1": []}})
    file["fact"]["update"] = stamp
    for groups in file["fact"]["data"].values():
        groups["GPV5.2"]["20"] = mark
    return gpv_json.read(file | {"lastUpdated": now.isoformat()}, "5.2")


def test_copies_that_differ_only_in_how_sure_the_same_hours_are_do_not_disagree() -> None:
    """As OE_OUTAGE_DATA and koly-svitlo write Poltava's half-hours; whichever is later, nothing has changed."""
    home = Merging()
    for number in range(20):
        stamps = [f"20.11.2026 {8 + (number + shift) // 2:02}:00" for shift in (0, 1)]
        assert home.poll(marked(home.now, stamps[0], "msecond"), marked(home.now, stamps[1], "no"))[-1] == "19:30-20:00"
        assert home.differences == []
    assert home.changes == set()
    home.poll(marked(home.now, "20.11.2026 20:00", "no"), marked(home.now, "20.11.2026 20:00", "no"))
    assert len(home.changes) == 1, "the copy that is known says so itself"


def test_a_copy_that_falls_behind_takes_nothing_back_from_one_that_tells_the_same_hours() -> None:
    home = Merging()
    home.poll(marked(home.now, "20.11.2026 11:00", "msecond"), None)
    shown = home.poll(answer(home.now, "20.11.2026 10:00", today=EIGHT[:0]), marked(home.now, "20.11.2026 11:30", "no"))
    assert shown == ["18:00-20:00"], "of the later publication"


SAID = st.none() | st.tuples(st.sampled_from([EIGHT, NINE, []]), st.booleans(), st.sampled_from([None, 0, 7, 30]))


@given(st.lists(st.tuples(SAID, SAID), min_size=1, max_size=20))
def test_no_hour_is_lost_while_any_copy_confirms_it(polls: list[tuple[Any, Any]]) -> None:
    """Whatever the other one says, forgets, or answers late: a day that one copy confirms stays known."""
    home = Merging()
    shown = home.poll(answer(home.now, today=EIGHT), answer(home.now, today=EIGHT))
    for pair in polls:
        known, changes = shown, set(home.changes)
        said = [
            None if one is None else answer(home.now - (one[2] or 0) * MINUTE, **({"today": one[0]} if one[1] else {}))
            for one in pair
        ]
        shown = home.poll(*said)
        assert home.plan
        assert day(TODAY) in {one.day for one in home.plan.days}
        if all(one is None or one[0] == known or not one[1] for one in pair):
            assert (shown, home.changes) == (known, changes), "nobody said anything else"


def test_a_filler_of_one_copy_hides_nothing_that_the_other_has() -> None:
    home = Merging()
    power: dict[str, list[str]] = {"5.2": [], "1.1": []}
    filled = gpv({TODAY: {"5.2": EIGHT, "1.1": []}, TOMORROW: power}) | {"lastUpdated": home.now.isoformat()}
    shown = home.poll(gpv_json.read(filled, "5.2"), answer(home.now, today=EIGHT, tomorrow=["08:00-10:00"]))
    assert shown == ["18:00-20:00", "08:00-10:00"]


def test_a_publication_that_only_the_second_copy_has_counts_though_the_first_was_heard_just_now() -> None:
    home = Merging()
    home.poll(answer(home.now, "20.11.2026 08:00", today=EIGHT), None)
    assert home.poll(None, answer(home.now, today=NINE)) == ["18:00-20:00"], "undated hours wait while it is silent"
    assert home.poll(None, answer(home.now, "20.11.2026 11:50", today=NINE)) == ["18:00-21:00"]


def mirrors(a: object, b: object) -> Internet:
    return Internet(**{"Lvivoblenerho": a, "koly-svitlo": b})


def file(now: datetime, hours: list[str]) -> dict[str, Any]:
    return gpv({TODAY: {"5.2": hours, "1.1": ["01:00-02:00"]}}) | {"lastUpdated": now.isoformat()}


def test_the_status_names_a_copy_that_is_silent_or_disagrees(tmp_path: Path) -> None:
    down = DeviceOfflineError(schedule.NO_ANSWER())
    here = Home(tmp_path, mirrors(None, None), schedule_region="lviv", schedule_unlicensed=True)

    def poll(minutes: int, a: list[str] | None, b: list[str] | None) -> str:
        here.now = NOON + minutes * MINUTE
        here.internet.answers |= {
            name: down if hours is None else file(here.now, hours)
            for name, hours in (("Lvivoblenerho", a), ("koly-svitlo", b))
        }
        here.step()
        return here.why

    assert poll(0, EIGHT, EIGHT) == ""
    assert poll(5, EIGHT, None) == "", "a gap is no news"
    assert "from OE_OUTAGE_DATA alone" in poll(70, EIGHT, None)
    assert poll(75, EIGHT, EIGHT) == ""
    assert "because OE_OUTAGE_DATA: it does not answer" in poll(80, None, EIGHT)
    assert poll(85, EIGHT, NINE) == ""
    assert "koly-svitlo has other hours for 20.11" in poll(110, EIGHT, NINE)
    assert here.health.status(here.now).state is ServiceHealth.DEGRADED
    assert local(here.said.windows) == EIGHT


def test_a_copy_with_the_file_of_another_region_is_not_believed(tmp_path: Path) -> None:
    """The groups have the same names everywhere, so nothing else would show it."""
    here = Home(tmp_path, mirrors({}, {}), schedule_region="lviv", schedule_unlicensed=True)
    here.internet.answers |= {
        "Lvivoblenerho": DeviceOfflineError(schedule.NO_ANSWER()),
        "koly-svitlo": file(NOON, NINE) | {"regionId": "kyiv"},
    }
    with pytest.raises(DeviceOfflineError, match="koly-svitlo: its answer is of another region: kyiv instead of lviv"):
        here.step()
    here.internet.answers["koly-svitlo"] = file(NOON, NINE) | {"regionId": "lviv"}
    here.step()
    assert local(here.said.windows) == NINE
