"""Telegram's Bot API in our types and errors. Only this and answers.py import python-telegram-bot.

The token is part of every address, so no address and no text of the libraries below is ever logged.
"""

import logging
import re
import ssl
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import telegram
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.warnings import PTBDeprecationWarning, PTBUserWarning

from services.bot.telegram.answers import BotApiRequest, OddAnswerError
from services.bot.texts.html import LONGEST, plain
from shared.conditions import Reason, system
from shared.conditions import bot as conditions
from shared.conditions.condition import Condition
from shared.errors import CommandRefusedError, DeviceOfflineError

SEND_TIMEOUT_S = 20
"""Long, because a message whose answer was lost is sent again."""
warnings.filterwarnings("ignore", category=PTBDeprecationWarning)
"""It announces that retry_after becomes a timedelta; both are understood here, and no user can do anything about it."""
warnings.filterwarnings("ignore", message="Please use 'Bot.getUpdates'", category=PTBUserWarning)
"""Its own method would lose a whole batch to one update that it cannot read."""
TOTAL_TIMEOUT_S = 90
"""For a whole answer: one that trickles in for ever never exceeds the timeout of a read."""
WAIT_MOST_S = 600.0
"""The longest wait before the next attempt, even if Telegram asks for more: an alert tomorrow is worthless."""
ALERT_CONNECTIONS, COMMAND_CONNECTIONS = 8, 4
LIBRARIES = ("httpx", "httpcore", "telegram")
LONGEST_ANSWER = 200
LONGEST_WAIT_S = 10**9
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError)
"""What is raised if JSON does not have the expected shape; the last for a time that the system cannot represent."""

log = logging.getLogger("bot")

Keyboard = Sequence[Sequence[tuple[str, str]]]
"""Rows of buttons: the label of each, and the data that it sends back (at most 64 bytes)."""


