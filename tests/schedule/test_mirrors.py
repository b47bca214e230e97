"""Mirrors: what they fill in before publication, how old their hours are, and what their headers ask for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.schedule import gpv_json
from services.schedule.answer import Answer, epoch_moment
from services.schedule.fetch import LONGEST_WAIT, AskedToWaitError, Fetched, fetch
from services.schedule.mirror_age import UNDATED_AGE, looked_at, undated
from services.schedule.revision import revise
from shared.conditions import schedule
from shared.errors import DeviceOfflineError
from shared.messages import DayState, OutageSchedule
from shared.outages import STALE_AFTER, state_of
from tests.schedule.facts import at, day, gpv, kyiv, local
from tests.schedule.home import NOON, Home, Internet
from tests.schedule.http_server import reply, server

TODAY, TOMORROW = day("20.11.2026"), day("21.11.2026")
POWER: dict[str, list[str]] = {"5.2": [], "1.1": [], "6.2": []}
DARK = POWER | {"1.1": ["08:00-12:00"]}
MIRROR: dict[str, Any] = {
    "schedule_providers": "gpv_json",
    "gpv_json_url": "https://raw.githubusercontent.com/a/b/main/data/x.json",
}


def read(days: dict[str, Any], *, stamp: str | None = "20.11.2026 08:00", **content: Any) -> Answer:
    file = gpv(days) | content
    file["fact"]["update"] = stamp
    return gpv_json.read(file, "5.2")


def plan_of(answer: Answer, now: datetime = NOON, before: OutageSchedule | None = None) -> OutageSchedule:
    return revise(before, answer, home=at("5.2"), source="gpv_json", now=now)


# what is filled in


@pytest.mark.parametrize(
    ("days", "today", "tomorrow"),
    [
        pytest.param({"20.11.2026": DARK, "21.11.2026": POWER}, "no_outages", "unknown", id="tomorrow-filled"),
        pytest.param({"20.11.2026": DARK, "21.11.2026": DARK}, "no_outages", "no_outages", id="others-are-dark"),
        pytest.param({"20.11.2026": POWER, "21.11.2026": POWER}, "no_outages", "unknown", id="both-filled"),
        pytest.param({"20.11.2026": POWER}, "no_outages", "unknown", id="a-day-all-clear"),
    ],
)
def test_a_filler_is_not_published(days: dict[str, Any], today: str, tomorrow: str) -> None:
    plan = plan_of(read(days))
    assert (state_of(plan, TODAY), state_of(plan, TOMORROW)) == (today, tomorrow)


def test_a_filler_is_none_at_midnight_either_and_takes_no_known_hours_away() -> None:
    filled = read({"21.11.2026": POWER}, stamp="20.11.2026 08:00")
    midnight = kyiv("21.11.2026 00:05")
    assert state_of(plan_of(filled, midnight), TOMORROW) is DayState.UNKNOWN
    known = plan_of(read({"21.11.2026": POWER | {"5.2": ["10:00-14:00"]}}), NOON)
    assert local(plan_of(filled, NOON, known).windows) == ["10:00-14:00"]
    cancelled = plan_of(filled, midnight, known)
    assert state_of(cancelled, TOMORROW) is DayState.NO_OUTAGES, "hours that were known and are gone were cancelled"


@given(st.integers(0, 48 * 60), st.sets(st.sampled_from(["5.2", "1.1", "6.2"])))
def test_no_filler_is_ever_a_promise(minutes: int, dark: set[str]) -> None:
    """Whatever the hour: a day that is ahead is free of outages only where another queue has some."""
    now = kyiv("19.11.2026 00:00") + timedelta(minutes=minutes)
    groups = {queue: ["08:00-12:00"] if queue in dark else [] for queue in POWER}
    state = state_of(plan_of(read({"21.11.2026": groups}), now), TOMORROW)
    assert state == ("planned" if "5.2" in dark else "no_outages" if dark else "unknown")


@pytest.mark.parametrize(
    ("given", "states"),
    [
        (True, ["emergency", "emergency"]),
        ([int(kyiv("20.11.2026 00:00").timestamp())], ["emergency", "no_outages"]),
        ([str(int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()))], ["no_outages", "emergency"]),
        (False, ["no_outages", "no_outages"]),
        ([], ["no_outages", "no_outages"]),
        (None, ["no_outages", "no_outages"]),
        (["soon"], ["no_outages", "no_outages"]),
    ],
)
def test_an_emergency_is_honoured(given: object, states: list[str]) -> None:
    file = gpv({"20.11.2026": DARK, "21.11.2026": DARK})
    file["fact"]["emergency"] = given
    answer = gpv_json.read(file, "5.2")
    assert [answer.days[one].state for one in (TODAY, TOMORROW)] == states
    assert bool(answer.odd) is (given == ["soon"])


# how old it is


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (1765180800, datetime(2025, 12, 8, 8, tzinfo=UTC)),
        (1765180800123, datetime(2025, 12, 8, 8, 0, 0, 123000, tzinfo=UTC)),
        ("1765180800", datetime(2025, 12, 8, 8, tzinfo=UTC)),
        ("2025-12-08T08:00:00Z", datetime(2025, 12, 8, 8, tzinfo=UTC)),
        ("08.12.2025 10:00", datetime(2025, 12, 8, 8, tzinfo=UTC)),
        (True, None),
        (0, None),
        ("soon", None),
        (None, None),
    ],
)
def test_when_a_mirror_looked(written: object, read_as: datetime | None) -> None:
    assert gpv_json.read(gpv({}) | {"lastUpdated": written}, "5.2").as_of == read_as


@given(st.integers() | st.floats() | st.text(max_size=12))
def test_no_number_breaks_the_reader(number: object) -> None:
    moment = epoch_moment(number)
    assert moment is None or 2000 <= moment.year <= 2100


HOURS = st.none() | st.integers(0, 72).map(lambda hours: NOON - timedelta(hours=hours))


@given(HOURS, HOURS, HOURS, st.integers(0, 72), st.booleans())
def test_the_age_of_a_mirror(
    own: datetime | None, modified: datetime | None, commit: datetime | None, cached_h: int, failed: bool
) -> None:
    age = timedelta(hours=cached_h)
    answer = Answer(as_of=own, look_failed=failed)
    found = looked_at(answer, Fetched(b"", modified=modified, age=age), commit, NOON)
    signs = [one for one in ([own] if failed else [own, modified, commit]) if one]
    assert (found is None) is (not signs)
    assert found is None or (found <= NOON - age and found in {*signs, NOON - age})


def test_hours_without_a_date_are_never_new_and_grow_old() -> None:
    first = undated(None, NOON)
    assert first == NOON - UNDATED_AGE
    assert undated(first, NOON + timedelta(hours=30)) == first


@pytest.fixture
def home(tmp_path: Path) -> Callable[[Any], Home]:
    return lambda internet: Home(tmp_path, internet, **MIRROR)


def aged(days: dict[str, Any], written: object) -> dict[str, Any]:
    return gpv(days) | {"lastUpdated": written}


UNDATED = aged({"20.11.2026": POWER | {"5.2": ["18:00-20:00"]}}, None)


def test_a_source_of_unknown_age_is_named_and_has_a_limit(home: Callable[[Any], Home]) -> None:
    here = home(Internet(**{"x.json": UNDATED}))
    here.step()
    assert "gpv_json does not say when it last looked" in here.why
    assert here.said.fetched_at == NOON - UNDATED_AGE
    here.now = NOON + STALE_AFTER - UNDATED_AGE + timedelta(minutes=1)
    with pytest.raises(DeviceOfflineError, match="carry no date"):
        here.step()
    assert here.said.stale
    here.internet.answers["x.json"] = aged({"20.11.2026": POWER | {"5.2": ["18:00-21:00"]}}, None)
    here.step()
    assert here.said.fetched_at == here.now - UNDATED_AGE, "what changed is looked after"


def test_a_restart_makes_hours_without_a_date_no_fresher(tmp_path: Path) -> None:
    first = Home(tmp_path, Internet(**{"x.json": UNDATED}), **MIRROR)
    first.step()
    again = Home(tmp_path, Internet(**{"x.json": UNDATED}), plan=first.said, **MIRROR)
    again.now = NOON + timedelta(hours=13)
    with pytest.raises(DeviceOfflineError, match="carry no date"):
        again.step()


COMMIT = [{"commit": {"committer": {"date": "2026-11-20T09:00:00Z"}}}]


def test_a_mirror_that_writes_only_changes_lives_by_its_commits(home: Callable[[Any], Home]) -> None:
    quiet = aged({"20.11.2026": POWER | {"5.2": ["18:00-20:00"]}}, "2026-11-17T09:00:00Z")
    here = home(Internet(**{"x.json": quiet, "api.github.com/repos/a/b/commits": COMMIT}))
    for minutes in range(0, 60, 5):
        here.now = NOON + timedelta(minutes=minutes)
        here.step()
    assert (local(here.said.windows), here.said.stale) == (["18:00-20:00"], False)
    assert here.said.fetched_at == kyiv("20.11.2026 11:00")
    assert sum("api.github.com" in one for one in here.internet.asked) == 1, "once an hour"


def test_after_a_failed_look_no_commit_helps(home: Callable[[Any], Home]) -> None:
    failed = aged({"20.11.2026": DARK}, "2026-11-20T09:00:00Z") | {"lastUpdateStatus": {"ok": False}}
    failed["fact"]["update"] = "17.11.2026 08:00"
    here = home(Internet(**{"x.json": failed, "api.github.com/repos/a/b/commits": COMMIT}))
    with pytest.raises(DeviceOfflineError, match="has not looked at the operator since 17"):
        here.step()


# what headers say


def test_the_age_in_a_cache_and_the_last_change_are_read() -> None:
    changed = "Fri, 20 Nov 2026 09:00:00 GMT"
    with server(reply(body=b"[1]", Age="3600", Last_Modified=changed)) as url:
        answer = fetch(url)
    assert (answer.age, answer.modified) == (timedelta(hours=1), datetime(2026, 11, 20, 9, tzinfo=UTC))


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "wait"),
    [("120", timedelta(minutes=2)), ("9999999", LONGEST_WAIT), ("Fri, 20 Nov 2099 09:00:00 GMT", LONGEST_WAIT)],
)
def test_retry_after(status: int, header: str, wait: timedelta) -> None:
    with server(reply(status, b"", Retry_After=header)) as url, pytest.raises(AskedToWaitError) as caught:
        fetch(url)
    assert caught.value.wait == wait


def test_a_source_that_asked_for_it_is_left_alone(tmp_path: Path) -> None:
    here = Home(tmp_path, Internet(schedule_by_queue=AskedToWaitError(timedelta(minutes=30), 429)))
    for minutes in (0, 5, 29, 31):
        here.now = NOON + timedelta(minutes=minutes)
        with pytest.raises(DeviceOfflineError):
            here.step()
    assert sum("schedule-by-queue" in one for one in here.internet.asked) == 2
    assert schedule.asked_to_wait(until=NOON + timedelta(minutes=30)).text.startswith("it asked not to be asked before")
