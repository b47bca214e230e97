"""Kill -9 at random moments under 50 readings a second: the recorder, the broker, both; and planned stops."""

import random
from collections.abc import Iterator
from functools import partial

import pytest

from tests.support.stack import Stack
from tests.support.stream import Stream, recorded, strike, until_recorded
from tests.support.viewer import Viewer
from tests.support.waiting import eventually

WINDOW_MS = 3000
"""Batch, commit and the broker's answer: what is on its way when broker and recorder die in one moment."""


@pytest.fixture
def stream(stack: Stack, watcher: Viewer) -> Iterator[Stream]:
    stack.recorder.start()
    watcher.wait_for("service/recorder/status", state="online")
    with Stream(stack.broker) as stream:
        stack.broker.save()  # which it does by itself every minute: it knows its sessions from now on
        eventually(lambda: recorded(stack), "the first reading is recorded")
        yield stream


def expect_once(stack: Stack, sent: list[int]) -> None:
    until_recorded(stack, lambda: sent)
    assert sorted(sent) == recorded(stack)


def test_recorder_or_broker_killed_at_random_moments(stack: Stack, stream: Stream) -> None:
    chance = random.Random(6)
    for victim in ("recorder", "broker", "recorder"):
        before = list(stream.sent)  # a slow machine needs a while to start the recorder, and a broker alone may forget
        until_recorded(stack, partial(list, before))
        strike(stack, (victim,), chance)
    stream.finish()
    expect_once(stack, stream.sent)


def test_both_killed_at_once_lose_no_more_than_was_on_its_way(stack: Stack, stream: Stream) -> None:
    before = list(stream.sent)
    until_recorded(stack, partial(list, before))
    blow = strike(stack, ("recorder", "broker"), random.Random(1))
    eventually(lambda: stream.sent[-1] > blow.back + 2 * WINDOW_MS, "readings go on")
    stream.finish()
    until_recorded(stack, lambda: [*before, *(at for at in stream.sent if at > blow.back + WINDOW_MS)])
    assert len(recorded(stack)) == len(set(recorded(stack)))


def test_a_planned_stop_and_a_backlog(stack: Stack, stream: Stream) -> None:
    assert stack.recorder.end() == 0
    before = len(stream.sent)
    eventually(lambda: len(stream.sent) > before + 100, "a backlog")
    stack.recorder.start()
    eventually(lambda: len(recorded(stack)) > before, "the backlog is being read")
    stack.recorder.kill()
    stack.recorder.start()
    stream.finish()
    expect_once(stack, stream.sent)
