"""One step after the other against sources that answer, fail and lie."""

import asyncio
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.schedule import updater as module
from services.schedule.settings import ScheduleSettings
from services.schedule.updater import pause
from shared.conditions import schedule
from shared.errors import BadReplyError, ConfigError, DeviceOfflineError
from shared.messages import HoursChangeKind, ServiceHealth
from shared.settings import load
from shared.topics import OUTAGE_SCHEDULE
from shared.trusted_time import unset_start
from tests.schedule.facts import element, gpv, kyiv, local
from tests.schedule.home import NOON, Home, Internet

TODAY = element("20.11.2026", {"5.2": ["18:00-20:00"]})


@pytest.fixture
def home(tmp_path: Path) -> Callable[..., Home]:
    return lambda internet, **given: Home(tmp_path, internet, **given)


def test_the_operator_is_asked_and_the_plan_is_published(home: Any) -> None:
    here = home(Internet(schedule_by_queue=[TODAY]))
    assert 300 <= here.step() <= 330
    assert local(here.said.windows) == ["18:00-20:00"]
    assert (here.said.source, here.said.reason, here.said.stale) == ("be_svitlo", None, False)
    assert here.internet.asked == [
        "GET https://be-svitlo.oe.if.ua/schedule-by-queue?queue=5.2",
        "POST https://be-svitlo.oe.if.ua/gpv-queue-list",
    ]
    assert here.health.status(NOON).state is ServiceHealth.ONLINE


def test_the_queue_is_checked_at_the_start_and_daily(home: Any) -> None:
    here = home(Internet(schedule_by_queue=[]), queue_number="7.3")
    for hours in range(49):
        here.now = NOON + timedelta(hours=hours)
        here.step()
    assert sum(one.startswith("POST") for one in here.internet.asked) == 3
    assert 'has no queue "7.3": set QUEUE_NUMBER to one of 5.2, 5.1' in here.why


def test_a_mirror_helps_when_the_operator_is_down_and_is_named(home: Any) -> None:
    mirror = gpv({"20.11.2026": {"5.2": ["17:00-21:00"]}}) | {"lastUpdated": "2026-11-20T09:59:00Z"}
    here = home(
        Internet(schedule_by_queue=DeviceOfflineError(schedule.http_status(status=502)), Prykarpattiaoblenerho=mirror)
    )
    here.step()
    assert local(here.said.windows) == ["17:00-21:00"]
    assert here.said.source == "gpv_json"
    assert "comes from gpv_json, because be_svitlo: it answered with HTTP 502" in here.why
    assert sum("schedule-by-queue" in one for one in here.internet.asked) == 3


def test_a_mirror_that_stopped_looking_is_not_believed(home: Any) -> None:
    mirror = gpv({"20.11.2026": {"5.2": ["17:00-21:00"]}}) | {"lastUpdated": "2026-11-18T09:59:00Z"}
    here = home(Internet(Prykarpattiaoblenerho=mirror))
    with pytest.raises(DeviceOfflineError, match=r"has not looked at the operator since 18\.11 09:59 UTC"):
        here.step()


def test_the_last_good_plan_stays_and_grows_stale(home: Any) -> None:
    here = home(Internet(schedule_by_queue=[TODAY]))
    here.step()
    for name in list(here.internet.answers):
        here.internet.answers[name] = b"<html>Just a moment...</html>"
    for hours in range(73):
        here.now = NOON + timedelta(hours=hours)
        with pytest.raises(DeviceOfflineError, match="be_svitlo: it answered with a web page"):
            here.step()
        assert here.said.change is None
        assert local(here.said.windows) == ["18:00-20:00"]
        assert here.said.stale is (hours > 24)
    assert len(here.bus.on(OUTAGE_SCHEDULE)) == 3, "good, failed, stale: said once each"


def test_a_restart_goes_on_from_what_was_published(home: Any) -> None:
    first = home(Internet(schedule_by_queue=[TODAY]))
    first.step()
    again = home(Internet(schedule_by_queue=[element("20.11.2026", {"5.2": ["19:00-20:00"]})]), plan=first.said)
    again.step()
    assert again.said.change
    assert [one.kind for one in again.said.change.hours] == [HoursChangeKind.SHORTER]


@pytest.mark.parametrize(("off", "way"), [(60, "60 min slow"), (-60, "60 min fast"), (2, None)])
def test_a_clock_that_is_off_is_reported(home: Any, off: int, way: str | None) -> None:
    here = home(Internet(schedule_by_queue=[TODAY]))
    here.internet.server_time = NOON + timedelta(minutes=off)
    here.step()
    assert (way in here.why) if way else here.why == ""


def test_hours_that_make_no_sense_are_reported_and_the_good_plan_stays(home: Any) -> None:
    here = home(Internet(schedule_by_queue=[TODAY]))
    here.step()
    bad = element("20.11.2026", {"5.2": ["18:00-20:00"]})
    bad["queues"]["5.2"][0]["to"] = "99:00"
    here.internet.answers["schedule-by-queue"] = [bad]
    with pytest.raises(DeviceOfflineError):
        here.step()
    assert local(here.said.windows) == ["18:00-20:00"]
    assert here.said.reason
    assert "'99:00' is no time of day" in here.said.reason.text


