"""Telegram's Bot API in our types and errors. The only importer of python-telegram-bot.

The token is part of every address, so no address and no text of the libraries below is ever logged.
"""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import telegram
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
)
from telegram.error import TelegramError as AnyError
from telegram.request import HTTPXRequest
from telegram.warnings import PTBDeprecationWarning

from services.bot.words import plain
from shared.errors import CommandRefusedError, DeviceOfflineError

SEND_PATIENCE_S = 20
"""A lost answer makes a second message, so answers are waited for long."""
warnings.filterwarnings("ignore", category=PTBDeprecationWarning)
"""It warns that retry_after will be a timedelta; both are understood, and nobody who reads the log can help it."""
LIBRARIES = ("httpx", "httpcore", "telegram")

Keyboard = Sequence[Sequence[tuple[str, str]]]
"""Rows of buttons: what stands on each, and what it sends back (64 bytes at most)."""


class PassingError(DeviceOfflineError):
    """No internet, an overloaded server, or a request to wait: worth another try after retry_after_s."""

    def __init__(self, sentence: str, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class TokenError(CommandRefusedError):
    """Telegram does not know the token (any more)."""


class TwinError(CommandRefusedError):
    """Another program uses the same token, or a webhook does."""


class LostChatError(CommandRefusedError):
    """The chat cannot be written to: blocked by its user, left, or never there."""


class MovedChatError(CommandRefusedError):
    """The group became a supergroup with another number."""

    def __init__(self, new: int) -> None:
        super().__init__(f"The group has the number {new} now.")
        self.new = new


class RefusedMessageError(CommandRefusedError):
    """Telegram does not take this message, however often it is sent."""


@dataclass(frozen=True)
class Incoming:
    """Something that a person did: a text was sent, or a button pressed on a message of ours.

    at is when the text was sent; of a button it is when its message was, for nobody tells when it was pressed.
    """

    chat: int
    user: int
    at: datetime
    text: str = ""
    button: str | None = None
    button_id: str = ""
    message_id: int = 0
    moved_to: int | None = None


class Telegram:
    """One bot at the Bot API."""

    def __init__(self, token: str, api_url: str, poll_s: int) -> None:
        for library in LIBRARIES:
            logging.getLogger(library).setLevel("WARNING")
        self._token = token
        self._poll_s = poll_s
        self._sending = HTTPXRequest(8, SEND_PATIENCE_S, SEND_PATIENCE_S, 10.0, 10.0)
        self._polling = HTTPXRequest(1, poll_s + 10, SEND_PATIENCE_S, 10.0, 10.0)
        self._bot = telegram.Bot(
            token, base_url=f"{api_url}/bot", request=self._sending, get_updates_request=self._polling
        )
        self._offset = 0
        self.name = ""

    async def close(self) -> None:
        """Let go of the connections."""
        await self._sending.shutdown()
        await self._polling.shutdown()

    async def greet(self, menus: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Learn our own name, make sure that updates come by polling, and set the menu of each language."""
        with _our_errors(self._token):
            self.name = (await self._bot.get_me()).username or ""
            await self._bot.delete_webhook()
            for language, menu in menus.items():
                await self._bot.set_my_commands(list(menu), language_code=language or None)

    async def updates(self) -> list[Incoming]:
        """Wait for what people do, up to the poll interval. What was returned is acknowledged by the next call."""
        with _our_errors(self._token):
            batch = await self._bot.get_updates(
                offset=self._offset,
                timeout=self._poll_s,
                read_timeout=self._poll_s + 10,
                allowed_updates=["message", "callback_query"],
            )
        if batch:
            self._offset = batch[-1].update_id + 1
        return [incoming for update in batch if (incoming := _incoming(update))]

    async def send(self, chat: int, text: str, *, keyboard: Keyboard = (), silent: bool = False) -> None:
        """Send a message of HTML; one that Telegram cannot read goes once more as plain text."""
        try:
            await self._send(chat, text, "HTML", keyboard, silent)
        except RefusedMessageError as error:
            if "parse entities" not in str(error):
                raise
            await self._send(chat, plain(text), None, keyboard, silent)

    async def _send(self, chat: int, text: str, mode: str | None, keyboard: Keyboard, silent: bool) -> None:
        with _our_errors(self._token):
            await self._bot.send_message(
                chat, text, parse_mode=mode, reply_markup=_markup(keyboard), disable_notification=silent
            )

    async def edit(self, chat: int, message: int, text: str, *, keyboard: Keyboard = ()) -> None:
        """Put another text into a message of ours; the same one again is no error."""
        try:
            with _our_errors(self._token):
                await self._bot.edit_message_text(
                    text, chat, message, parse_mode="HTML", reply_markup=_markup(keyboard)
                )
        except RefusedMessageError as error:
            if "not modified" not in str(error):
                raise

    async def picture(self, chat: int, png: bytes, caption: str, *, keyboard: Keyboard = ()) -> None:
        """Send a picture."""
        with _our_errors(self._token):
            await self._bot.send_photo(
                chat, png, caption=caption, parse_mode="HTML", reply_markup=_markup(keyboard), filename="chart.png"
            )

    async def answer(self, button_id: str, text: str = "") -> None:
        """Tell the app that a button was heard; a press that is too old for an answer is no matter."""
        try:
            with _our_errors(self._token):
                await self._bot.answer_callback_query(button_id, text or None)
        except RefusedMessageError:
            logging.getLogger("bot").debug("A button was pressed too long ago to be answered.")


@contextmanager
def _our_errors(token: str) -> Iterator[None]:
    try:
        yield
    except AnyError as error:
        raise _ours(error, token) from None


def _ours(error: AnyError, token: str) -> PassingError | CommandRefusedError:
    """Turn the library's error into ours; BadRequest is a NetworkError there, so the order matters."""
    bare = _bare(error, token)
    if isinstance(error, RetryAfter):
        return _wait(error)
    if isinstance(error, ChatMigrated):
        return MovedChatError(error.new_chat_id)
    if isinstance(error, NetworkError) and not isinstance(error, BadRequest):
        return PassingError(f"Telegram cannot be reached ({bare}).")
    return _refusal(error)(bare)


def _refusal(error: AnyError) -> type[CommandRefusedError]:
    kinds = {InvalidToken: TokenError, Conflict: TwinError, Forbidden: LostChatError}
    if isinstance(error, BadRequest) and "chat not found" in error.message.lower():
        return LostChatError
    return next((ours for theirs, ours in kinds.items() if isinstance(error, theirs)), RefusedMessageError)


def _wait(error: RetryAfter) -> PassingError:
    """The library is about to change the type of what it tells."""
    wait = error.retry_after
    seconds = wait.total_seconds() if isinstance(wait, timedelta) else float(wait)
    return PassingError(f"Telegram asks to wait {seconds:.0f} s.", seconds)


def _bare(error: AnyError, token: str) -> str:
    return error.message.replace(token, "…").strip().rstrip(".")[:200] or type(error).__name__


def _incoming(update: telegram.Update) -> Incoming | None:
    """Return what an update says to us, None where it is nothing that we understand."""
    if update.callback_query:
        return _pressed(update.callback_query)
    message, user = update.message, update.effective_user
    if not message:
        return None
    at = message.date.astimezone(UTC)
    sender = user.id if user else 0
    return Incoming(message.chat.id, sender, at, message.text or "", moved_to=message.migrate_to_chat_id)


def _pressed(query: telegram.CallbackQuery) -> Incoming | None:
    message = query.message
    if not message:
        return None
    at = message.date.astimezone(UTC)
    return Incoming(
        chat=message.chat.id,
        user=query.from_user.id,
        at=at,
        button=query.data or "",
        button_id=query.id,
        message_id=message.message_id,
    )


def _markup(keyboard: Keyboard) -> telegram.InlineKeyboardMarkup | None:
    rows = [[telegram.InlineKeyboardButton(label, callback_data=data) for label, data in row] for row in keyboard]
    return telegram.InlineKeyboardMarkup(rows) if rows else None
