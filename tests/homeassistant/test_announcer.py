"""What Home Assistant is told and when: devices that come and go, a broker that forgets, another prefix, an absence."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from services.homeassistant import announcer as module
from services.homeassistant.announcer import Announcer
from services.homeassistant.settings import HomeAssistantSettings
from shared.broker_state import BrokerState
from shared.messages import PlugState
from tests.homeassistant.facts import NOW, house
from tests.support.waiting import until

BOILER = "easun_plug_boiler"


class Broker:
    """A bus with a broker behind it that keeps what is retained, until it forgets."""

    def __init__(self) -> None:
        self.connected = asyncio.Event()
        self.connected.set()
        self.clock = SimpleNamespace(now=self.now)
        self.kept: dict[str, bytes] = {}
        self.live: list[str] = []
        self._handlers: dict[str, Callable[[Any], None]] = {}

    @staticmethod
    def now() -> datetime:
        return NOW

    def collect_foreign(self, filter_: str, handler: Callable[[Any], None]) -> None:
        self._handlers[filter_] = handler

    def publish_foreign(self, topic: str, payload: bytes) -> None:
        self.kept[topic] = payload
        if not payload:
            del self.kept[topic]

    def publish(self, _topic: Any, _message: Any, name: str = "") -> None:
        self.live.append(name)

    def deliver(self, filter_: str, topic: str, payload: bytes) -> None:
        """Let us receive what is retained, or Home Assistant's birth."""
        retained = topic.endswith("config")
        self._handlers[filter_](SimpleNamespace(topic=topic, payload=payload, retained=retained, ack=lambda: None))

    async def restarts_without_persistence(self) -> None:
        """Come back with nothing; our own bus repeats what it has published itself, not what was kept from before."""
        self.connected.clear()
        self.kept.clear()
        await asyncio.sleep(0.05)
        self.connected.set()


class Case:
    """An announcer at a broker, with a house that changes."""

    def __init__(self, prefix: str = "homeassistant", **settings: Any) -> None:
        self.broker, self.state, self.prefix = Broker(), house(), prefix
        given = HomeAssistantSettings(_env_file=None, homeassistant_prefix=prefix, **settings)
        self.announcer = Announcer(given, self.broker)  # type: ignore[arg-type]

    def config(self, name: str) -> str:
        return f"{self.prefix}/device/{name}/config"

    def devices(self) -> set[str]:
        return {topic.split("/")[-2] for topic in self.broker.kept}

    def snapshot(self) -> BrokerState:
        return self.state

    def play(self, script: Callable[["Case"], Coroutine[Any, Any, None]]) -> None:
        async def run() -> None:
            self.broker.connected = asyncio.Event()
            self.broker.connected.set()
            task = asyncio.create_task(self.announcer.run(self.snapshot))
            await until(lambda: BOILER in self.devices() and "easun_services" in self.devices())
            await script(self)
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

        asyncio.run(run())


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LOOK_S": 0.005, "ANNOUNCE_EVERY_S": 0.01, "PAUSE_S": 0, "GONE_AFTER_S": 0}.items():
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(module, "GREET_AFTER_S", (0.0, 0.0))


def test_a_device_that_returns_under_another_id_is_another_device() -> None:
    async def script(case: Case) -> None:
        boiler = case.state.plugs["boiler"]
        case.state = replace(case.state, plugs={})
        await until(lambda: BOILER not in case.devices())
        case.state = replace(case.state, plugs={"boiler2": boiler})
        await until(lambda: "easun_plug_boiler2" in case.devices())
        assert BOILER not in case.devices()
        case.state = replace(case.state, plugs={"boiler": boiler})
        await until(lambda: BOILER in case.devices() and "easun_plug_boiler2" not in case.devices())

    Case().play(script)


@pytest.mark.parametrize("name", ["a+b", "#", "x/y", 'say "hi"', "🔋 {{ x }}", "Бойлер", "  "])
def test_any_name_makes_a_topic_and_stays_a_name(name: str) -> None:
    async def script(case: Case) -> None:
        case.state = replace(case.state, plugs={"p": PlugState(at=NOW, name=name, on=True, reachable=True)})
        await until(lambda: "easun_plug_p" in case.devices())
        assert json.loads(case.broker.kept[case.config("easun_plug_p")])["device"]["name"] == name

    Case().play(script)


def test_a_broker_that_forgets_is_told_what_it_had_kept_from_before_our_start() -> None:
    first = Case()
    kept: dict[str, bytes] = {}

    async def remember(case: Case) -> None:
        await asyncio.sleep(0.05)
        kept.update(case.broker.kept)

    first.play(remember)
    second = Case()
    for topic, payload in kept.items():
        second.broker.kept[topic] = payload
        second.broker.deliver("homeassistant/device/+/config", topic, payload)

    async def forget(case: Case) -> None:
        await case.broker.restarts_without_persistence()
        await until(lambda: case.broker.kept.keys() == kept.keys())

    second.play(forget)


def test_a_home_assistant_that_was_away_for_a_week_is_told_everything_again() -> None:
    async def script(case: Case) -> None:
        before = dict(case.broker.kept)
        case.broker.kept.clear()
        case.broker.deliver("homeassistant/status", "homeassistant/status", b"online")
        await until(lambda: case.broker.kept == before)

    Case().play(script)


def test_another_prefix_is_used_for_everything() -> None:
    async def script(case: Case) -> None:
        assert all(topic.startswith("my/ha/device/") for topic in case.broker.kept)

    Case("my/ha").play(script)