def test_raw_answers_are_kept_for_a_week_each_change_once(home: Any, tmp_path: Path) -> None:
    here = home(Internet(schedule_by_queue=[TODAY]))
    for hours in range(24 * 10):
        here.now = NOON + timedelta(hours=hours)
        here.internet.answers["schedule-by-queue"] = [element("20.11.2026", {"5.2": [f"{hours // 24:02}:00-20:00"]})]
        here.step()
    files = sorted((tmp_path / "raw").iterdir())
    assert len(files) == 8, "the newest, and those of the seven days before it"
    assert json.loads(files[-1].read_bytes())[0]["queues"]["5.2"][0]["from"] == "09:00"


def test_a_folder_that_cannot_be_written_hinders_nothing(home: Any, tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("a file")
    here = home(Internet(schedule_by_queue=[TODAY]))
    here.step()
    assert local(here.said.windows) == ["18:00-20:00"]
    assert "Raw answers cannot be stored" in here.why


def test_a_guarded_list_of_queues_is_asked_for_hourly(home: Any) -> None:
    here = home(Internet(schedule_by_queue=[TODAY]))
    here.internet.answers["gpv-queue-list"] = BadReplyError(schedule.http_status(status=403))
    for minutes in range(0, 125, 5):
        here.now = NOON + timedelta(minutes=minutes)
        here.step()
    assert sum(one.startswith("POST") for one in here.internet.asked) == 3


def test_while_the_clock_is_not_set_the_server_says_what_time_it_is(home: Any) -> None:
    here = home(Internet(schedule_by_queue=[TODAY]))
    here.internet.server_time = NOON
    here.now = unset_start("boot") + timedelta(minutes=3)
    here.step()
    assert here.said.at == NOON
    assert local(here.said.windows) == ["18:00-20:00"]
    assert "clock" not in here.why


def test_on_a_wrong_clock_the_server_says_what_day_it_is(home: Any) -> None:
    here = home(Internet(schedule_by_queue=[TODAY]))
    here.internet.server_time = NOON
    for days_off in (0, -8, 3, 0):
        here.now = NOON + timedelta(days=days_off)
        here.step()
        assert local(here.said.windows) == ["18:00-20:00"]
        assert here.said.change is None


def test_an_answer_without_anything_readable_lets_the_mirror_speak(home: Any) -> None:
    mirror = gpv({"20.11.2026": {"5.2": ["17:00-21:00"]}}) | {"lastUpdated": "2026-11-20T09:59:00Z"}
    here = home(Internet(schedule_by_queue=[{"date": "20.11.2026", "queues": {}}], Prykarpattiaoblenerho=mirror))
    here.step()
    assert here.said.source == "gpv_json"


@pytest.mark.parametrize(
    ("at", "low", "high"),
    [
        ("20.11.2026 12:00", 300, 330),
        ("20.11.2026 20:00", 120, 132),
        ("20.07.2026 20:00", 120, 132),
        ("20.11.2026 21:00", 300, 330),
    ],
)
def test_the_evening_is_watched_closer(at: str, low: float, high: float) -> None:
    pauses = {pause(300, kyiv(at)) for _ in range(50)}
    assert all(low <= one <= high for one in pauses)
    assert len(pauses) > 10


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "SCHEDULE_PROVIDERS",
            "be_svitlo,oblenergo",
            '"oblenergo" is no provider; there are be_svitlo, gpv_json, yasno',
        ),
        ("SCHEDULE_PROVIDERS", "", None),
        ("SCHEDULE_INTERVAL", "5", "SCHEDULE_INTERVAL must be at least 60"),
        ("QUEUE_NUMBER", "5.2&x=1", "the number of a queue, such as 5.2, is needed"),
        ("QUEUE_NUMBER", "моя", "the number of a queue, such as 5.2, is needed"),
        ("BE_SVITLO_URL", "be-svitlo", "an address such as https://example.org is needed"),
        ("GPV_JSON_URL", "file:///etc/passwd", "an address such as https://example.org is needed"),
    ],
)
def test_settings(name: str, value: str, sentence: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENV_FILE", "")
    monkeypatch.setenv(name, value)
    if sentence is None:
        assert load(ScheduleSettings).provider_names == ["be_svitlo"]
        return
    with pytest.raises(ConfigError, match=sentence):
        load(ScheduleSettings)


def test_a_long_interval_does_not_sleep_through_the_evening() -> None:
    assert pause(7200, kyiv("20.11.2026 19:00")) <= 1.1 * 45 * 60
    assert pause(7200, kyiv("20.11.2026 21:00")) >= 7200


def test_work_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_S", 0.05)
    hung = threading.Event()
    with pytest.raises(DeviceOfflineError, match="in time"):
        asyncio.run(module.in_time(hung.wait))
    hung.set()
