"""What all buttons share: who may press them, how long a confirmation counts, and waiting for the outcome."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from services.bot.chats import Chats, Role
from services.bot.telegram.api import Incoming, Keyboard
from services.bot.texts.html import plain
from shared.freshness import COMMAND_HOLDS
from shared.texts.localizer import Localizer

CHECK_S = 0.1


class ButtonApi(Protocol):
    """What buttons need from Telegram."""

    async def send(
        self, chat: int, text: str, *, keyboard: Keyboard = (), silent: bool = False, topic: int | None = None
    ) -> int:
        """Send a message and return its number."""

    async def edit(self, chat: int, message: int, text: str, *, keyboard: Keyboard = ()) -> None:
        """Replace the text of a message."""

    async def answer_button(self, button_id: str, text: str = "") -> None:
        """Acknowledge a button."""


def not_allowed(localizer: Localizer, chats: Chats, incoming: Incoming) -> str:
    """Return why a person may change nothing here: the chat, or in a group this person, may only view."""
    is_group = chats.role(incoming.chat) is Role.OWNER
    said = localizer("bot.not_in_group", user=incoming.user) if is_group else localizer("bot.not_allowed")
    return plain(said)


def too_late(localizer: Localizer, incoming: Incoming) -> str | None:
    """Return why a confirmation does nothing, or None if it came soon after its question."""
    age = abs(localizer.now - incoming.at)
    return localizer("bot.too_late", lasted=localizer.lasted(age)) if age > COMMAND_HOLDS else None


async def wait_until(is_so: Callable[[], bool], patience_s: float) -> bool:
    """Wait until a condition holds; return whether it did in time."""
    for _ in range(round(patience_s / CHECK_S)):
        if is_so():
            return True
        await asyncio.sleep(CHECK_S)
    return False
