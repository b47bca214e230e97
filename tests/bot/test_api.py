"""Our side of the Bot API against the simulated one: each failure is told apart, and none names the token."""

import asyncio
import errno
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from unittest.mock import patch

import pytest
from telegram.error import NetworkError, TelegramError

from services.bot.telegram import api as api_module
from services.bot.telegram.api import (
    ChatMovedError,
    ChatUnreachableError,
    Incoming,
    InvalidTokenError,
    MessageRejectedError,
    TelegramApi,
    TransientError,
)
from shared.conditions import Reason, bot, system
from shared.errors import EasunError
from simulators.http_server import start_server
from simulators.telegram.api import Api
from simulators.telegram.chat import Fault, TelegramState
from simulators.telegram.serve import Views
from tests.support.ports import free_port
from tests.support.waiting import PATIENCE_S, eventually

E = TypeVar("E", bound=Exception)
NO_NETWORK = OSError(errno.ENETUNREACH, "?")
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
        api = TelegramApi(TOKEN, f"http://127.0.0.1:{server.port}", 1)
        try:
            await asyncio.gather(api.send(chat, text), asyncio.to_thread(meanwhile))
        finally:
            await api.close()

    asyncio.run(once())


def caused(error: E, cause: Exception) -> E:
    error.__cause__ = cause
    return error


def fail(server: Server, fault: Fault, moved_to: int = 0) -> None:
    server.world.fault, server.world.moved_to = fault, moved_to


@pytest.mark.parametrize(
    ("fault", "error", "reason"),
    [
        (Fault.TOO_MANY, TransientError, bot.rate_limited(seconds=1)),
        (Fault.SERVER_ERROR, TransientError, bot.unreachable(cause=bot.SERVER_ERROR())),
        (Fault.HANG, TransientError, bot.unreachable(cause=system.TIMED_OUT())),
        (Fault.LOST_ANSWER, TransientError, bot.unreachable(cause=bot.CONNECTION_FAILED())),
        (Fault.UNAUTHORIZED, InvalidTokenError, bot.UNKNOWN_TOKEN()),
        (Fault.BLOCKED, ChatUnreachableError, bot.BOT_BLOCKED()),
        (Fault.BAD_REQUEST, MessageRejectedError, bot.rejected(answer="Something is wrong with it")),
        (Fault.MOVED, ChatMovedError, bot.chat_moved(chat="7", number="-1007")),
        (Fault.READ_ONLY, ChatUnreachableError, bot.NO_RIGHT_TO_WRITE()),
        (Fault.TOPIC_CLOSED, ChatUnreachableError, bot.TOPIC_CLOSED()),
        (Fault.HTML, TransientError, bot.unreachable(cause=bot.ODD_ANSWER())),
        (Fault.HTML_403, TransientError, bot.unreachable(cause=bot.http_status(status=403))),
        (Fault.HTML_502, TransientError, bot.unreachable(cause=bot.http_status(status=502))),
        (Fault.HALF_JSON, TransientError, bot.unreachable(cause=bot.ODD_ANSWER())),
        (Fault.NO_RESULT, TransientError, bot.unreachable(cause=bot.ODD_ANSWER())),
        (Fault.ODD_RESULT, TransientError, bot.unreachable(cause=bot.ODD_ANSWER())),
        (Fault.HUGE, TransientError, bot.unreachable(cause=bot.ODD_ANSWER())),
    ],
)
def test_each_failure_is_told_apart(fault: Fault, error: type[EasunError], reason: Reason, server: Server) -> None:
    fail(server, fault, -1007)
    patience_s = 0.2 if fault is Fault.HANG else PATIENCE_S
    with patch.object(api_module, "SEND_TIMEOUT_S", patience_s), pytest.raises(error) as raised:
        send(server)
    assert raised.value.reason == reason
    assert TOKEN not in repr(raised.value) + str(raised.getrepr(chain=True, showlocals=False))
    assert getattr(raised.value, "retry_after_s", None) == (1.0 if fault is Fault.TOO_MANY else None)
    assert getattr(raised.value, "number", -1007) == -1007
    fail(server, Fault.NONE)
    with server.world.changed:
        server.world.changed.notify_all()
    send(server, "again")
    assert server.world.messages[-1].text == "again"


