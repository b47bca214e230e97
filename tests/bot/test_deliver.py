"""Delivery: what a chat gets, when, and what a bad disk or a lost chat does to it."""

import asyncio
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from services.bot.alert import Alert, Kind
from services.bot.chats import Chats, ChatSettings, Quiet, Role
from services.bot.deliver import Delivery
from services.bot.memory import Memory
from services.bot.outbox import Outbox
from services.bot.telegram import Keyboard, LostChatError, PassingError
from shared.health import Health
from shared.texts.language import Language
from tests.bot.facts import KYIV, NOW, at
from tests.support.flying_time import fly
from tests.support.waiting import until


class Phone:
    """Takes messages, after it has raised what it was told to."""

    def __init__(self, *errors: Exception) -> None:
        self.got: list[tuple[str, bool]] = []
        self.chats: list[int] = []
        self.fails_after = -1
        self._errors = list(errors)

    async def send(self, chat: int, text: str, *, keyboard: Keyboard = (), silent: bool = False) -> None:
        if self._errors:
            raise self._errors.pop(0)
        if len(self.got) == self.fails_after:
            self.fails_after = -1
            raise PassingError("gone")
        self.chats.append(chat)
        self.got.append((text, silent))


class Stage:
    """One chat, its outbox, its phone."""

    def __init__(self, directory: Path, phone: Phone, settings: ChatSettings | None = None) -> None:
        self.directory, self.phone, self.now = directory, phone, NOW
        self.outbox = Outbox(directory / "outbox.json")
        self.chats = Chats({1: Role.OWNER}, Language.EN, directory / "chats.json")
        self.chats.choose(1, settings or ChatSettings(language=Language.EN))
        self.health = Health()
        self.delivery = Delivery(self.outbox, self.chats, phone, self.health, clock=lambda: self.now, zone=KYIV)

    def put(self, *alerts: Alert) -> None:
        self.outbox.put(Memory(), [(1, alert) for alert in alerts])

    async def deliver(self, seconds: float = 120) -> None:
        task = asyncio.create_task(self.delivery.run(1))
        await asyncio.sleep(seconds)
        task.cancel()

    @property
    def reason(self) -> str:
        return self.health.status(NOW).reason or ""


def lost(key: str = "a", when: datetime = NOW) -> Alert:
    return Alert(kind=Kind.GRID_LOST, key=key, at=when, stored_at=when)


@pytest.mark.parametrize("error", [PassingError("gone"), PassingError("slow down", 3.0)])
def test_what_passes_is_waited_for(error: Exception, tmp_path: Path) -> None:
    stage = Stage(tmp_path, Phone(error, error))
    stage.put(lost())
    fly(stage.deliver())
    assert len(stage.phone.got) == 1
    assert stage.outbox.waiting(1) == ()
    assert stage.reason == ""


def test_a_chat_that_is_gone_is_said_and_holds_up_nothing(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Phone(LostChatError("blocked")))
    stage.put(lost())
    fly(stage.deliver())
    assert stage.outbox.waiting(1) == ()
    assert "cannot be written to" in stage.reason


def test_a_long_account_goes_on_where_it_broke_off(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Phone())
    long = [lost(str(number), NOW - timedelta(hours=1, minutes=number)) for number in range(200)]
    stage.put(*long)
    stage.phone.fails_after = 1
    fly(stage.deliver(600))
    texts = [text for text, _ in stage.phone.got]
    assert len(texts) > 1
    assert len(texts) == len(set(texts)), "no part is sent twice"
    assert sum(text.count("Grid lost") for text in texts) == 200
    assert stage.outbox.waiting(1) == ()


def test_a_group_that_moved_while_nothing_was_sent_hears_the_next_alert(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Phone())

    async def moves() -> None:
        task = asyncio.create_task(stage.delivery.run(1))
        await asyncio.sleep(1)
        stage.chats.move(1, -1001)
        stage.outbox.put(Memory(), [(-1001, lost())])
        stage.delivery.wake()
        await until(lambda: stage.phone.got, 60)
        task.cancel()

    fly(moves())
    assert stage.phone.chats == [-1001]


def test_a_disk_that_is_full_does_not_repeat_alerts(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "state", Phone())
    stage.put(lost())
    (tmp_path / "state").rename(tmp_path / "away")
    (tmp_path / "state").write_text("in the way")
    fly(stage.deliver())
    assert len(stage.phone.got) == 1
    assert "cannot be written" in stage.reason


@pytest.mark.parametrize("waits", [True, False])
def test_quiet_hours(waits: bool, tmp_path: Path) -> None:
    quiet = Quiet(start=time(18), end=time(20))
    stage = Stage(tmp_path, Phone(), ChatSettings(language=Language.EN, quiet=quiet, quiet_waits=waits))
    stage.put(lost(), lost("b"))

    async def night() -> None:
        task = asyncio.create_task(stage.delivery.run(1))
        await asyncio.sleep(60)
        assert [silent for _, silent in stage.phone.got] == ([] if waits else [True, True])
        stage.now = at("20:01")
        await until(lambda: stage.phone.got, 120)
        task.cancel()

    fly(night())
    assert not waits or "During quiet hours (1 h 31 min)" in stage.phone.got[0][0]


def test_what_waited_is_one_account(tmp_path: Path) -> None:
    stage = Stage(tmp_path, Phone(*[PassingError("gone")] * 10))
    stage.put(*(lost(str(number), NOW - timedelta(hours=number)) for number in range(1, 4)))
    fly(stage.deliver(600))
    assert len(stage.phone.got) == 1
    assert "3 h" in stage.phone.got[0][0]
