"""Delivery: what a chat gets, when, and what a bad disk or a lost chat does to it."""

import asyncio
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.outage import Outage, after_alerts, with_plug
from services.bot.alerts.state import AlertState
from services.bot.chats import Chats, ChatSettings, QuietHours, Role
from services.bot.telegram.api import (
    ChatMovedError,
    ChatUnreachableError,
    Keyboard,
    MessageRejectedError,
    TransientError,
)
from services.bot.telegram.delivery import AlertDelivery
from services.bot.telegram.outbox import LivingMessage, Outbox
from services.bot.texts.html import LONGEST
from shared.conditions import bot, system
from shared.health import Health
from shared.messages import ActionOutcome
from shared.texts.language import Language
from shared.trusted_time import ClockChange
from tests.bot.facts import KYIV, NOW, at
from tests.support.flying_time import fly
from tests.support.waiting import until

GONE = bot.unreachable(cause=system.TIMED_OUT())


class FakeTelegram:
    """Takes messages, after it has raised what it was told to."""

    longest = LONGEST

    def __init__(self, *errors: Exception) -> None:
        self.received: list[tuple[str, bool]] = []
        self.chats: list[int] = []
        self.edits: list[tuple[int, str]] = []
        self.edit_errors: list[Exception] = []
        self.hangs = False
        self.fails_after = -1
        self._errors = list(errors)

    async def send(
        self, chat: int, text: str, *, keyboard: Keyboard = (), silent: bool = False, topic: int | None = None
    ) -> int:
        if self._errors:
            raise self._errors.pop(0)
        if len(self.received) == self.fails_after:
            self.fails_after = -1
            raise TransientError(GONE)
        self.chats.append(chat)
        self.received.append((text, silent))
        return len(self.received)

    async def edit(self, chat: int, message: int, text: str, *, keyboard: Keyboard = ()) -> None:
        if self.hangs:
            await asyncio.sleep(1000)
        if self.edit_errors:
            raise self.edit_errors.pop(0)
        self.edits.append((message, text))


class Setup:
    """One chat, its outbox, its telegram."""

    def __init__(self, directory: Path, telegram: FakeTelegram, settings: ChatSettings | None = None) -> None:
        self.directory, self.telegram, self.now = directory, telegram, NOW
        self.outbox = Outbox(directory / "outbox.json")
        self.chats = Chats({1: Role.OWNER}, Language.EN, directory / "chats.json")
        self.chats.update_settings(1, settings or ChatSettings(language=Language.EN))
        self.health = Health()
        self.delivery = AlertDelivery(self.outbox, self.chats, telegram, self.health, clock=lambda: self.now, zone=KYIV)

    def put(self, *alerts: Alert, outage: Outage | None = None) -> None:
        self.outbox.put(AlertState(outage=outage), [(1, alert) for alert in alerts])
        self.delivery.wake()

    async def deliver(self, seconds: float = 120) -> None:
        task = asyncio.create_task(self.delivery.run(1))
        await asyncio.sleep(seconds)
        task.cancel()

    @property
    def reason(self) -> str:
        return " ".join(reason.text for reason in self.health.status(NOW).reasons)


def lost(key: str = "a", when: datetime = NOW) -> Alert:
    return Alert(kind=AlertKind.GRID_LOST, key=key, at=when, stored_at=when)


@pytest.mark.parametrize("error", [TransientError(GONE), TransientError(GONE, 3.0)])
def test_a_transient_error_is_retried(error: Exception, tmp_path: Path) -> None:
    setup = Setup(tmp_path, FakeTelegram(error, error))
    setup.put(lost())
    fly(setup.deliver())
    assert len(setup.telegram.received) == 1
    assert setup.outbox.waiting(1) == ()
    assert setup.reason == ""


@pytest.mark.parametrize("refusal", [ChatUnreachableError(bot.TOPIC_CLOSED()), MessageRejectedError("CHAT_ODD")])
def test_what_cannot_be_said_is_shown_and_kept(refusal: Exception, tmp_path: Path) -> None:
    setup = Setup(tmp_path, FakeTelegram(refusal))
    setup.put(lost())
    fly(setup.deliver(10))
    assert setup.outbox.waiting(1) == (lost(),)
    assert "cannot be written to" in setup.reason
    fly(setup.deliver(10))
    assert len(setup.telegram.received) == 1
    assert setup.outbox.waiting(1) == ()
    assert setup.reason == ""


def test_an_alert_that_is_always_rejected_is_left_out_in_the_end(tmp_path: Path) -> None:
    setup = Setup(tmp_path, FakeTelegram(*[MessageRejectedError("ODD")] * 14))
    setup.put(lost())
    fly(setup.deliver(2 * 3600))
    assert setup.outbox.waiting(1) == ()
    assert "was left out" in setup.reason
    setup.put(lost("b"))
    setup.telegram._errors.clear()
    fly(setup.deliver(10))
    assert setup.reason == ""


