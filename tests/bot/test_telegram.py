"""Our side of the Bot API against the simulated one: each failure is told apart, and none names the token."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from services.bot import telegram
from services.bot.telegram import (
    LostChatError,
    MovedChatError,
    PassingError,
    RefusedMessageError,
    Telegram,
    TokenError,
)
from simulators.http_server import start_server
from simulators.telegram.api import Api
from simulators.telegram.chat import Fault, TelegramState
from simulators.telegram.serve import Views
from tests.support.broker import free_port
from tests.support.waiting import eventually

TOKEN = "1:secret-of-the-test"


@dataclass
class Server:
    """The simulated Bot API at a port."""

    port: int
    api: Api

    @property
    def world(self) -> TelegramState:
        return self.api.world


@pytest.fixture
def server() -> Iterator[Server]:
    api = Api(TelegramState())
    http = start_server(Views(api).app, "127.0.0.1", 0)
    yield Server(http.port, api)
    http.shutdown()


def send(server: Server, text: str = "hello", chat: int = 7, meanwhile: Callable[[], None] = lambda: None) -> None:
    async def once() -> None:
        api = Telegram(TOKEN, f"http://127.0.0.1:{server.port}", 1)
        try:
            await asyncio.gather(api.send(chat, text), asyncio.to_thread(meanwhile))
        finally:
            await api.close()

    asyncio.run(once())


def fail(server: Server, fault: Fault, moved_to: int = 0) -> None:
    server.world.fault, server.world.moved_to = fault, moved_to


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.TOO_MANY, PassingError),
        (Fault.SERVER_ERROR, PassingError),
        (Fault.HANG, PassingError),
        (Fault.LOST_ANSWER, PassingError),
        (Fault.UNAUTHORIZED, TokenError),
        (Fault.BLOCKED, LostChatError),
        (Fault.BAD_REQUEST, RefusedMessageError),
        (Fault.MOVED, MovedChatError),
    ],
)
def test_each_failure_is_told_apart(
    fault: Fault, error: type[Exception], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram, "SEND_PATIENCE_S", 0.2)
    fail(server, fault, -1007)
    with pytest.raises(error) as raised:
        send(server)
    assert TOKEN not in repr(raised.value) + str(raised.getrepr(chain=True, showlocals=False))
    assert getattr(raised.value, "retry_after_s", None) == (1.0 if fault is Fault.TOO_MANY else None)
    assert getattr(raised.value, "new", -1007) == -1007
    fail(server, Fault.NONE)
    with server.world.changed:
        server.world.changed.notify_all()
    send(server, "again")
    assert server.world.messages[-1].text == "again"


def test_html_that_telegram_does_not_read_goes_as_plain_text(server: Server) -> None:
    send(server, "<b>light <i>&amp;</b>")
    assert [message.text for message in server.world.messages] == ["light &amp;"]


def test_without_a_server_it_is_worth_another_try() -> None:
    with pytest.raises(PassingError, match="cannot be reached"):
        send(Server(free_port(), Api(TelegramState())))


def test_of_two_that_poll_the_older_one_is_told(server: Server) -> None:
    told = []

    def older() -> None:
        told.append(server.api.call(TOKEN, "getUpdates", {"timeout": "20"}))

    first = threading.Thread(target=older, daemon=True)
    first.start()
    eventually(lambda: server.world._pollers == 1, "the first one waits")
    newer = server.api.call(TOKEN, "getUpdates", {"timeout": "0"})
    first.join(5)
    assert told
    assert [reply.body.get("error_code") for reply in (told[0], newer) if reply] == [409, None]
