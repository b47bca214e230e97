"""A change is told as what it does to the hours without power."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.schedule.darkness import changed_hours
from shared.conditions import schedule
from shared.errors import DeviceOfflineError
from shared.messages import Certainty, DayState, HoursChangeKind, ScheduleChange, Window
from shared.outages import merged, state_of
from shared.topics import OUTAGE_SCHEDULE
from tests.schedule.facts import day, element, gpv, kyiv, local
from tests.schedule.home import NOON, Home, Internet
from tests.schedule.test_revision import QUEUES, as_be_svitlo, replay

MIDNIGHT = kyiv("20.11.2026 00:00")
Kind = HoursChangeKind


def windows(*texts: str) -> tuple[Window, ...]:
    """Return windows from "10-12" or, of a possible one, "10-12?"."""
    return merged(_window(text) for text in texts)


def _window(text: str) -> Window:
    start, end = (MIDNIGHT + timedelta(hours=float(part)) for part in text.rstrip("?").split("-"))
    return Window(start=start, end=end, certainty=Certainty.POSSIBLE if "?" in text else Certainty.DEFINITE)


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        pytest.param("", "10-12", "added", id="added"),
        pytest.param("10-12", "", "cancelled", id="cancelled"),
        pytest.param("18-20.5", "18-19", "shorter", id="cut-at-the-end"),
        pytest.param("14-18", "15-18", "shorter", id="cut-at-the-start"),
        pytest.param("14-18", "15-17", "shorter", id="cut-at-both"),
        pytest.param("10-12", "9-12", "longer", id="longer"),
        pytest.param("10-12", "11-13", "moved", id="moved-over-itself"),
        pytest.param("10-12", "13-15", "moved", id="moved-away"),
        pytest.param("10-12", "20-22", "cancelled added", id="too-far-for-a-move"),
        pytest.param("10-12", "13-16", "cancelled added", id="another-length-is-another-outage"),
        pytest.param("10-16 16.5-20", "10-20", "joined", id="dark-from-10-to-20"),
        pytest.param("10-12 18-20", "10-20", "joined", id="joined-over-the-gap"),
        pytest.param("10-20", "10-12 18-20", "split", id="split"),
        pytest.param("10-13 14-17", "11-14.5 16-18", "redrawn", id="redrawn"),
        pytest.param("10-12?", "10-12", "more_certain", id="more-certain"),
        pytest.param("10-14?", "10-12 12-14?", "more_certain", id="partly-more-certain"),
        pytest.param("10-12", "10-12?", "less_certain", id="less-certain"),
        pytest.param("10-12 12-14", "10-14", "", id="a-seam-is-no-change"),
        pytest.param("10-12 15-18 20-22", "10-12 15-16 20-23", "shorter longer", id="each-by-itself"),
    ],
)
def test_kinds(before: str, after: str, kinds: str) -> None:
    found = changed_hours(windows(*before.split()), windows(*after.split()))
    assert [one.kind.value for one in found] == kinds.split()


PLANS = st.lists(
    st.tuples(st.integers(0, 46), st.integers(1, 12), st.booleans()).map(
        lambda one: f"{one[0] / 2}-{min(one[0] + one[1], 48) / 2}{'?' if one[2] else ''}"
    ),
    max_size=6,
).map(lambda texts: windows(*texts))


def dark(some: Sequence[Window]) -> dict[datetime, bool]:
    """Return the half hours without power, and whether that is certain."""
    return {
        MIDNIGHT + step * timedelta(minutes=30): one.certainty is Certainty.DEFINITE
        for step in range(48)
        for one in some
        if one.start <= MIDNIGHT + step * timedelta(minutes=30) < one.end
    }


@given(PLANS, PLANS)
def test_what_is_told_is_exactly_what_changes(before: tuple[Window, ...], after: tuple[Window, ...]) -> None:
    changes = changed_hours(before, after)
    told_before = dark([window for one in changes for window in one.before])
    told_after = dark([window for one in changes for window in one.after])
    old, new = dark(before), dark(after)
    assert told_before.items() <= old.items()
    assert told_after.items() <= new.items()
    untold = {at: sure for at, sure in old.items() if at not in told_before}
    assert untold == {at: sure for at, sure in new.items() if at not in told_after}, "the rest is as it was"
    assert (changes == ()) is (old == new)


@given(PLANS, PLANS)
def test_no_kind_misleads(before: tuple[Window, ...], after: tuple[Window, ...]) -> None:
    for one in changed_hours(before, after):
        old, new = dark(one.before), dark(one.after)
        assert (one.kind is Kind.ADDED) is (not old)
        assert (one.kind is Kind.CANCELLED) is (not new)
        if one.kind is Kind.CANCELLED:
            assert not old.keys() & dark(after).keys(), "nothing of what is called off stays dark"
        if one.kind is Kind.SHORTER:
            assert new.keys() < old.keys()
        if one.kind is Kind.LONGER:
            assert old.keys() < new.keys()
        if one.kind in (Kind.MORE_CERTAIN, Kind.LESS_CERTAIN):
            assert old.keys() == new.keys()


@pytest.mark.parametrize("queue", QUEUES)
def test_no_cut_of_the_real_november_is_called_a_move(queue: str) -> None:
    for _, told in replay(queue, as_be_svitlo):
        for moved in told.get("moved", ()):
            before, after = (text.split("-") for text in moved.split(" to "))
            assert before[0] != after[0], moved
            assert before[1] != after[1], moved


def test_a_change_of_version_1_is_read() -> None:
    one, other = (part.model_dump(mode="json") for part in windows("10-12", "14-16"))
    old = {"at": "2026-11-20T08:00:00Z", "added": [one], "removed": [other], "moved": [{"before": one, "after": other}]}
    change = ScheduleChange.model_validate(old)
    assert [part.kind for part in change.hours] == [Kind.ADDED, Kind.CANCELLED, Kind.MOVED]
    assert ScheduleChange.model_validate_json(change.model_dump_json()) == change


# operator and mirror


def mirrored(*hours: str) -> dict[str, Any]:
    file = gpv({"20.11.2026": {"5.2": list(hours), "1.1": ["08:00-09:00"]}})
    file["fact"]["update"] = "24.11.2026 19:52"
    return file


def test_an_operator_that_flaps_beside_a_mirror_changes_nothing(tmp_path: Path) -> None:
    here = Home(tmp_path, Internet())
    for step in range(12):
        here.now = NOON + step * timedelta(minutes=5)
        up = [element("20.11.2026", {"5.2": ["18:00-20:00"]})]
        here.internet.answers["schedule-by-queue"] = DeviceOfflineError(schedule.NO_ANSWER()) if step % 2 else up
        here.internet.answers["Prykarpattiaoblenerho"] = mirrored("18:00-21:00") | {"lastUpdated": here.now.isoformat()}
        here.step()
        assert (local(here.said.windows), here.said.change) == (["18:00-20:00"], None)


def test_a_mirror_is_believed_once_the_operator_is_silent_for_an_hour(tmp_path: Path) -> None:
    here = Home(tmp_path, Internet(schedule_by_queue=[element("20.11.2026", {"5.2": ["18:00-20:00"]})]))
    here.step()
    here.internet.answers["schedule-by-queue"] = DeviceOfflineError(schedule.NO_ANSWER())
    for minutes in (5, 59, 61, 65):
        here.now = NOON + timedelta(minutes=minutes)
        here.internet.answers["Prykarpattiaoblenerho"] = mirrored("18:00-21:00") | {"lastUpdated": here.now.isoformat()}
        here.step()
        assert local(here.said.windows) == (["18:00-20:00"] if minutes < 60 else ["18:00-21:00"])
    changes = {plan.change.at for plan in here.bus.on(OUTAGE_SCHEDULE) if plan.change}
    assert len(changes) == 1


@pytest.mark.parametrize("mirror", [True, False])
def test_an_empty_answer_of_the_operator_asks_the_next_source(tmp_path: Path, mirror: bool) -> None:
    here = Home(tmp_path, Internet(schedule_by_queue=[]))
    if mirror:
        here.internet.answers["Prykarpattiaoblenerho"] = mirrored("18:00-21:00") | {"lastUpdated": NOON.isoformat()}
    here.step()
    assert here.said.source == ("gpv_json" if mirror else "be_svitlo")
    assert local(here.said.windows) == (["18:00-21:00"] if mirror else [])
    assert ("because be_svitlo: it has published nothing" in here.why) is mirror
    assert state_of(here.said, day("20.11.2026")) is (DayState.PLANNED if mirror else DayState.UNKNOWN)
