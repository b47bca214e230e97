"""ntfy and e-mail at the wire: what arrives, and which failures pass."""

import asyncio
import email
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from flask import request

from services.bot.alerts.alert import Alert, AlertKind
from services.bot.alerts.state import AlertState
from services.bot.channels.channel import Channel, ChannelSender
from services.bot.channels.listed import listed_channels
from services.bot.channels.mail import Mail, MailServer
from services.bot.channels.ntfy import Ntfy
from services.bot.chats import Chats, Role
from services.bot.settings import BotSettings
from services.bot.telegram.api import ChatUnreachableError, TransientError
from services.bot.telegram.delivery import AlertDelivery
from services.bot.telegram.outbox import Outbox
from shared.health import Health
from shared.messages import ActionOutcome
from shared.texts.language import Language
from simulators.http_server import HttpApp, start_server
from tests.bot.facts import KYIV, NOW
from tests.support.ports import free_port
from tests.support.smtp import MailBox, running_mail_server
from tests.support.waiting import until

PASSWORD, TOKEN, TOPIC = "secret-password", "tk_secret", "secret-topic"


@dataclass
class NtfyServer:
    """What has been published, and the answer to the next ones."""

    port: int = 0
    published: list[dict[str, Any]] = field(default_factory=list)
    answer: tuple[Any, int] = ({"event": "message", "id": "x"}, 200)
    full_after: int = -1
    """After so many messages one is refused."""

    def take(self) -> Any:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        if len(self.published) == self.full_after:
            self.full_after = -1
            return "", 502
        self.published.append(json.loads(request.get_data()))
        return self.answer


@pytest.fixture
def ntfy() -> Iterator[NtfyServer]:
    server = NtfyServer()
    http = start_server(HttpApp({"POST /": server.take}, max_body_bytes=10_000), "127.0.0.1", 0)
    server.port = http.port
    yield server
    http.shutdown()


@pytest.fixture
def box() -> Iterator[MailBox]:
    with running_mail_server() as box:
        yield box


def topic(port: int) -> Ntfy:
    return Ntfy(f"http://127.0.0.1:{port}/{TOPIC}", TOKEN)


def address(port: int) -> Mail:
    return Mail(MailServer("127.0.0.1", port, "none", "me", PASSWORD), "me@home.example", ("you@home.example",))


def fails(deliver: Callable[[], None], error: type[Exception]) -> str:
    with pytest.raises(error) as raised:
        deliver()
    told = str(raised.value) + repr(raised.value)
    assert not any(secret in told for secret in (PASSWORD, TOKEN, TOPIC))
    return told


def test_ntfy_gets_a_title_and_a_text(ntfy: NtfyServer) -> None:
    topic(ntfy.port).deliver("🔴 18:02 Світло зникло", "Батарея 44 %", silent=False)
    topic(ntfy.port).deliver("x", "y", silent=True)
    loud, silent = ntfy.published
    assert (loud["topic"], loud["title"], loud["message"]) == (TOPIC, "🔴 18:02 Світло зникло", "Батарея 44 %")
    assert loud["priority"] > silent["priority"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (({"code": 40301, "http": 403, "error": "forbidden"}, 403), ChatUnreachableError),
        (({"code": 42901, "http": 429, "error": "limit reached"}, 429), TransientError),
        (("<html>log in</html>", 200), TransientError),
        (("<html>log in</html>", 403), TransientError),
        (({"ok": True}, 200), TransientError),
        (("", 502), TransientError),
    ],
)
def test_what_ntfy_did_not_take_is_no_success(
    answer: tuple[Any, int], error: type[Exception], ntfy: NtfyServer
) -> None:
    ntfy.answer = answer
    fails(lambda: topic(ntfy.port).deliver("x", "y", silent=False), error)


def test_a_mail_arrives_in_ukrainian(box: MailBox) -> None:
    address(box.port).deliver("🔴 18:02 Світло зникло", "Батарея 44 %", silent=False)
    mail = email.message_from_bytes(box.mails[0].encode(), policy=default)
    assert (mail["Subject"], mail["To"]) == ("🔴 18:02 Світло зникло", "you@home.example")
    assert mail.get_content().strip() == "Батарея 44 %"


@pytest.mark.parametrize(
    ("verb", "answer", "error"),
    [
        ("AUTH", "535 wrong", ChatUnreachableError),
        ("RCPT", "550 no such user", ChatUnreachableError),
        ("RCPT", "450 greylisted", TransientError),
        ("MAIL", "421 too busy", TransientError),
        ("END", "552 too large", ChatUnreachableError),
        ("END", "", TransientError),
        ("EHLO", "", TransientError),
    ],
)
def test_which_refusals_of_a_mail_server_pass(verb: str, answer: str, error: type[Exception], box: MailBox) -> None:
    box.instead[verb] = answer
    fails(lambda: address(box.port).deliver("x", "y", silent=False), error)
    box.instead.clear()
    address(box.port).deliver("x", "y", silent=False)
    assert box.mails


