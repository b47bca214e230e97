"""Channels besides Telegram: each sends plain text, and the outbox treats them as recipients, like the chats."""

import asyncio
from typing import Protocol

from services.bot.telegram.api import Keyboard
from services.bot.texts.html import plain

LONGEST = 1800
"""In Ukrainian nearly the 4096 bytes that ntfy accepts."""


class Channel(Protocol):
    """One way to one person. Blocking."""

    name: str

    def deliver(self, title: str, text: str, *, silent: bool) -> None:
        """Deliver a message. Raises TransientError, or ChatUnreachableError if only a person can help."""


class ChannelSender:
    """Sends alerts to a channel, as delivery sends them to Telegram."""

    longest = LONGEST

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    async def send(
        self,
        chat: int | str,  # noqa: ARG002 - a channel has one recipient
        text: str,
        *,
        keyboard: Keyboard = (),  # noqa: ARG002
        silent: bool = False,
        topic: int | None = None,  # noqa: ARG002
    ) -> int:
        """Send a message; its first line is the title, which in a message of one line is also the text."""
        title, _, rest = plain(text).partition("\n")
        title = " ".join(title.split())  # a name may contain what a mail header takes for a line break
        await asyncio.to_thread(self._channel.deliver, title, rest or title, silent=silent)
        return 0

    async def edit(self, chat: int | str, message: int, text: str, *, keyboard: Keyboard = ()) -> None:
        """Do nothing: what is delivered cannot be edited, and the message of the end sums up the outage."""
