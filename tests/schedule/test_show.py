"""`show` prints what each source has, and fails where none answers."""

import json
from datetime import timedelta
from typing import Any

import pytest

from services.schedule.settings import ScheduleSettings
from services.schedule.show import Line, show
from shared.clock import utc_now
from shared.errors import DeviceOfflineError
from shared.texts.language import Language
from shared.texts.localizer import Localizer
from tests.schedule.facts import gpv
from tests.schedule.http_server import reply, server

MIRROR = json.dumps(gpv({})).encode()


def shown(operator: str, mirror: str, queue: str = "5.2", language: Language = Language.EN) -> list[Line]:
    given: dict[str, Any] = {
        "schedule_providers": "be_svitlo,gpv_json",
        "be_svitlo_url": operator,
        "gpv_json_url": mirror,
    }
    settings = ScheduleSettings(_env_file=None, queue_number=queue, **given)
    return show(settings, Localizer(language, utc_now()))


def test_one_source_is_enough() -> None:
    with server(reply(403, b"")) as operator, server(reply(body=MIRROR)) as mirror:
        failed, heading, *days = shown(operator, mirror)
    assert (failed.text, failed.is_good) == ("be_svitlo: it answered with HTTP 403", False)
    assert heading == Line("gpv_json, queue 5.2:", is_good=None)
    assert days
    assert all(day.text.endswith("nothing published") and day.is_good is None for day in days)


def test_days_of_which_a_source_knows_are_good_news_in_any_language() -> None:
    hours = {f"{utc_now() + timedelta(days=1):%d.%m.%Y}": {"5.2": ["04:00-06:00"]}}
    with server(reply(403, b"")) as operator, server(reply(body=json.dumps(gpv(hours)).encode())) as mirror:
        lines = shown(operator, mirror, language=Language.UK)
    assert Line("gpv_json, черга 5.2:", is_good=None) in lines
    assert [line.is_good for line in lines if line.text.endswith("04:00-06:00")] == [True]
    assert {line.is_good for line in lines if line.text.endswith("нічого не опубліковано")} == {None}
    assert json.loads(lines[0].to_json()) == {"text": lines[0].text, "is_good": False}


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]"])
def test_it_fails_where_every_source_does(body: bytes) -> None:
    with (
        server(reply(403, b"")) as operator,
        server(reply(body=body)) as mirror,
        pytest.raises(DeviceOfflineError, match="be_svitlo: it answered with HTTP 403; gpv_json: "),
    ):
        shown(operator, mirror)


def test_a_queue_that_no_source_knows_is_no_plan() -> None:
    with (
        server(reply(403, b"")) as operator,
        server(reply(body=json.dumps(gpv({"19.11.2025": {"5.2": ["04:00-06:00"]}})).encode())) as mirror,
        pytest.raises(DeviceOfflineError, match=r'gpv_json has no queue "99\.9": set QUEUE_NUMBER to one of 5\.2'),
    ):
        shown(operator, mirror, "99.9")
