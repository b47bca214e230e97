"""Answers to people: who may what, and what a bug or a bad disk does to the rest."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.bot.chats import Chats, Role
from services.bot.commands import commands, keyboards
from services.bot.commands.commands import AT_ONCE, Commands
from services.bot.telegram.api import Incoming, Keyboard
from shared.broker_state import BrokerState
from shared.history.engine import reader
from shared.messages import PlugInfo
from shared.texts.language import Language
from tests.bot.facts import KYIV, NOW, broker_state, localizer_for

OWNER, VIEWER, GUEST, GROUP = 5, 6, 8, -100
ALLOWED = {OWNER: Role.OWNER, VIEWER: Role.VIEWER, GROUP: Role.OWNER}


class FakeTelegram:
    """Takes everything."""

    name = "our_bot"

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.topics: list[int | None] = []
        self.button_answers: list[str] = []

    async def send(
        self, chat: int, text: str, *, keyboard: Keyboard = (), silent: bool = False, topic: int | None = None
    ) -> int:
        self.sent.append(text)
        self.topics.append(topic)
        return len(self.sent)

    async def edit(self, chat: int, message: int, text: str, *, keyboard: Keyboard = ()) -> None:
        self.sent.append(text)

    async def send_picture(
        self, chat: int, png: bytes, caption: str, *, keyboard: Keyboard = (), topic: int | None = None
    ) -> None:
        self.sent.append(caption)

    async def answer_button(self, button_id: str, text: str = "") -> None:
        self.button_answers.append(text)


class Setup:
    """The commands, and what comes of them."""

    def __init__(self, directory: Path, allowed: dict[int, Role] = ALLOWED, known: BrokerState | None = None) -> None:
        self.telegram, self.switched = FakeTelegram(), list[tuple[str, Any]]()
        self.chats = Chats(allowed, Language.EN, directory / "chats.json")
        self.commands = Commands(
            self.telegram,
            lambda: known or broker_state(),
            self.chats,
            reader(directory / "none.db"),
            clock=lambda: NOW,
            zone=KYIV,
            send=lambda plug, command: self.switched.append((plug, command)),
        )

    def receive(self, text: str = "", *, chat: int = OWNER, user: int = OWNER, at: datetime = NOW, **more: Any) -> None:
        asyncio.run(self.commands.handle(Incoming(chat, user, at, text, **more)))


@pytest.mark.parametrize(
    ("chat", "user", "age_s", "refused"),
    [
        pytest.param(OWNER, OWNER, 5, None, id="the-owner"),
        pytest.param(OWNER, OWNER, 61, "too long to arrive", id="an-hour-old-yes"),
        pytest.param(OWNER, OWNER, -61, "too long to arrive", id="from-the-future"),
        pytest.param(VIEWER, VIEWER, 5, "only view", id="a-viewer"),
        pytest.param(GROUP, OWNER, 5, None, id="the-owner-in-the-group"),
        pytest.param(GROUP, VIEWER, 5, "own number (6)", id="a-viewer-in-the-group"),
        pytest.param(GROUP, GUEST, 5, "own number (8)", id="a-guest-in-the-group"),
        pytest.param(GUEST, GUEST, 5, "private", id="a-stranger"),
        pytest.param(GUEST, OWNER, 5, "private", id="a-strange-group"),
    ],
)
def test_who_switches(chat: int, user: int, age_s: int, refused: str | None, tmp_path: Path) -> None:
    setup = Setup(tmp_path)
    at = NOW - timedelta(seconds=age_s)
    setup.receive(chat=chat, user=user, at=at, button="plug|boiler|on", button_id="b", message_id=1)
    assert [(plug, command.on, command.by) for plug, command in setup.switched] == (
        [] if refused else [("boiler", True, f"telegram:{user}")]
    )
    assert refused is None or refused in setup.telegram.button_answers[0]


@pytest.mark.parametrize(
    ("chat", "user", "refused"),
    [(VIEWER, VIEWER, "only view"), (GROUP, VIEWER, "own number (6)"), (GROUP, GUEST, "own number (8)")],
)
@pytest.mark.parametrize("button", ["protect|bf1|on", "keep", "set|low", "want|main|s|buzzer_mode|mute"])
def test_who_may_not_change_is_told_why(button: str, chat: int, user: int, refused: str, tmp_path: Path) -> None:
    unseen = INFO.model_copy(update={"seen": False})
    setup = Setup(tmp_path, known=BrokerState(connected=True, plug_infos={"bf1": unseen}))
    setup.receive(chat=chat, user=user, button=button, button_id="b", message_id=1)
    assert refused in setup.telegram.button_answers[0]
    assert not setup.switched


@pytest.mark.parametrize(
    "data",
    [
        "plug|nothing|on",
        "plug|desk|on",
        "ask|desk|off",
        "set|nonsense",
        "chart|year",
        "status|x",
        "",
        "plug|boiler|maybe",
    ],
)
def test_forged_buttons_do_nothing(data: str, tmp_path: Path) -> None:
    setup = Setup(tmp_path)
    setup.receive(button=data, button_id="b", message_id=1)
    assert (setup.switched, setup.telegram.sent, len(setup.telegram.button_answers)) == ([], [], 1)


def test_before_anybody_is_allowed_only_the_number_is_answered(tmp_path: Path) -> None:
    setup = Setup(tmp_path, allowed={})
    for text in ("/status", "/plugs", "hello", "/id"):
        setup.receive(text)
    assert len(setup.telegram.sent) == 1
    assert "<code>5</code>" in setup.telegram.sent[0]
    assert "TELEGRAM_CHAT_ID" in setup.telegram.sent[0]


@pytest.mark.parametrize(("text", "count"), [("/help@our_bot", 1), ("/help@other_bot", 0), ("mere talk", 0), ("/", 0)])
def test_in_a_group_only_what_is_meant_for_us_is_answered(text: str, count: int, tmp_path: Path) -> None:
    setup = Setup(tmp_path)
    setup.receive(text, chat=GROUP)
    assert len(setup.telegram.sent) == count


def test_answers_go_to_the_topic_that_asked(tmp_path: Path) -> None:
    setup = Setup(tmp_path)
    for topic in (7, None):
        setup.receive("/id", chat=GROUP, topic=topic)
    assert setup.telegram.topics == [7, None]
    assert f"<code>{GROUP}/7</code>" in setup.telegram.sent[0]


def test_a_bug_in_an_answer_ends_nothing_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    setup = Setup(tmp_path, known=broker_state(schedule="nonsense"))
    setup.receive("/schedule")
    setup.receive("/id")
    assert len(setup.telegram.sent) == 1
    assert "A bug" in caplog.text


def test_settings_that_cannot_be_saved_hold_with_a_warning(tmp_path: Path) -> None:
    setup = Setup(tmp_path / "state")
    (tmp_path / "state").write_text("in the way")
    setup.receive(button="set|language", button_id="b", message_id=1)
    assert setup.chats.settings(OWNER).language is Language.UK
    assert "до перезапуску" in setup.telegram.sent[0]


@pytest.mark.parametrize(
    ("chat", "user", "changed"),
    [
        pytest.param(OWNER, OWNER, True, id="the-owner"),
        pytest.param(VIEWER, VIEWER, False, id="a-viewer"),
        pytest.param(GROUP, OWNER, True, id="the-owner-in-the-group"),
        pytest.param(GROUP, GUEST, False, id="a-guest-in-the-group"),
    ],
)
def test_only_owners_change_the_limits_of_all_chats(chat: int, user: int, *, changed: bool, tmp_path: Path) -> None:
    setup = Setup(tmp_path)
    setup.receive(chat=chat, user=user, button="set|low", button_id="b", message_id=1)
    assert setup.chats.limits.low_battery_percent == (25 if changed else 20)
    assert len(setup.telegram.button_answers) == 1


def test_a_group_that_moves_is_known_by_its_new_number(tmp_path: Path) -> None:
    setup = Setup(tmp_path)
    setup.receive(chat=GROUP, moved_to=-1001)
    setup.receive(chat=99, moved_to=-1002)
    assert (setup.chats.role(-1001), setup.chats.role(GROUP), setup.chats.role(-1002)) == (Role.OWNER, None, None)


RULE = {"enabled": False, "protected": False, "follows_grid": False}
INFO = PlugInfo.model_validate({"at": NOW, "name": "Boiler", "gangs": {"switch_1": "Boiler"}, "priority": 1} | RULE)


def test_a_found_plug_is_set_up_by_two_taps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "SETUP_PATIENCE_S", 0)
    setup = Setup(tmp_path, known=BrokerState(connected=True, plug_infos={"bf1": INFO}))
    setup.receive("/plugs")
    assert "Boiler: left alone" in setup.telegram.sent[-1]
    assert "Plugs are found" in setup.telegram.sent[-1]
    setup.receive(button="follow|bf1|on", button_id="b", message_id=1)
    ((plug, sent),) = setup.switched
    assert (plug, sent.enabled, sent.protected, sent.by) == ("bf1", True, None, f"telegram:{OWNER}")
    assert sent.test is False, "only if the owner says so"
    assert "keep" not in str(setup.telegram.sent)
    setup.receive(button="keep", button_id="e", message_id=1)
    assert len(setup.switched) == 1, "nothing is undecided"
    setup.receive(chat=VIEWER, user=VIEWER, button="protect|bf1|on", button_id="c", message_id=1)
    setup.receive(button="protect|nobody|on", button_id="d", message_id=1)
    assert len(setup.switched) == 1


def test_what_a_setting_has_decided_is_kept_by_one_tap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "SETUP_PATIENCE_S", 0)
    held = INFO.model_copy(update={"name": "Router", "seen": False})
    follows = INFO.model_copy(update={"name": "Heater", "seen": False, "follows_grid": True})
    setup = Setup(tmp_path, known=BrokerState(connected=True, plug_infos={"a": INFO, "b": held, "c": follows}))
    setup.receive(button="setup", button_id="a", message_id=1)
    assert "Router: left alone for its name" in setup.telegram.sent[-1]
    assert "Heater: with the grid, as .env asks" in setup.telegram.sent[-1]
    setup.receive(button="keep", button_id="b", message_id=1)
    assert [(id_, one.enabled, one.protected) for id_, one in setup.switched] == [("b", None, None), ("c", None, None)]


def test_a_plug_that_follows_may_be_tested_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "TEST_PATIENCE_S", 0)
    follows = INFO.model_copy(update={"follows_grid": True, "tested_at": NOW})
    known = BrokerState(connected=True, plug_infos={"bf1": follows, "bf2": INFO})
    setup = Setup(tmp_path, known=known)
    setup.receive(button="test|bf1|on", button_id="a", message_id=1)
    ((plug, sent),) = setup.switched
    assert (plug, sent.test, sent.enabled) == ("bf1", True, None)
    assert "tested at 18:30" in setup.telegram.sent[-1]
    offered = [data for row in keyboards.plug_setup(localizer_for(), known, "bf1") for _, data in row]
    assert [data for data in offered if data.startswith("test")] == ["test|bf1|on"]
    assert not [row for row in keyboards.plug_setup(localizer_for(), known, "bf2") if "test" in row[0][1]]


def test_buttons_that_wait_for_what_comes_of_them_hold_up_no_command(tmp_path: Path) -> None:
    follows = INFO.model_copy(update={"follows_grid": True, "seen": True})
    setup = Setup(tmp_path, known=BrokerState(connected=True, plug_infos={"bf1": follows}))

    async def answered() -> bool:
        press = Incoming(OWNER, OWNER, NOW, button="test|bf1|on", button_id="b", message_id=1)
        waiting = [asyncio.create_task(setup.commands.handle(press)) for _ in range(AT_ONCE)]
        while len(setup.switched) < AT_ONCE:
            await asyncio.sleep(0)
        command = asyncio.create_task(setup.commands.handle(Incoming(OWNER, OWNER, NOW, "/help")))
        done, _ = await asyncio.wait([command, *waiting], return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()
        return done == {command}

    assert asyncio.run(answered())