class TransientError(DeviceOfflineError):
    """No internet, an overloaded server, or too many requests: worth a retry after retry_after_s."""

    def __init__(self, reason: Reason, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class InvalidTokenError(CommandRefusedError):
    """Telegram does not know the token (any more)."""

    def __init__(self) -> None:
        super().__init__(conditions.UNKNOWN_TOKEN())


class PollingConflictError(CommandRefusedError):
    """Another program polls with the same token, or a webhook is set."""

    def __init__(self) -> None:
        super().__init__(conditions.POLLING_CONFLICT())


class ChatUnreachableError(CommandRefusedError):
    """The chat cannot be written to now: blocked, left, read-only, its topic closed, or non-existent."""


class ChatMovedError(CommandRefusedError):
    """The group became a supergroup, which has another number."""

    def __init__(self, chat: str, number: int) -> None:
        super().__init__(conditions.chat_moved(chat=chat, number=str(number)))
        self.number = number


class MessageRejectedError(CommandRefusedError):
    """Telegram does not accept this message, however often it is sent; `answer` is its own description."""

    def __init__(self, answer: str) -> None:
        super().__init__(conditions.rejected(answer=answer))
        self.answer = answer


@dataclass(frozen=True)
class Incoming:
    """A text that a person sent, or a button that they pressed on a message of ours.

    at is when the text was sent; for a button, when its message was, since Telegram does not say when it was pressed.
    topic is the topic of the forum that it was sent in.
    """

    chat: int
    user: int
    at: datetime
    text: str = ""
    button: str | None = None
    button_id: str = ""
    message_id: int = 0
    topic: int | None = None
    moved_to: int | None = None


class Messages:
    """Sends and edits messages, on connections of its own."""

    longest = LONGEST

    def __init__(self, bot: telegram.Bot, token: str) -> None:
        self._bot = bot
        self._token = token

    async def send(
        self, chat: int, text: str, *, keyboard: Keyboard = (), silent: bool = False, topic: int | None = None
    ) -> int:
        """Send a message of HTML and return its number; one that Telegram cannot parse is sent again as plain text.

        If the topic has been deleted, the message goes to the group itself.
        """
        given: dict[str, Any] = {
            "reply_markup": _markup(keyboard),
            "disable_notification": silent,
            "message_thread_id": topic,
            "parse_mode": "HTML",
        }
        while True:
            try:
                with _our_errors(self._token, chat):
                    return (await self._bot.send_message(chat, text, **given)).message_id
            except MessageRejectedError as error:
                if "parse entities" in error.answer and given["parse_mode"]:
                    text, given["parse_mode"] = plain(text), None
                elif "thread not found" in error.answer and given["message_thread_id"] is not None:
                    given["message_thread_id"] = None
                else:
                    raise

    async def edit(self, chat: int, message: int, text: str, *, keyboard: Keyboard = ()) -> None:
        """Replace the text of one of our messages; the same text again is no error."""
        try:
            with _our_errors(self._token, chat):
                await self._bot.edit_message_text(
                    text, chat, message, parse_mode="HTML", reply_markup=_markup(keyboard)
                )
        except MessageRejectedError as error:
            if "not modified" not in error.answer:
                raise


class TelegramApi(Messages):
    """One bot at the Bot API. `alerts` sends separately, so that no answer to a command delays an alert."""

    def __init__(self, token: str, api_url: str, poll_s: int) -> None:
        for library in LIBRARIES:
            logging.getLogger(library).setLevel("WARNING")
        self._poll_s = poll_s
        self._requests = [
            BotApiRequest(ALERT_CONNECTIONS, SEND_TIMEOUT_S, TOTAL_TIMEOUT_S),
            BotApiRequest(COMMAND_CONNECTIONS, SEND_TIMEOUT_S, TOTAL_TIMEOUT_S),
            BotApiRequest(1, poll_s + 10, poll_s + TOTAL_TIMEOUT_S),
        ]
        of_alerts, of_commands, polling = self._requests
        bots = [
            telegram.Bot(token, base_url=f"{api_url}/bot", request=one, get_updates_request=polling)
            for one in (of_alerts, of_commands)
        ]
        super().__init__(bots[1], token)
        self.alerts = Messages(bots[0], token)
        self._offset = 0
        self.name = ""

    async def close(self) -> None:
        """Close the connections."""
        for request in self._requests:
            await request.shutdown()

    async def set_up(self, menus: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Get the bot's own name, remove any webhook so that polling works, and set the menu of each language."""
        with _our_errors(self._token):
            self.name = (await self._bot.get_me()).username or ""
            await self._bot.delete_webhook()
            for language, menu in menus.items():
                await self._bot.set_my_commands(list(menu), language_code=language or None)

    async def updates(self) -> list[Incoming]:
        """Wait for updates, up to the poll interval. The next call acknowledges what this one returned."""
        asked = {"offset": self._offset, "timeout": self._poll_s, "allowed_updates": ["message", "callback_query"]}
        with _our_errors(self._token):
            batch = await self._bot.do_api_request("getUpdates", asked, read_timeout=self._poll_s + 10)
            self._offset = max((one["update_id"] + 1 for one in batch), default=self._offset)
        return [incoming for one in batch if (incoming := _incoming(one))]

    async def send_picture(
        self, chat: int, png: bytes, caption: str, *, keyboard: Keyboard = (), topic: int | None = None
    ) -> None:
        """Send a picture."""
        with _our_errors(self._token, chat):
            await self._bot.send_photo(
                chat,
                png,
                caption=caption,
                parse_mode="HTML",
                reply_markup=_markup(keyboard),
                filename="chart.png",
                message_thread_id=topic,
            )

    async def answer_button(self, button_id: str, text: str = "") -> None:
        """Acknowledge a button, which ends its spinner; a press that is too old for an answer is ignored."""
        try:
            with _our_errors(self._token):
                await self._bot.answer_callback_query(button_id, text or None)
        except MessageRejectedError:
            log.debug("A button was pressed too long ago to be answered.")


@contextmanager
def _our_errors(token: str, chat: int | None = None) -> Iterator[None]:
    try:
        yield
    except TelegramError as error:
        raise _translated(error, token, chat) from None
    except UNREADABLE:
        raise TransientError(conditions.unreachable(cause=conditions.ODD_ANSWER())) from None


def _translated(error: TelegramError, token: str, chat: int | None) -> TransientError | CommandRefusedError:
    """Translate the library's error into ours; BadRequest is a NetworkError there, so the order matters."""
    if isinstance(error, RetryAfter):
        return _rate_limited(error)
    if isinstance(error, ChatMigrated):
        return ChatMovedError(str(chat), error.new_chat_id)
    if isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        return TransientError(conditions.unreachable(cause=_network_reason(error)))
    return _refusal(error, token)


def _refusal(error: TelegramError, token: str) -> CommandRefusedError:
    if isinstance(error, InvalidToken):
        return InvalidTokenError()
    if isinstance(error, Conflict):
        return PollingConflictError()
    answer = error.message.replace(token, "…").strip().rstrip(".")[:LONGEST_ANSWER] or type(error).__name__
    known = next((reason() for part, reason in CHAT_ANSWERS.items() if part in answer.lower()), None)
    if isinstance(error, Forbidden) or known:
        return ChatUnreachableError(known or conditions.rejected(answer=answer))
    return MessageRejectedError(answer)


CHAT_ANSWERS: dict[str, Condition[[]]] = {
    "chat not found": conditions.CHAT_NOT_FOUND,
    "blocked by the user": conditions.BOT_BLOCKED,
    "bot was kicked": conditions.BOT_REMOVED,
    "bot is not a member": conditions.BOT_REMOVED,
    "user is deactivated": conditions.USER_DELETED,
    "not enough rights": conditions.NO_RIGHT_TO_WRITE,
    "no rights to send": conditions.NO_RIGHT_TO_WRITE,
    "chat_write_forbidden": conditions.NO_RIGHT_TO_WRITE,
    "chat_restricted": conditions.NO_RIGHT_TO_WRITE,
    "administrator rights": conditions.NO_RIGHT_TO_WRITE,
    "topic_closed": conditions.TOPIC_CLOSED,
}
"""Parts of Telegram's answers about a chat, which have no codes."""


def _rate_limited(error: RetryAfter) -> TransientError:
    """Return the error for retry_after, whose type the library is about to change."""
    wait = error.retry_after
    seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(min(wait, LONGEST_WAIT_S))
    return TransientError(conditions.rate_limited(seconds=seconds), min(max(seconds, 0.0), WAIT_MOST_S))


def _network_reason(error: NetworkError) -> Reason:
    """Return why Telegram was not reached, from the errors behind the library's."""
    if isinstance(error, TimedOut):
        return system.TIMED_OUT()
    if isinstance(error, OddAnswerError):
        is_error = error.status >= HTTPStatus.BAD_REQUEST
        return conditions.http_status(status=error.status) if is_error else conditions.ODD_ANSWER()
    if error.__cause__ is None or isinstance(error.__cause__, TelegramError):  # an answer, not a failure to get one
        status = re.search(r"\((\d{3})\)", error.message)
        return conditions.http_status(status=int(status[1])) if status else conditions.SERVER_ERROR()
    errors = list(_chain(error))
    if any(isinstance(one, ssl.SSLError) for one in errors):
        return conditions.TLS_FAILED()
    of_system = [one for one in errors if isinstance(one, OSError) and one.errno is not None]
    return system.os_reason(of_system[-1]) if of_system else conditions.CONNECTION_FAILED()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes, the root last."""
    while error is not None:
        yield error
        behind = error.__cause__ or error.__context__
        error = behind.exceptions[0] if isinstance(behind, BaseExceptionGroup) else behind


def _incoming(update: dict[str, Any]) -> Incoming | None:
    """Return an update as our type, or None if it is of a kind that we do not handle, or cannot be read.

    This is twenty times as fast as the library's parser: strangers may send hundreds.
    """
    try:
        query = update.get("callback_query")
        return _pressed(query) if query else _said(update.get("message"))
    except UNREADABLE:
        log.warning("An update of Telegram's could not be read and is skipped.")
        return None


def _said(message: dict[str, Any] | None) -> Incoming | None:
    if message is None:
        return None
    return Incoming(
        chat=int(message["chat"]["id"]),
        user=int(message.get("from", {}).get("id", 0)),
        at=datetime.fromtimestamp(message["date"], UTC),
        text=str(message.get("text", "")),
        topic=_topic(message),
        moved_to=_whole(message.get("migrate_to_chat_id")),
    )


def _pressed(query: dict[str, Any]) -> Incoming | None:
    message = query.get("message")
    if message is None:
        return None
    return Incoming(
        chat=int(message["chat"]["id"]),
        user=int(query["from"]["id"]),
        at=datetime.fromtimestamp(message["date"], UTC),
        button=str(query.get("data", "")),
        button_id=str(query["id"]),
        message_id=int(message["message_id"]),
        topic=_topic(message),
    )


def _topic(message: dict[str, Any]) -> int | None:
    """Return the forum's topic; in other groups the same field numbers threads of replies."""
    return _whole(message["message_thread_id"]) if message.get("is_topic_message") else None


def _whole(number: Any) -> int | None:
    return None if number is None else int(number)


def _markup(keyboard: Keyboard) -> telegram.InlineKeyboardMarkup | None:
    rows = [[telegram.InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in keyboard]
    return telegram.InlineKeyboardMarkup(rows) if rows else None
