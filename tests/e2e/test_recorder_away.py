"""What the broker drops for a recorder that is away is reported, and nothing else: a real Mosquitto with low limits."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.history.tables import from_ms
from shared.messages import Availability, Contact, InverterState
from shared.topics import INVERTER_AVAILABILITY, INVERTER_STATE
from tests.support.broker import ROOT
from tests.support.stack import Stack
from tests.support.viewer import Viewer
from tests.support.waiting import PATIENCE_S, eventually

EVERY = timedelta(seconds=10)
LIMITS = {"max_queued_messages": 600, "max_queued_bytes": 120_000}
"""More than are in flight at once (500)."""


class Poller:
    """Publishes as the poller does: readings that are 10 s apart, as fast as the broker takes them."""

    def __init__(self, stack: Stack, client: Viewer) -> None:
        self.at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
        self._stack, self.client = stack, client

    def answers(self, state: Contact) -> None:
        """Publish that the inverter answers from now on, or that it does not."""
        self._publish(INVERTER_AVAILABILITY.named("main"), Availability(at=self.at, state=state, since=self.at))

    def reads(self, count: int) -> None:
        """Publish so many readings."""
        for _ in range(count):
            self.at += EVERY
            self._publish(INVERTER_STATE.named("main"), InverterState(at=self.at, load_power_w=100))

    def until_recorded(self) -> None:
        """Wait until the last reading is in the database."""
        eventually(lambda: recorded(self._stack)[-1:] == [self.at], "the last reading is recorded")

    def _publish(self, topic: str, message: Any) -> None:
        sent = self.client.client.publish(topic, message.model_dump_json(), qos=1, retain=True)
        sent.wait_for_publish(PATIENCE_S)


def recorded(stack: Stack) -> list[datetime]:
    return [from_ms(at) for (at,) in stack.rows("SELECT at FROM inverter_state ORDER BY at")]


@pytest.fixture
def limited(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    """A broker that keeps little for a client that is away, by the setting that a test names."""
    stack = Stack(tmp_path)
    name, ours = request.param, (ROOT / "mosquitto/mosquitto.conf").read_text()
    stack.broker.config = tmp_path / "small.conf"
    stack.broker.config.write_text(re.sub(rf"^{name} \d+$", f"{name} {LIMITS[name]}", ours, flags=re.M))
    stack.broker.start()
    yield stack
    stack.stop()


@pytest.fixture
def watcher(limited: Stack) -> Iterator[Viewer]:
    with Viewer(limited.broker) as viewer:
        yield viewer


@pytest.fixture
def poller(limited: Stack, watcher: Viewer) -> Iterator[Poller]:
    """One whose readings are recorded so far."""
    limited.start(limited.recorder)
    watcher.wait_for("service/recorder/status", state="online")
    with Viewer(limited.broker, "poller") as client:
        poller = Poller(limited, client)
        poller.answers(Contact.ONLINE)
        poller.reads(10)
        poller.until_recorded()
        yield poller


def lost(status: dict[str, Any]) -> list[tuple[datetime, datetime]]:
    """Return from when to when a status says that readings are lost."""
    assert {reason["code"] for reason in status["reasons"]} == {"storage.lost_while_away"}
    spans = [(reason["params"]["since"], reason["params"]["until"]) for reason in status["reasons"]]
    return [(datetime.fromisoformat(since), datetime.fromisoformat(until)) for since, until in spans]


@pytest.mark.parametrize("limited", LIMITS, indirect=True)
def test_how_long_of_what_is_missing(limited: Stack, watcher: Viewer, poller: Poller) -> None:
    limited.recorder.end()
    poller.reads(1200)
    limited.recorder.start()
    poller.until_recorded()
    hole = recorded(limited)[-2], poller.at
    assert lost(watcher.wait_for("service/recorder/status", state="degraded")) == [hole]

    limited.recorder.end()
    watcher.wait_for("service/recorder/status", state="offline")
    limited.recorder.start()
    assert lost(watcher.wait_for("service/recorder/status", state="degraded")) == [hole], "after a restart too"


@pytest.mark.parametrize("limited", ["max_queued_messages"], indirect=True)
def test_a_source_that_was_off_and_a_broker_that_was_restarted_lost_nothing(
    limited: Stack, watcher: Viewer, poller: Poller
) -> None:
    limited.recorder.end()
    poller.reads(10)
    poller.answers(Contact.OFFLINE)
    limited.broker.stop()
    limited.broker.start()
    eventually(poller.client.client.is_connected, "the poller is connected again")
    poller.at += timedelta(hours=1)
    poller.answers(Contact.ONLINE)
    poller.reads(10)
    limited.recorder.start()
    poller.until_recorded()
    limited.recorder.end()
    assert {status["state"] for status in watcher.on("service/recorder/status")} == {"online", "offline"}
    assert len(recorded(limited)) == 30
