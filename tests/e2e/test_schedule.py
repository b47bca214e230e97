"""The plan of outages from the operator's web site to the broker, through what goes wrong on the way."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.reasons import reason_text
from tests.support.stack import Stack, running_stack
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

PLAN = "outage/schedule"
STATUS = "service/schedule/status"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[Stack, Viewer]]:
    with running_stack(tmp_path) as (stack, viewer):
        stack.start_outages()
        stack.plan("plan", day="tomorrow", plan="unknown")
        stack.plan("plan", day="today", plan="04:00-06:00,18:00-24:00")
        yield stack, viewer


def last(viewer: Viewer, topic: str = PLAN) -> dict[str, Any]:
    return (viewer.on(topic) or [{}])[-1]


def state(viewer: Viewer) -> list[str]:
    return [day["state"] for day in last(viewer).get("days", [])]


def test_a_plan_its_changes_and_a_restart(home: tuple[Stack, Viewer]) -> None:
    stack, viewer = home
    stack.start(stack.schedule)
    eventually(lambda: state(viewer) == ["planned"], "the first plan")
    assert last(viewer)["change"] is None
    assert (last(viewer)["source"], last(viewer)["queue"]) == ("be_svitlo", "5.2")

    stack.plan("plan", day="tomorrow", plan="00:00-02:00")
    eventually(lambda: state(viewer) == ["planned", "planned"], "tomorrow is there")
    assert len(last(viewer)["change"]["published"]) == 1
    assert len(last(viewer)["windows"]) == 2, "one outage over midnight"

    stack.schedule.kill()
    stack.plan("plan", day="today", plan="none")
    seen = len(viewer.on(PLAN))
    stack.start(stack.schedule)
    eventually(lambda: len(viewer.on(PLAN)) > seen, "it is back")
    change = last(viewer)["change"]
    assert [one["kind"] for one in change["hours"]] != [], "what changed meanwhile is told once it is back"

    seen = len(viewer.on(PLAN))
    stack.schedule.kill()
    stack.start(stack.schedule)
    eventually(lambda: len(viewer.on(PLAN)) > seen, "it is back again")
    assert last(viewer)["change"] == change, "and a restart tells nothing new"


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("cloudflare", "HTTP 403"),
        ("redirect", "another host, localhost"),
        ("oversized", "too long"),
        ("reset", "cannot be reached, or broke off"),
    ],
)
def test_the_last_good_plan_stays_while_the_source_fails(home: tuple[Stack, Viewer], fault: str, sentence: str) -> None:
    stack, viewer = home
    stack.start(stack.schedule)
    eventually(lambda: state(viewer) == ["planned"], "the first plan")
    good = last(viewer)
    stack.plan("fault", kind=fault)
    eventually(lambda: sentence in reason_text(last(viewer)), f"it is said: {sentence}")
    assert last(viewer)["windows"] == good["windows"]
    assert sentence in eventually(lambda: reason_text(last(viewer, STATUS)), "the status says it too")
    assert last(viewer)["change"] is None
    stack.plan("fault", kind="none")
    eventually(lambda: last(viewer).get("reason") is None, "the source is back")
    assert last(viewer)["change"] is None
    assert not [one for one in stack.plan_requests() if one["headers"].get("host", "").startswith("localhost")]


def test_a_queue_that_the_operator_does_not_have(home: tuple[Stack, Viewer]) -> None:
    stack, viewer = home
    stack.schedule.start(QUEUE_NUMBER="7.3")
    eventually(lambda: 'no queue "7.3"' in reason_text(last(viewer, STATUS)), "the queue is called unknown")
    assert last(viewer)["days"] == [], "unknown, not without outages"


def test_without_a_queue_it_waits(home: tuple[Stack, Viewer]) -> None:
    stack, viewer = home
    stack.schedule.start(QUEUE_NUMBER="")
    eventually(lambda: last(viewer, STATUS).get("state") == "disabled", "it says that it is disabled")
    assert "QUEUE_NUMBER" in reason_text(last(viewer, STATUS))
    assert stack.plan_requests() == []


@pytest.mark.parametrize("provider", ["gpv_json", "yasno"])
def test_the_other_sources_tell_the_same(home: tuple[Stack, Viewer], provider: str) -> None:
    stack, viewer = home
    stack.start(stack.schedule)
    eventually(lambda: state(viewer) == ["planned"], "the operator's plan")
    ours = last(viewer)
    stack.schedule.kill()
    stack.schedule.start(SCHEDULE_PROVIDERS=provider)
    eventually(lambda: last(viewer).get("source") == provider, "the other source's plan")
    assert last(viewer)["windows"] == ours["windows"]
    assert last(viewer)["change"] is None


def test_an_emergency_sets_the_plan_aside(home: tuple[Stack, Viewer]) -> None:
    stack, viewer = home
    stack.schedule.start(SCHEDULE_PROVIDERS="yasno")
    eventually(lambda: "planned" in state(viewer), "the first plan")
    stack.plan("plan", day="today", plan="emergency")
    eventually(lambda: "emergency" in state(viewer), "the emergency")
    assert len(last(viewer)["change"]["states"]) == 1
