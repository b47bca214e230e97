"""What is published of a battery, and when: on its events, and when it falls silent."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import cast

from services.bms.battery import Battery
from services.bms.battery_publisher import BatteryPublisher
from shared.bus import Bus
from shared.conditions import bms
from shared.health import Health
from shared.topics import BATTERY_AVAILABILITY, BATTERY_INFO, BATTERY_STATE
from tests.bms.jk import ADDRESS, DEVICE, SETTINGS, battery, cells
from tests.support.fake_bus import FakeBus
from tests.support.flying_time import fly

KEY = "c84780000001"


class Run:
    """A publisher at work for a while in flying time."""

    def __init__(self, known: Battery, script: Callable[["Run"], Awaitable[None]]) -> None:
        self.battery = known
        self.bus = FakeBus()
        self.health = Health()
        self.published: list[Battery] = []
        fly(self._run(script))

    async def _run(self, script: Callable[["Run"], Awaitable[None]]) -> None:
        self.publisher = BatteryPublisher(self.battery, cast(Bus, self.bus), self.health, 10.0, self.published.append)
        task = asyncio.create_task(self.publisher.run())
        await asyncio.sleep(0)
        await script(self)
        task.cancel()

    async def event(self) -> None:
        """Announce what was done to the battery, and let it be published."""
        self.publisher.notify()
        await asyncio.sleep(0.001)

    def contacts(self) -> list[str]:
        """The published availabilities with their reasons."""
        return [
            f"{message.state} {message.reason.code if message.reason else ''}".strip()
            for message in self.bus.on(BATTERY_AVAILABILITY, KEY)
        ]

    def problems(self) -> list[str]:
        """The codes of the open problems."""
        return [reason.code for reason in self.health.status(datetime.now(UTC)).reasons]


async def connect(run: Run) -> None:
    run.battery.on_connected(-60)
    for frame in (DEVICE, SETTINGS, cells()):
        run.battery.on_frame(frame, datetime.now(UTC))
    await run.event()


def test_a_reading_is_published_as_it_comes() -> None:
    run = Run(battery(), connect)
    assert run.contacts() == ["online"]
    assert len(run.bus.on(BATTERY_STATE, KEY)) == len(run.bus.on(BATTERY_INFO, KEY)) == 1
    assert run.published == [run.battery]
    assert run.problems() == []


def test_silence_is_noticed_once_and_ends_with_the_next_reading() -> None:
    async def script(run: Run) -> None:
        await connect(run)
        await asyncio.sleep(9)
        assert run.contacts() == ["online"]
        await asyncio.sleep(2)
        assert run.contacts() == ["online", "offline bms.silent"]
        run.battery.on_failure(run.battery.silence_reason)
        await run.event()
        assert run.problems() == ["bms.silent"]
        await asyncio.sleep(60)
        run.battery.on_frame(cells(2), datetime.now(UTC))
        await run.event()

    run = Run(battery(), script)
    assert run.contacts() == ["online", "offline bms.silent", "online"]
    assert run.problems() == []


def test_every_reading_postpones_silence_and_nothing_else_does() -> None:
    async def script(run: Run) -> None:
        await connect(run)
        for counter in range(2, 40):
            await asyncio.sleep(0.5)
            run.battery.on_frame(cells(counter), datetime.now(UTC))
            await run.event()
        assert run.contacts() == ["online"]
        for _ in range(21):
            await asyncio.sleep(0.5)
            run.battery.on_frame(cells(39), datetime.now(UTC))  # a frozen module repeats itself
            await run.event()

    assert Run(battery(), script).contacts() == ["online", "offline bms.silent"]


def test_a_battery_that_is_not_found_is_offline_and_then_a_problem() -> None:
    async def script(run: Run) -> None:
        await asyncio.sleep(9)
        assert run.contacts() == []
        await asyncio.sleep(2)
        assert run.contacts() == ["offline bms.not_found_yet"]
        assert run.problems() == []
        run.battery.on_failure(bms.not_found(address=ADDRESS))
        await run.event()

    run = Run(battery(), script)
    assert run.contacts() == ["offline bms.not_found_yet", "offline bms.not_found"]
    assert run.problems() == ["bms.not_found"]


def test_a_doubt_about_the_layout_is_a_problem_while_it_lasts() -> None:
    async def script(run: Run) -> None:
        run.battery.on_connected(-60)
        run.battery.on_frame(DEVICE, datetime.now(UTC))
        run.battery.on_frame(cells(layout="JK02_24S"), datetime.now(UTC))
        await run.event()
        (reason,) = run.health.status(datetime.now(UTC)).reasons
        assert reason.code == "bms.layout_doubtful"
        assert "its cells prove JK02_24S" in reason.text
        run.battery.on_frame(cells(), datetime.now(UTC))
        await run.event()

    assert Run(battery(), script).problems() == []


def test_what_arrives_just_before_the_connection_is_closed_is_published() -> None:
    async def script(run: Run) -> None:
        run.battery.on_connected(-60)
        for frame in (DEVICE, SETTINGS, cells()):
            run.battery.on_frame(frame, datetime.now(UTC))
        run.publisher.notify()
        run.battery.on_disconnected()
        await asyncio.sleep(0.001)

    assert len(Run(battery(interval_s=60), script).bus.on(BATTERY_STATE, KEY)) == 1