def test_a_wait_of_a_day_is_reported_and_cut_short(server: Server) -> None:
    fail(server, Fault.WAIT_A_DAY)
    with pytest.raises(TransientError) as raised:
        send(server)
    assert raised.value.reason == bot.rate_limited(seconds=86400)
    assert raised.value.retry_after_s == api_module.WAIT_MOST_S


def test_an_update_that_cannot_be_read_costs_no_other(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.world.add(7, "/status", is_from_bot=False, topic=3)
    good = server.world.updates(0, 0) or []
    said = {"message_id": 1, "chat": {"id": 7}, "text": "/id"}
    pressed = {"id": "1", "from": {"id": 7}, "data": "x", "message": said | {"date": -(2**62)}}
    odd: list[Any] = [
        {"update_id": 1, "message": {"message_id": 1}},
        {"update_id": 2, "message": 5},
        {"update_id": 3, "message": said | {"date": 10**18}},  # a moment that no system can hold
        {"update_id": 4, "callback_query": pressed},
        {"update_id": 5, "message": said | {"date": 0, "migrate_to_chat_id": [1]}},
        *good,
    ]
    monkeypatch.setattr(server.world, "updates", lambda *_: odd)

    async def poll() -> list[Incoming]:
        api = TelegramApi(TOKEN, f"http://127.0.0.1:{server.port}", 1)
        try:
            return await api.updates()
        finally:
            await api.close()

    assert [(one.text, one.topic) for one in asyncio.run(poll())] == [("/status", 3)]


def test_html_that_telegram_does_not_read_goes_as_plain_text(server: Server) -> None:
    send(server, "<b>light <i>&amp;</b>")
    assert [message.text for message in server.world.messages] == ["light &amp;"]


def test_without_a_server_it_is_worth_another_try() -> None:
    with pytest.raises(TransientError, match="cannot be reached") as raised:
        send(Server(free_port(), Api(TelegramState())))
    assert raised.value.reason == bot.unreachable(cause=system.CONNECTION_REFUSED())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NetworkError("Bad Gateway (502)"), bot.http_status(status=502)),
        (NetworkError("Bad Gateway"), bot.SERVER_ERROR()),
        (caused(NetworkError("x"), TelegramError("Invalid server response")), bot.SERVER_ERROR()),
        (caused(NetworkError("x (407)."), TelegramError("Invalid server response")), bot.http_status(status=407)),
        (caused(NetworkError("x"), caused(OSError("all failed"), socket.gaierror(-2, "?"))), system.NAME_UNKNOWN()),
        (caused(NetworkError("x"), ssl.SSLError(1, "bad certificate")), bot.TLS_FAILED()),
        (
            caused(NetworkError("x"), ExceptionGroup("", [OSError(errno.ENETUNREACH, "?")])),
            system.NETWORK_UNREACHABLE(),
        ),
    ],
)
def test_why_telegram_was_not_reached(error: NetworkError, reason: Reason) -> None:
    assert api_module._network_reason(error) == reason


def test_of_two_that_poll_the_older_one_is_refused(server: Server) -> None:
    answers = []

    def older() -> None:
        answers.append(server.api.call(TOKEN, "getUpdates", {"timeout": "20"}))

    first = threading.Thread(target=older, daemon=True)
    first.start()
    eventually(lambda: server.world._pollers == 1, "the first one waits")
    newer = server.api.call(TOKEN, "getUpdates", {"timeout": "0"})
    first.join(PATIENCE_S)
    assert answers
    assert [
        reply.body.get("error_code") for reply in (answers[0], newer) if reply and isinstance(reply.body, dict)
    ] == [409, None]
