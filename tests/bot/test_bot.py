"""The bot between a broker and the simulated Telegram, all in one process."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.bot.bot import Bot
from services.bot.serve import serve
from services.bot.settings import BotSettings
from shared.bus import Bus
from shared.conditions import Condition, storage
from shared.conditions import bot as conditions
from shared.errors import StorageError
from shared.health import Health
from shared.messages import (
    BY_GRID,
    ActionOutcome,
    AlertSettingsCommand,
    Grid,
    GridState,
    PlugAction,
    PlugInfo,
    PlugState,
    ServiceHealth,
    ServiceStatus,
    Window,
)
from shared.service import Service
from simulators.http_server import start_server
from simulators.telegram.api import Api
from simulators.telegram.chat import PERSON, Fault, TelegramState
from simulators.telegram.serve import Views
from tests.support.living import living
from tests.support.ports import free_port
from tests.support.samples import sample
from tests.support.small_broker import SmallBroker
from tests.support.waiting import PATIENCE_S, until

CHAT = 4242
STATUS = "service/bot/status"


@pytest.fixture
def telegram() -> Iterator[tuple[TelegramState, int]]:
    world = TelegramState()
    http = start_server(Views(Api(world)).app, "127.0.0.1", 0)
    yield world, http.port
    http.shutdown()


@pytest.fixture
def world(telegram: tuple[TelegramState, int]) -> TelegramState:
    return telegram[0]


@pytest.fixture
def settings(telegram: tuple[TelegramState, int], small_broker: SmallBroker, tmp_path: Path) -> BotSettings:
    given = {
        "telegram_api_url": f"http://127.0.0.1:{telegram[1]}",
        "telegram_bot_token": "1:secret-of-the-test",
        "telegram_chat_id": str(CHAT),
        "bot_language": "en",
        "bot_poll_interval": 1,
        "bot_state_dir": tmp_path / "bot",
        "db_path": tmp_path / "easun.db",
    }
    return BotSettings(_env_file=None, **small_broker.settings | given)


def texts(world: TelegramState) -> str:
    return "\n".join(message.text for message in list(world.messages) if message.is_from_bot)


def grid(state: Grid, minutes_ago: float) -> GridState:
    now = datetime.now(UTC)
    since = now - timedelta(minutes=minutes_ago)
    return GridState(at=now, state=state, since=since, transition_id=f"{state}-{minutes_ago}")


def reasons(broker: SmallBroker) -> list[str]:
    return [reason["code"] for reason in broker.on(STATUS)[-1]["reasons"]]


async def test_each_change_of_the_grid_is_told_once_and_recorded(
    small_broker: SmallBroker, world: TelegramState, settings: BotSettings
) -> None:
    small_broker.publish("grid/state", grid(Grid.ON, 60))
    async with living("bot", settings, serve, small_broker):
        await until((settings.bot_state_dir / "outbox.json").exists)
        small_broker.publish("grid/state", grid(Grid.OFF, 2))
        await until(lambda: "Power is out" in texts(world))
        for state, minutes_ago in ((Grid.OFF, 2), (Grid.ON, 0), (Grid.ON, 0)):
            small_broker.publish("grid/state", grid(state, minutes_ago))
        await until(lambda: "Power is back" in texts(world))
    assert texts(world).count("Power is out") == texts(world).count("Power is back") == 1
    assert len(small_broker.on("bot/alert")) == 2
    assert small_broker.on(STATUS)[-1]["state"] == ServiceHealth.OFFLINE


async def test_what_the_bot_missed_is_told_although_the_record_is_busy_at_first(
    small_broker: SmallBroker, world: TelegramState, settings: BotSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    missed = [Window(start=now - timedelta(minutes=31), end=now)]
    answers: Iterator[StorageError | list[Window]] = iter([StorageError(storage.LOCKED()), missed])

    def outages_since(*_: object) -> list[Window]:
        answer = next(answers)
        if isinstance(answer, StorageError):
            raise answer
        return answer

    monkeypatch.setattr("services.bot.commands.history.outages_since", outages_since)
    small_broker.publish("grid/state", grid(Grid.ON, 60))
    async with living("bot", settings, serve, small_broker):
        await until((settings.bot_state_dir / "outbox.json").exists)
    small_broker.publish("grid/state", grid(Grid.ON, 0).model_copy(update={"since": now}))
    async with living("bot", settings, serve, small_broker):
        await until(lambda: "It was off for 31 min" in texts(world))


def switched_off_by_grid() -> PlugAction:
    return PlugAction(at=datetime.now(UTC), on=False, by=BY_GRID, outcome=ActionOutcome.DONE)


async def test_what_the_grid_made_of_a_plug_waits_for_the_outage_that_it_belongs_to(
    small_broker: SmallBroker, world: TelegramState, settings: BotSettings
) -> None:
    small_broker.publish("grid/state", grid(Grid.ON, 60))
    async with living("bot", settings, serve, small_broker):
        await until((settings.bot_state_dir / "outbox.json").exists)
        small_broker.publish("plug/boiler/action", switched_off_by_grid(), retain=False)
        small_broker.publish("grid/state", grid(Grid.OFF, 0))
        await until(lambda: "Power is out" in texts(world))
        outbox = settings.bot_state_dir / "outbox.json"
        await until(lambda: "boiler/" in json.loads(outbox.read_text())["state"]["outage"]["off"])
    assert "automatically" not in texts(world)


async def test_a_plug_that_the_grid_has_switched_is_told_although_no_outage_becomes_known(
    small_broker: SmallBroker, world: TelegramState, settings: BotSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.bot.bot.OUTAGE_PATIENCE_S", 0.05)
    monkeypatch.setattr("services.bot.bot.TICK_S", 0.05)
    small_broker.publish("grid/state", grid(Grid.ON, 60))
    async with living("bot", settings, serve, small_broker):
        await until((settings.bot_state_dir / "outbox.json").exists)
        small_broker.publish("plug/boiler/action", switched_off_by_grid(), retain=False)
        await until(lambda: "automatically" in texts(world))


async def test_a_command_is_answered_and_a_button_switches(
    small_broker: SmallBroker, world: TelegramState, settings: BotSettings
) -> None:
    now = datetime.now(UTC)
    info = PlugInfo(
        at=now, name="Boiler", gangs={"1": ""}, enabled=True, protected=False, follows_grid=True, priority=1
    )
    small_broker.publish("plug/boiler/info", info)
    small_broker.publish("plug/boiler/state", PlugState(at=now, name="Boiler", on=False, reachable=True))
    async with living("bot", settings, serve, small_broker):
        world.add(CHAT, "/plugs", is_from_bot=False)
        await until(lambda: texts(world))
        assert "Boiler" in texts(world), "what has not arrived yet is not called absent"
        [shown] = [message for message in list(world.messages) if message.is_from_bot]
        world.press(CHAT, shown.message_id, "plug|boiler|on")
        await until(lambda: small_broker.on("plug/boiler/set"))
    [command] = small_broker.on("plug/boiler/set")
    assert (command["on"], command["by"]) == (True, f"telegram:{PERSON['id']}")
    assert "plug/boiler/set" not in small_broker.retained


async def test_commands_are_answered_without_a_broker(
    small_broker: SmallBroker, world: TelegramState, settings: BotSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.bot.bot.STATE_PATIENCE_S", 0.2)
    small_broker.publish(STATUS, sample(ServiceStatus))  # it cannot say itself that it lives
    async with living("bot", settings.model_copy(update={"mqtt_port": free_port()}), serve, small_broker):
        world.add(CHAT, "/status", is_from_bot=False)
        await until(lambda: "broker" in texts(world))


async def test_it_ends_if_asked_to_in_the_moment_in_which_it_learns_the_state(settings: BotSettings) -> None:
    health = Health()
    bot = Bot(Service("bot", settings, Bus(settings, "bot", health), health))
    polling = asyncio.create_task(bot._poll(lambda answer: answer.close()))
    for _ in range(2):
        await asyncio.sleep(0)  # until it waits
    bot._knows_state.set()
    polling.cancel()
    await asyncio.wait([polling], timeout=PATIENCE_S)
    assert polling.cancelled()


async def test_a_webhook_that_another_program_sets_meanwhile_is_removed(
    small_broker: SmallBroker, world: TelegramState, settings: BotSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.bot.telegram.polling.CONFLICT_RETRY_S", 0.1)
    async with living("bot", settings, serve, small_broker):
        await until(lambda: world.commands)
        world.has_webhook = True
        await until(lambda: not world.has_webhook)
        world.add(CHAT, "/status", is_from_bot=False)
        await until(lambda: texts(world))
        await until(lambda: not reasons(small_broker))


async def test_what_is_told_can_be_set_from_the_page(
    small_broker: SmallBroker, world: TelegramState, settings: BotSettings
) -> None:
    async with living("bot", settings, serve, small_broker):
        await until(lambda: small_broker.on("bot/settings"))
        wish = AlertSettingsCommand(at=datetime.now(UTC), by="dashboard", low_battery_percent=35)
        small_broker.publish("bot/settings/set", wish, retain=False)
        await until(lambda: small_broker.on("bot/settings")[-1]["low_battery_percent"] == 35)
        stranger = wish.model_copy(update={"chat": "nobody", "low_battery_percent": 90})
        another = wish.model_copy(update={"low_battery_percent": None, "imbalance_mv": 200})
        for command in (stranger, another):
            small_broker.publish("bot/settings/set", command, retain=False)
        await until(lambda: small_broker.on("bot/settings")[-1]["imbalance_mv"] == 200)
    assert small_broker.on("bot/settings")[-1]["low_battery_percent"] == 35, "a chat that is not there sets nothing"


@pytest.mark.parametrize(
    ("fault", "reason"), [(Fault.UNAUTHORIZED, conditions.UNKNOWN_TOKEN), (Fault.SERVER_ERROR, conditions.unreachable)]
)
async def test_a_telegram_that_refuses_is_the_status_of_the_bot(
    small_broker: SmallBroker, world: TelegramState, settings: BotSettings, fault: Fault, reason: Condition[...]
) -> None:
    world.fault = fault
    async with living("bot", settings, serve, small_broker):
        await until(lambda: reasons(small_broker) == [reason.code])


async def test_when_telegram_answers_again_all_is_well(
    small_broker: SmallBroker, world: TelegramState, settings: BotSettings
) -> None:
    world.fault, world.fault_count = Fault.SERVER_ERROR, 1
    async with living("bot", settings, serve, small_broker):
        await until(lambda: reasons(small_broker) == [conditions.unreachable.code])
        world.add(CHAT, "/status", is_from_bot=False)
        await until(lambda: small_broker.on(STATUS)[-1]["state"] == ServiceHealth.ONLINE)
        await until(lambda: texts(world))


async def test_without_anybody_to_tell_it_says_so_and_waits(small_broker: SmallBroker) -> None:
    silent = BotSettings(_env_file=None, **small_broker.settings)
    async with living("bot", silent, serve, small_broker):
        await until(lambda: reasons(small_broker) == [conditions.NO_TOKEN.code])