def test_a_group_that_moves_twice_and_back_is_followed_without_haste(tmp_path: Path) -> None:
    moves = [ChatMovedError("1", -2), ChatMovedError("-2", -3), ChatMovedError("-3", 1), ChatMovedError("1", -4)]
    setup = Setup(tmp_path, FakeTelegram(*moves))
    setup.put(lost())
    fly(setup.deliver())
    assert setup.telegram.chats == [-4]
    assert Chats({1: Role.OWNER}, Language.EN, tmp_path / "chats.json").all == [-4]


def test_a_group_that_is_listed_under_both_its_numbers_is_told_once(tmp_path: Path) -> None:
    setup = Setup(tmp_path, FakeTelegram(ChatMovedError("1", -1001)))
    setup.put(lost())

    async def both() -> None:
        tasks = [asyncio.create_task(setup.delivery.run(chat)) for chat in (-1001, 1)]
        await asyncio.sleep(60)
        assert [task.done() for task in tasks] == [False, True]
        tasks[0].cancel()

    fly(both())
    assert setup.telegram.chats == [-1001]


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_long_digest_continues_where_it_was_interrupted(is_restarted: bool, tmp_path: Path) -> None:
    setup = Setup(tmp_path, FakeTelegram())
    long = [lost(str(number), NOW - timedelta(hours=1, minutes=number)) for number in range(200)]
    setup.put(*long)
    setup.telegram.fails_after = 1
    fly(setup.deliver(0.1 if is_restarted else 600))
    if is_restarted:
        assert len(setup.telegram.received) == 1
        setup = Setup(tmp_path, setup.telegram)
        fly(setup.deliver(600))
    texts = [text for text, _ in setup.telegram.received]
    assert len(texts) > 1
    assert len(texts) == len(set(texts)), "no part is sent twice"
    assert sum(text.count("Power is out") for text in texts) == 200
    assert setup.outbox.waiting(1) == ()


def test_what_was_accepted_while_the_clock_was_set_is_not_sent_again(tmp_path: Path) -> None:
    class SlowTelegram(FakeTelegram):
        async def send(self, *args: Any, **given: Any) -> int:
            number = await super().send(*args, **given)
            setup.outbox.redate(ClockChange(timedelta(hours=3), trusted=True, since=NOW).moved)
            return number

    setup = Setup(tmp_path, SlowTelegram())
    setup.put(lost())
    fly(setup.deliver(10))
    assert len(setup.telegram.received) == 1
    assert setup.outbox.waiting(1) == ()


def test_a_group_that_moved_while_nothing_was_sent_gets_the_next_alert(tmp_path: Path) -> None:
    setup = Setup(tmp_path, FakeTelegram())

    async def moves() -> None:
        task = asyncio.create_task(setup.delivery.run(1))
        await asyncio.sleep(1)
        setup.chats.move(1, -1001)
        setup.outbox.put(AlertState(), [(-1001, lost())])
        setup.delivery.wake()
        await until(lambda: setup.telegram.received, 60)
        task.cancel()

    fly(moves())
    assert setup.telegram.chats == [-1001]


def test_a_disk_that_is_full_does_not_repeat_alerts(tmp_path: Path) -> None:
    setup = Setup(tmp_path / "state", FakeTelegram())
    setup.put(lost())
    (tmp_path / "state").rename(tmp_path / "away")
    (tmp_path / "state").write_text("in the way")
    fly(setup.deliver())
    assert len(setup.telegram.received) == 1
    assert "cannot be written" in setup.reason


@pytest.mark.parametrize("waits", [True, False])
def test_quiet_hours(waits: bool, tmp_path: Path) -> None:
    quiet = QuietHours(start=time(18), end=time(20))
    setup = Setup(tmp_path, FakeTelegram(), ChatSettings(language=Language.EN, quiet=quiet, quiet_waits=waits))
    setup.put(lost(), lost("b"))

    async def night() -> None:
        task = asyncio.create_task(setup.delivery.run(1))
        await asyncio.sleep(60)
        assert [silent for _, silent in setup.telegram.received] == ([] if waits else [True, True])
        setup.now = at("20:01")
        await until(lambda: setup.telegram.received, 120)
        task.cancel()

    fly(night())
    assert not waits or "During quiet hours (1 h 31 min)" in setup.telegram.received[0][0]


def test_what_waited_is_one_digest(tmp_path: Path) -> None:
    setup = Setup(tmp_path, FakeTelegram(*[TransientError(GONE)] * 10))
    setup.put(*(lost(str(number), NOW - timedelta(hours=number)) for number in range(1, 4)))
    fly(setup.deliver(600))
    assert len(setup.telegram.received) == 1
    assert "3 h" in setup.telegram.received[0][0]


