"""The service for Home Assistant within one process, at a broker: what a Home Assistant sees of the house."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.homeassistant.serve import serve
from services.homeassistant.settings import HomeAssistantSettings
from shared.messages import (
    DayState,
    Expectation,
    Grid,
    GridState,
    InverterInfo,
    OutageSchedule,
    PlannedDay,
    ServiceHealth,
    Window,
)
from tests.homeassistant.facts import inverter
from tests.support.living import living
from tests.support.small_broker import SmallBroker
from tests.support.waiting import until

INVERTER, GRID = "homeassistant/device/easun_inverter_main/config", "homeassistant/device/easun_grid/config"
NAME = "homeassistant"


@pytest.fixture
def given(small_broker: SmallBroker, tmp_path: Path) -> dict[str, Any]:
    file = {"homeassistant_energy_file": tmp_path / "home_energy.json", "homeassistant_language": "en"}
    return small_broker.settings | file | {"_env_file": None}


def grid(state: Grid, transition: str) -> GridState:
    now = datetime.now(UTC)
    return GridState(at=now, state=state, since=now, voltage_v=230.0, transition_id=transition)


def planned(start: datetime, now: datetime) -> OutageSchedule:
    days = (now.date() + timedelta(days=ahead) for ahead in range(-1, 3))
    confirmed = tuple(PlannedDay(day=day, state=DayState.PLANNED, confirmed_at=now) for day in days)
    window = Window(start=start, end=start + timedelta(hours=3))
    return OutageSchedule(at=now, queue="5.2", days=confirmed, windows=(window,), fetched_at=now)


async def test_what_is_there_is_shown_and_what_happens_is_told(
    small_broker: SmallBroker, given: dict[str, Any]
) -> None:
    now = datetime.now(UTC)
    small_broker.publish("inverter/main/info", InverterInfo(at=now, model="SMG", layout="classic", interval_s=5))
    small_broker.publish("inverter/main/state", inverter(now))
    small_broker.publish("grid/state", grid(Grid.ON, "a"))
    small_broker.publish("outage/schedule", planned(now + timedelta(hours=1), now))
    async with living(NAME, HomeAssistantSettings(**given), serve, small_broker):
        await until(lambda: small_broker.on(INVERTER) and small_broker.on(GRID))
        assert small_broker.on(INVERTER)[0]["components"]["pv_power_w"]["state_topic"] == "inverter/main/state"
        await until(lambda: small_broker.on("live/easun_inverter_main"))
        assert "live/easun_inverter_main" not in small_broker.retained
        small_broker.publish("grid/state", grid(Grid.OFF, "b"))
        await until(lambda: small_broker.on("grid/event"))
        await until(lambda: small_broker.on("outage/next"))
        small_broker.publish("inverter/main/state", inverter(datetime.now(UTC)))
    assert small_broker.on("outage/next")[-1]["expected"] == Expectation.POWER
    assert [one["change"] for one in small_broker.on("grid/event")] == ["went"]
    assert given["homeassistant_energy_file"].exists()


async def test_where_it_is_turned_off_nothing_is_left_at_home_assistant(
    small_broker: SmallBroker, given: dict[str, Any]
) -> None:
    small_broker.publish("grid/state", grid(Grid.ON, "a"))
    async with living(NAME, HomeAssistantSettings(**given), serve, small_broker):
        await until(lambda: GRID in small_broker.retained)
    before = len(small_broker.posts)
    off = HomeAssistantSettings(**given, homeassistant_discovery=False)
    async with living(NAME, off, serve, small_broker):
        await until(lambda: small_broker.on(f"service/{NAME}/status")[-1]["state"] == ServiceHealth.DISABLED)
        await until(lambda: GRID not in small_broker.retained)
    assert not any(post.topic == GRID and post.payload for post in small_broker.posts[before:])
