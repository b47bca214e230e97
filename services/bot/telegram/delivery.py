"""Delivers what waits in the outbox: persisted beforehand, removed once Telegram has accepted it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from services.bot.alerts.alert import Alert, AlertGroup
from services.bot.alerts.digest import needs_digest
from services.bot.chats import Chats
from services.bot.telegram.api import (
    ChatMovedError,
    ChatUnreachableError,
    InvalidTokenError,
    Keyboard,
    MessageRejectedError,
    TransientError,
)
from services.bot.telegram.outbox import LivingMessage, Outbox, OutgoingMessage, Recipient
from services.bot.texts.alerts import alert_text, digest_text
from services.bot.texts.html import escape_html, split
from services.bot.texts.outage import outage_text
from shared.backoff import Backoff
from shared.conditions import bot as conditions
from shared.errors import StorageError
from shared.health import Health
from shared.texts.localizer import Localizer
from shared.trusted_time import is_unset

log = logging.getLogger("bot")

RETRY_FIRST_S = 0.5
RETRY_MOST_S = 30.0
UNREACHABLE_RETRY_S = 300.0
REJECTED_FOR_S = 3600.0
"""An alert rejected for this long is dropped: until then the chat may be the cause, whatever the answer."""
EDIT_EVERY_S = 10.0
"""Between edits in one chat: they count as messages, of which a group accepts twenty a minute."""
QUIET_CHECK_S = 20.0
"""How often to check whether quiet hours have ended."""


class Sender(Protocol):
    """Sends a message."""

    longest: int
    """The maximum length of a message, in characters."""

    async def send(
        self, chat: Any, text: str, *, keyboard: Keyboard = (), silent: bool = False, topic: int | None = None
    ) -> int:
        """Send a message and return its number. Raises TransientError and CommandRefusedError."""

    async def edit(self, chat: Any, message: int, text: str, *, keyboard: Keyboard = ()) -> None:
        """Replace the text of a message. Raises TransientError and CommandRefusedError."""


class AlertDelivery:
    """One task per chat, so that a chat that is gone delays no other."""

    def __init__(
        self,
        outbox: Outbox,
        chats: Chats,
        sender: Sender,
        health: Health,
        *,
        clock: Callable[[], datetime],
        zone: ZoneInfo,
        slot: str = "sending",
    ) -> None:
        self._outbox = outbox
        self._chats = chats
        self._sender = sender
        self._health = health
        self._clock = clock
        self._zone = zone
        self._slot = slot
        self._wake_ups: dict[Recipient, asyncio.Event] = {}
        self._held: set[Recipient] = set()
        self._rejected_since: dict[Recipient, float] = {}
        self._edit_from_s: dict[Recipient, float] = {}

    def wake(self) -> None:
        """Deliver now, as the outbox has something new, or Telegram answers again."""
        for event in self._wake_ups.values():
            event.set()

    async def run(self, chat: Recipient) -> None:
        """Serve one chat for ever, under its new number if it moves, unless that is already served."""
        backoff = Backoff(RETRY_FIRST_S, RETRY_MOST_S)
        self._wake_ups[chat] = asyncio.Event()
        while True:
            present = self._current_number(chat)
            if present is None:
                return
            chat = present
            try:
                await self._step(chat)
                backoff.reset()
                self._health.report(self._slot, None)
            except TransientError as error:
                self._health.report(self._slot, conditions.alerts_waiting(cause=error.reason))
                pause_s = backoff.next_s()
                await self._pause(chat, error.retry_after_s or pause_s, is_ordered=error.retry_after_s is not None)
            except InvalidTokenError:
                await asyncio.sleep(RETRY_MOST_S)  # polling reports it
            except ChatUnreachableError as error:
                cause = conditions.chat_unreachable(chat=str(chat), cause=error.reason)
                self._health.report(f"chat {chat}", cause)
                await self._pause(chat, UNREACHABLE_RETRY_S, is_ordered=False)
            except ChatMovedError as error:
                self._move(chat, error.number)
                await self._pause(chat, backoff.next_s(), is_ordered=False)

    async def _pause(self, chat: Recipient, seconds: float, *, is_ordered: bool) -> None:
        """Wait before the next attempt; a new alert ends the wait, unless Telegram has asked for it."""
        if is_ordered:
            await asyncio.sleep(seconds)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake_ups[chat].wait()

    async def _step(self, chat: Recipient) -> None:
        self._wake_ups[chat].clear()
        alerts = self._outbox.waiting(chat)
        if alerts and self._is_on_hold(chat):
            self._held.add(chat)
            await asyncio.sleep(QUIET_CHECK_S)
        elif alerts:
            await self._deliver(chat, alerts)
        elif due := self._due_edit(chat):
            early_s = self._edit_from_s.get(chat, 0.0) - asyncio.get_running_loop().time()
            await (self._pause(chat, early_s, is_ordered=False) if early_s > 0 else self._edit(chat, *due))
        else:
            await self._wake_ups[chat].wait()

    async def _deliver(self, chat: Recipient, alerts: Sequence[Alert]) -> None:
        """Send what waits; an interrupted message is continued unchanged, as its beginning has been read."""
        message = await self._send(chat, self._outbox.begun(chat) or self._render(chat, alerts))
        self._health.report(f"chat {chat}", None)
        self._held.discard(chat)
        self._after(lambda: self._outbox.delivered(chat, message.alerts, message.living))

    def _render(self, chat: Recipient, waiting: Sequence[Alert]) -> OutgoingMessage:
        """Render the next message: late alerts together, fresh ones one at a time."""
        now, localizer = self._clock(), self._localizer(chat)
        if needs_digest(waiting, now):
            text = digest_text(localizer, waiting, after_quiet_hours=chat in self._held)
            living_of = self._living_of(chat, waiting)
            return OutgoingMessage(alerts=tuple(waiting), parts=self._parts(text), living=living_of, is_digest=True)
        alert = waiting[0]
        living = self._outage_text(chat, alert.key)
        text = living or ("" if alert.is_past(now) else alert_text(localizer, alert))
        edited = LivingMessage(key=alert.key, text=living) if living else None
        return OutgoingMessage(alerts=(alert,), parts=self._parts(text), living=edited)

    def _parts(self, text: str) -> tuple[str, ...]:
        return tuple(split(text, self._sender.longest)) if text else ()

    def _living_of(self, chat: Recipient, alerts: Sequence[Alert]) -> LivingMessage | None:
        """Return the message to send after a digest once there is more to say about an outage than the digest did."""
        outage = self._outbox.state.outage
        for alert in reversed(alerts):
            text = self._outage_text(chat, alert.key)
            if outage and text:
                told = "" if outage.off or outage.on else text
                return LivingMessage(key=alert.key, text=told)
        return None

    def _localizer(self, chat: Recipient) -> Localizer:
        return Localizer(self._chats.settings(chat).language, self._clock(), self._zone, escape_html)

    def _outage_text(self, chat: Recipient, key: str) -> str | None:
        """Return what the message of an alert should say now; None if it is no longer edited."""
        outage = self._outbox.state.outage
        if outage is None or outage.is_history(self._clock()):
            return None
        with_plugs = AlertGroup.PLUG not in self._chats.settings(chat).groups_off
        text = outage_text(self._localizer(chat), outage, key, with_plugs=with_plugs)
        return self._parts(text)[0] if text else None

    def _due_edit(self, chat: Recipient) -> tuple[LivingMessage, str | None] | None:
        """Return a message that is out of date, with its new text; None for the text of a message to forget."""
        now = ((one, self._outage_text(chat, one.key)) for one in self._outbox.living(chat))
        return next(((one, text) for one, text in now if text != one.text), None)

    async def _edit(self, chat: Recipient, message: LivingMessage, text: str | None) -> None:
        """Edit a message without sound; one that is gone is sent again."""
        after: LivingMessage | None = None
        if text is not None:
            try:
                after = await self._edited(chat, message, text)
            except MessageRejectedError as error:
                log.info("A message of an outage in the chat %s cannot be edited: %s", chat, error)
                after = None if message.number is None else message.model_copy(update={"number": None})
            if after is message:
                return
            self._health.report(f"chat {chat}", None)
            self._spent(chat)
        self._after(lambda: self._outbox.edited(chat, message.key, after))

    async def _edited(self, chat: Recipient, message: LivingMessage, text: str) -> LivingMessage:
        """Return the message with its new text, or the same one if an alert has interrupted the attempt."""
        number = message.number
        if number is None:
            number = await self._sender.send(chat, text, silent=True, topic=self._chats.topic(chat))
        elif not await self._edit_unless_alert(chat, number, text):
            return message
        return LivingMessage(key=message.key, number=number, text=text)

    async def _edit_unless_alert(self, chat: Recipient, number: int, text: str) -> bool:
        """Edit, and return whether that was done: an alert interrupts it, as it can be repeated."""
        edit = asyncio.create_task(self._sender.edit(chat, number, text))
        try:
            while not edit.done():
                woken = asyncio.create_task(self._wake_ups[chat].wait())
                await asyncio.wait({edit, woken}, return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
                if self._outbox.waiting(chat) and not edit.done():
                    return False
                self._wake_ups[chat].clear()
            await edit
            return True
        finally:
            edit.cancel()

    def _spent(self, chat: Recipient) -> None:
        """Count a message towards the chat's limit."""
        self._edit_from_s[chat] = asyncio.get_running_loop().time() + EDIT_EVERY_S

    async def _send(self, chat: Recipient, message: OutgoingMessage) -> OutgoingMessage:
        """Send what is left of a message, and return it as sent; accepted parts are never sent again."""
        silent, topic = self._is_quiet(chat), self._chats.topic(chat)
        living = message.living
        for part in message.parts[message.sent :]:
            try:
                number = await self._sender.send(chat, part, silent=silent, topic=topic)
            except MessageRejectedError as error:
                self._on_rejected(chat, error)
                living = None
            else:
                self._health.report(f"rejected {chat}", None)
                self._spent(chat)
                if living and not message.is_digest:
                    living = living.model_copy(update={"number": number})
            self._rejected_since.pop(chat, None)
            message = message.model_copy(update={"sent": message.sent + 1, "living": living})
            if message.sent < len(message.parts):
                self._begun(chat, message)
        return message

    def _begun(self, chat: Recipient, message: OutgoingMessage) -> None:
        self._after(lambda: self._outbox.begin(chat, message))

    def _on_rejected(self, chat: Recipient, error: MessageRejectedError) -> None:
        """Keep the alert for later attempts, raising ChatUnreachableError; in the end report that it is dropped."""
        now = asyncio.get_running_loop().time()
        if now - self._rejected_since.setdefault(chat, now) < REJECTED_FOR_S:
            raise ChatUnreachableError(error.reason)
        self._health.report(f"rejected {chat}", conditions.alert_left_out(chat=str(chat), cause=error.reason))

    def _after(self, save: Callable[[], None]) -> None:
        """Save what was done; a full disk must not make us repeat it for ever."""
        try:
            save()
        except StorageError as error:
            self._report_disk(error)

    def _is_quiet(self, chat: Recipient) -> bool:
        quiet = self._chats.settings(chat).quiet
        now = self._clock()
        return bool(quiet and (is_unset(now) or quiet.contain(now, self._zone)))

    def _is_on_hold(self, chat: Recipient) -> bool:
        """Whether to wait for the end of quiet hours; not while the clock is not set."""
        return self._chats.settings(chat).quiet_waits and self._is_quiet(chat) and not is_unset(self._clock())

    def _move(self, old: Recipient, new: int) -> None:
        try:
            self._chats.move(old, new)
        except StorageError as error:
            self._report_disk(error)

    def _current_number(self, chat: Recipient) -> Recipient | None:
        """Return the chat's present number, or None if another task serves it.

        What waits for a group moves with it, whichever task has learned of the move.
        """
        new = self._chats.present(chat)
        if new == chat:
            return chat
        self._health.report(f"moved {chat}", conditions.chat_moved(chat=str(chat), number=str(new)))
        try:
            self._outbox.move(self._chats.moved)
        except StorageError as error:
            self._report_disk(error)
        wake_up = self._wake_ups.pop(chat)
        if new in self._wake_ups:
            self._wake_ups[new].set()
            return None
        self._wake_ups[new] = wake_up
        return new

    def _report_disk(self, error: StorageError) -> None:
        self._health.report("disk", conditions.state_not_saved(cause=error.reason))