def plug(name: str, *, on: bool, outcome: ActionOutcome = ActionOutcome.DONE) -> Alert:
    facts = {"name": name, "on": on, "by": "grid", "outcome": outcome}
    return Alert.model_validate({"kind": AlertKind.PLUG, "key": name, "at": NOW, "stored_at": NOW} | facts)


def switched(outage: Outage | None, *, on: bool, failed: tuple[int, ...] = ()) -> Outage:
    """Return the outage after twenty plugs have been switched."""
    for number in range(20):
        outcome = ActionOutcome.FAILED if number in failed else ActionOutcome.DONE
        outage = with_plug(outage, f"p{number}", plug(f"Plug {number}", on=on, outcome=outcome), NOW)
    assert outage
    return outage


BACK = Alert(kind=AlertKind.GRID_BACK, key="b", at=NOW, stored_at=NOW, lasted_s=3600)


def test_twenty_plugs_are_two_messages_an_outage_and_edits_without_haste(tmp_path: Path) -> None:
    setup = Setup(tmp_path, FakeTelegram())
    outage = after_alerts(None, [lost()])

    async def runs() -> None:
        nonlocal outage
        task = asyncio.create_task(setup.delivery.run(1))
        setup.put(lost(), outage=outage)
        await until(lambda: setup.telegram.received, 60)
        for number in range(20):
            outage = with_plug(outage, f"p{number}", plug(f"Plug {number}", on=False), NOW)
            setup.put(outage=outage)
            await asyncio.sleep(0.2)
        await asyncio.sleep(60)
        assert len(setup.telegram.edits) <= 2
        assert "switched off: 20 of 20" in setup.telegram.edits[-1][1]
        outage = after_alerts(outage, [BACK])
        setup.put(BACK, outage=outage)
        await until(lambda: len(setup.telegram.received) == 2, 60)
        setup.put(outage=switched(outage, on=True, failed=(3, 4)))
        await asyncio.sleep(60)
        task.cancel()

    fly(runs())
    assert len(setup.telegram.received) == 2
    last = dict(setup.telegram.edits)
    assert "Power was out" in last[1]
    assert "switched on again: 18 of 20" in last[2]
    assert "Failed: Plug 3" in last[2]


@pytest.mark.parametrize("number", [1, None])
def test_after_a_restart_the_same_message_is_edited(number: int | None, tmp_path: Path) -> None:
    """A message that was sent by a digest has no number yet."""
    setup = Setup(tmp_path, FakeTelegram())
    outage = after_alerts(None, [lost()])
    setup.outbox.delivered(1, [], LivingMessage(key="a", number=number, text="Power is out"))
    setup.put(outage=switched(outage, on=False))
    again = Setup(tmp_path, setup.telegram)
    fly(again.deliver(60))
    fly(Setup(tmp_path, setup.telegram).deliver(60))
    told = [text for _, text in setup.telegram.edits] if number else [text for text, _ in setup.telegram.received]
    assert [text.count("20 of 20") for text in told] == [1]
    assert all(silent for _, silent in setup.telegram.received)


def test_a_message_that_is_gone_is_sent_anew_without_sound(tmp_path: Path) -> None:
    setup = Setup(tmp_path, FakeTelegram())
    setup.telegram.edit_errors = [TransientError(GONE), MessageRejectedError("message to edit not found")]
    setup.outbox.delivered(1, [], LivingMessage(key="a", number=77, text="Power is out"))
    setup.put(outage=switched(after_alerts(None, [lost()]), on=False))
    fly(setup.deliver(60))
    assert [("20 of 20" in text, silent) for text, silent in setup.telegram.received] == [(True, True)]
    assert [one.number for one in setup.outbox.living(1)] == [1]


def test_an_alert_does_not_wait_for_an_edit(tmp_path: Path) -> None:
    setup = Setup(tmp_path, FakeTelegram())
    setup.telegram.hangs = True
    outage = switched(after_alerts(None, [lost()]), on=False)
    setup.outbox.delivered(1, [], LivingMessage(key="a", number=77, text="Power is out"))

    async def runs() -> None:
        setup.put(outage=outage)
        task = asyncio.create_task(setup.delivery.run(1))
        await asyncio.sleep(30)
        setup.put(BACK, outage=after_alerts(outage, [BACK]))
        await asyncio.sleep(1)
        assert len(setup.telegram.received) == 1
        task.cancel()

    fly(runs())


def test_after_a_digest_only_more_news_is_sent(tmp_path: Path) -> None:
    setup = Setup(tmp_path, FakeTelegram())
    early, late = lost("x", NOW - timedelta(hours=3)), lost("a", NOW - timedelta(hours=1))
    outage = after_alerts(None, [late])
    setup.put(early, late, outage=outage)
    fly(setup.deliver(60))
    assert len(setup.telegram.received) == 1
    again = Setup(tmp_path, setup.telegram)
    again.put(outage=switched(outage, on=False))
    fly(again.deliver(60))
    assert ["20 of 20" in text for text, _ in setup.telegram.received] == [False, True]
