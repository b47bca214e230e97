"""Brings what waits in the outbox to its chat: stored before, forgotten after Telegram has taken it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from services.bot.alert import Alert
from services.bot.chats import Chats
from services.bot.merge import account, is_late
from services.bot.outbox import Outbox
from services.bot.telegram import (
    Keyboard,
    LostChatError,
    MovedChatError,
    PassingError,
    RefusedMessageError,
    TokenError,
)
from services.bot.wording import alert_text
from services.bot.words import Voice, split
from shared.errors import StorageError
from shared.health import Health

log = logging.getLogger("bot")

RETRY_FIRST_S = 0.5
RETRY_MOST_S = 30.0
LOOK_S = 20.0
"""How often quiet hours are looked at."""


@dataclass
class Letter:
    """Alerts as they are sent: a text for each message, and how many of them Telegram has taken."""

    alerts: Sequence[Alert]
    parts: Sequence[str]
    sent: int = 0


class Sender(Protocol):
    """Who can send a message."""

    async def send(self, chat: int, text: str, *, keyboard: Keyboard = (), silent: bool = False) -> None:
        """Send it, or raise one of our errors."""


class Delivery:
    """One task a chat, so that a chat that is gone holds up nobody else."""

    def __init__(
        self,
        outbox: Outbox,
        chats: Chats,
        sender: Sender,
        health: Health,
        *,
        clock: Callable[[], datetime],
        zone: ZoneInfo,
    ) -> None:
        self._outbox = outbox
        self._chats = chats
        self._sender = sender
        self._health = health
        self._clock = clock
        self._zone = zone
        self._news: dict[int, asyncio.Event] = {}
        self._held: set[int] = set()
        self._begun: dict[int, Letter] = {}

    def wake(self) -> None:
        """Say that the outbox has something new."""
        for event in self._news.values():
            event.set()

    async def run(self, chat: int) -> None:
        """Serve one chat for ever, under its new number if it moves."""
        retry = RETRY_FIRST_S
        self._news[chat] = asyncio.Event()
        while True:
            chat = self._followed(chat)
            try:
                await self._step(chat)
                retry = RETRY_FIRST_S
                self._health.solved("sending")
            except PassingError as error:
                self._health.problem("sending", f"Alerts wait: {error}")
                await self._pause(chat, error.retry_after_s or retry, is_ordered=error.retry_after_s is not None)
                retry = min(2 * retry, RETRY_MOST_S)
            except TokenError:
                await asyncio.sleep(RETRY_MOST_S)  # whoever polls says it
            except MovedChatError as error:
                self._move(chat, error.new)

    async def _pause(self, chat: int, seconds: float, *, is_ordered: bool) -> None:
        """Wait before another try; news end a wait that Telegram has not asked for."""
        if is_ordered:
            await asyncio.sleep(seconds)
            return
        self._news[chat].clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news[chat].wait()

    async def _step(self, chat: int) -> None:
        self._news[chat].clear()
        alerts = self._outbox.waiting(chat)
        if not alerts:
            await self._news[chat].wait()
        elif self._must_wait(chat):
            self._held.add(chat)
            await asyncio.sleep(LOOK_S)
        else:
            await self._tell(chat, alerts)

    async def _tell(self, chat: int, alerts: Sequence[Alert]) -> None:
        """Send what waits; a letter that broke off goes on where it did, as it was, for its beginning was read."""
        letter = self._begun.pop(chat, None) or self._write(chat, alerts)
        try:
            await self._send(chat, letter)
        except LostChatError as error:
            self._health.problem(
                f"chat {chat}", f"The chat {chat} cannot be written to: {error}. Its alerts are dropped."
            )
        except PassingError:
            if letter.sent:
                self._begun[chat] = letter
            raise
        else:
            self._health.solved(f"chat {chat}")
        self._held.discard(chat)
        self._forget(chat, letter.alerts)

    def _write(self, chat: int, alerts: Sequence[Alert]) -> Letter:
        """Put alerts into words: the late ones together, fresh ones one at a time."""
        now = self._clock()
        voice = Voice(self._chats.settings(chat).language, now, self._zone)
        told = alerts if is_late(alerts, now) else alerts[:1]
        text = account(voice, told, is_quiet=chat in self._held) if len(told) > 1 else _one(voice, told[0])
        return Letter(told, split(text) if text else ())

    async def _send(self, chat: int, letter: Letter) -> None:
        settings = self._chats.settings(chat)
        silent = bool(settings.quiet and settings.quiet.holds(self._clock(), self._zone))
        for part in letter.parts[letter.sent :]:
            try:
                await self._sender.send(chat, part, silent=silent)
            except RefusedMessageError as error:
                log.error("Telegram does not take an alert for the chat %d (%s); it is left out.", chat, error)
            letter.sent += 1

    def _forget(self, chat: int, told: Sequence[Alert]) -> None:
        """Take what was told off the disk; a full disk must not make us tell it for ever."""
        try:
            self._outbox.taken(chat, told)
        except StorageError as error:
            self._health.problem("disk", str(error))

    def _must_wait(self, chat: int) -> bool:
        settings = self._chats.settings(chat)
        return bool(settings.quiet_waits and settings.quiet and settings.quiet.holds(self._clock(), self._zone))

    def _move(self, old: int, new: int) -> None:
        try:
            self._chats.move(old, new)
        except StorageError as error:
            self._health.problem("disk", str(error))

    def _followed(self, chat: int) -> int:
        """Follow a group to its new number, with all that waits for it, whoever has told us of it."""
        new = self._chats.moved.get(chat, chat)
        if new == chat:
            return chat
        self._health.problem(
            f"moved {chat}",
            f"The group {chat} has the number {new} now: change TELEGRAM_CHAT_ID. Until then it is followed.",
        )
        try:
            self._outbox.follow(self._chats.moved)
        except StorageError as error:
            self._health.problem("disk", str(error))
        self._news[new] = self._news.pop(chat)
        return new


def _one(voice: Voice, alert: Alert) -> str:
    return "" if alert.is_past(voice.now) else alert_text(voice, alert)
