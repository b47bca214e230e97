"""`show` prints what each source has, and fails where none answers."""

import json

import pytest

from services.schedule.settings import ScheduleSettings
from services.schedule.show import show
from shared.errors import DeviceOfflineError
from tests.schedule.facts import gpv
from tests.schedule.http_server import reply, server

MIRROR = json.dumps(gpv({})).encode()


def shown(operator: str, mirror: str, queue: str = "5.2") -> str:
    given = {"schedule_providers": "be_svitlo,gpv_json", "be_svitlo_url": operator, "gpv_json_url": mirror}
    return show(ScheduleSettings(_env_file=None, queue_number=queue, **given))


def test_one_source_is_enough() -> None:
    with server(reply(403, b"")) as operator, server(reply(body=MIRROR)) as mirror:
        text = shown(operator, mirror)
    assert "be_svitlo: it answered with HTTP 403" in text
    assert "gpv_json, queue 5.2:" in text
    assert "nothing published" in text


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