@pytest.mark.parametrize("channel", [topic, address])
def test_without_a_server_it_is_worth_another_try(channel: Callable[[int], Channel]) -> None:
    port = free_port()
    assert "cannot be reached" in fails(lambda: channel(port).deliver("x", "y", silent=False), TransientError)


@pytest.mark.parametrize("odd", ["\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_name_with_an_odd_line_break_is_no_second_line_of_a_header(odd: str) -> None:
    titles: list[str] = []

    class Header:
        name = "email"

        def deliver(self, title: str, text: str, *, silent: bool) -> None:
            EmailMessage()["Subject"] = title
            titles.append(title)

    asyncio.run(ChannelSender(Header()).send("email", f"Battery a{odd}b\nis silent"))
    assert titles == ["Battery a b"]


def test_a_title_has_no_line_break(ntfy: NtfyServer) -> None:
    asyncio.run(ChannelSender(topic(ntfy.port)).send("ntfy", "<b>Title &amp; more</b>\nслово"))
    (one,) = ntfy.published
    assert (one["title"], one["message"]) == ("Title & more", "слово")


def test_a_long_text_is_split_and_no_part_that_was_taken_is_sent_again(ntfy: NtfyServer, tmp_path: Path) -> None:
    late = [NOW - timedelta(hours=1, minutes=number) for number in range(120)]
    alerts = [Alert(kind=AlertKind.GRID_LOST, key=str(at), at=at, stored_at=at) for at in late]
    outbox, chats = Outbox(tmp_path / "outbox.json"), Chats({}, Language.UK, tmp_path / "chats.json")
    outbox.put(AlertState(), [("ntfy", alert) for alert in alerts])
    ntfy.full_after = 1
    sender = ChannelSender(topic(ntfy.port))
    delivery = AlertDelivery(outbox, chats, sender, Health(), clock=lambda: NOW, zone=KYIV)

    async def runs() -> None:
        task = asyncio.create_task(delivery.run("ntfy"))
        await until(lambda: not outbox.waiting("ntfy"))
        task.cancel()

    asyncio.run(runs())
    taken = [f"{one['title']}\n{one['message']}" for one in ntfy.published]
    assert len(taken) == len(set(taken)) > 1
    assert sum(text.count("Світло зникло") for text in taken) == len(alerts)
    assert all(len(one["message"].encode()) <= 4096 for one in ntfy.published)


def test_a_channel_has_the_guarantees_of_the_outbox(ntfy: NtfyServer, tmp_path: Path) -> None:
    alert = Alert(kind=AlertKind.GRID_LOST, key="a", at=NOW, stored_at=NOW)
    Outbox(tmp_path / "outbox.json").put(AlertState(), [("ntfy", alert), (4242, alert)])
    outbox, health = Outbox(tmp_path / "outbox.json"), Health()
    assert outbox.waiting(4242) == outbox.waiting("ntfy") == (alert,), "after a restart"
    chats = Chats({}, Language.EN, tmp_path / "chats.json")
    ntfy.answer = "", 502
    sender = ChannelSender(topic(ntfy.port))
    delivery = AlertDelivery(outbox, chats, sender, health, clock=lambda: NOW, zone=KYIV, slot="sending ntfy")

    async def runs() -> None:
        task = asyncio.create_task(delivery.run("ntfy"))
        await until(lambda: health.status(NOW).reasons)
        assert outbox.waiting("ntfy") == (alert,)
        ntfy.answer = NtfyServer.answer
        delivery.wake()
        await until(lambda: not outbox.waiting("ntfy"))
        task.cancel()

    asyncio.run(runs())
    assert "Power is out" in ntfy.published[-1]["title"]
    assert outbox.waiting(4242) == (alert,)


@pytest.mark.parametrize(("outcome", "wanted"), [(ActionOutcome.DONE, False), (ActionOutcome.FAILED, True)])
def test_a_channel_hears_of_plugs_that_failed(outcome: ActionOutcome, wanted: bool, tmp_path: Path) -> None:
    chats = Chats({5: Role.OWNER}, Language.EN, tmp_path / "chats.json")
    facts = {"on": False, "by": "grid", "outcome": outcome, "told_there": True}
    alert = Alert.model_validate({"kind": AlertKind.PLUG, "key": "p", "at": NOW, "stored_at": NOW} | facts)
    assert (chats.wants("ntfy", alert), chats.wants(5, alert)) == (wanted, False)


def test_the_settings_name_the_channels() -> None:
    given = {
        "ntfy_url": "https://ntfy.sh/x",
        "email_to": "a@x.example, b@x.example",
        "smtp_host": "x",
        "email_from": "c",
    }
    assert [one.name for one in listed_channels(BotSettings.model_validate(given))] == ["ntfy", "email"]
    for wrong in ({"ntfy_url": "https://ntfy.sh/"}, {"ntfy_url": "ntfy.sh/x"}, {"email_to": "a@x.example"}):
        with pytest.raises(ValueError, match=r"topic|SMTP_HOST"):
            BotSettings.model_validate(wrong)
