"""A home that asks for its schedule, and the internet it asks."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from services.schedule.fetch import Fetched
from services.schedule.settings import ScheduleSettings
from services.schedule.updater import ScheduleUpdater
from shared.conditions import schedule
from shared.errors import DeviceOfflineError
from shared.health import Health
from shared.messages import OutageSchedule
from shared.topics import OUTAGE_SCHEDULE
from tests.schedule.facts import kyiv
from tests.support.fake_bus import FakeBus
from tests.support.flying_time import fly

T = TypeVar("T")

NOON = kyiv("20.11.2026 12:00")
QUEUES = [{"id": 10, "code": "5.2", "label": "черга 5.2"}, {"id": 9, "code": "5.1", "label": "черга 5.1"}]


WITH_MIRROR = {
    "schedule_providers": "be_svitlo,gpv_json",
    "gpv_json_url": "https://raw.githubusercontent.com/yaroslav2901/OE_OUTAGE_DATA/main/data/Prykarpattiaoblenerho.json",
}


class Internet:
    """Answers by path; what is an error is raised."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {"gpv-queue-list": QUEUES} | {name.replace("_", "-"): some for name, some in answers.items()}
        self.asked: list[str] = []
        self.server_time: datetime | None = None

    def __call__(self, url: str, *, method: str = "GET") -> Fetched:
        self.asked.append(f"{method} {url}")
        answer = next(
            (some for part, some in self.answers.items() if part in url), DeviceOfflineError(schedule.UNREACHABLE())
        )
        if isinstance(answer, Exception):
            raise answer
        return Fetched(answer if isinstance(answer, bytes) else json.dumps(answer).encode(), self.server_time)


async def at_once(work: Callable[[], T]) -> T:
    """Do work that does not block."""
    return work()


class Home:
    """A watch, what it said, and a clock that can be set."""

    def __init__(self, folder: Path, internet: Internet, plan: OutageSchedule | None = None, **settings: Any) -> None:
        given: dict[str, Any] = {"queue_number": "5.2", "schedule_raw_dir": folder / "raw"} | WITH_MIRROR | settings
        self.now = NOON
        self.bus = FakeBus()
        self.health = Health()
        self.internet = internet
        self.updater = ScheduleUpdater(
            ScheduleSettings(_env_file=None, **given),
            self.bus,
            self.health,
            internet,
            schedule=plan,
            clock=lambda: self.now,
        )

    def step(self) -> float:
        # a thread of its own would be late for a clock that flies
        with patch("services.schedule.updater.in_time", at_once):
            return fly(self.updater.step())

    @property
    def said(self) -> OutageSchedule:
        plan = self.bus.on(OUTAGE_SCHEDULE)[-1]
        assert isinstance(plan, OutageSchedule)
        return plan

    @property
    def why(self) -> str:
        return " ".join(reason.text for reason in self.health.status(self.now).reasons)
