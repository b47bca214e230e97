"""`chats` and `test`: the tools for setting up the bot without the service."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from services.bot.channels.listed import listed_channels
from services.bot.settings import BotSettings
from services.bot.telegram.api import TelegramApi
from shared.conditions import bot as conditions
from shared.errors import ConfigError
from shared.texts.localizer import Localizer

T = TypeVar("T")
LISTEN_S = 3


def chats(settings: BotSettings, _: Localizer) -> str:
    """Return the bot's name and a line for each chat that has recently written to it: its number and what it wrote."""
    return asyncio.run(_with(settings, _chats))


def test(settings: BotSettings, localizer: Localizer) -> str:
    """Send a message to every chat of TELEGRAM_CHAT_ID and every other channel, and return where it went."""
    channels = listed_channels(settings)
    if not settings.roles and not channels:
        raise ConfigError(conditions.NO_CHAT())
    text = localizer("configure.test_message")
    for channel in channels:
        channel.deliver(text, text, silent=False)
    if settings.roles:
        asyncio.run(_with(settings, lambda telegram: _test(telegram, settings, text)))
    receivers = ", ".join([*map(str, settings.roles), *(one.name for one in channels)])
    return localizer("tool.sent", receivers=receivers)


async def _with(settings: BotSettings, work: Callable[[TelegramApi], Awaitable[T]]) -> T:
    token = settings.telegram_bot_token.get_secret_value()
    if not token:
        raise ConfigError(conditions.NO_TOKEN())
    telegram = TelegramApi(token, settings.telegram_api_url, LISTEN_S)
    try:
        await telegram.set_up({})
        return await work(telegram)
    finally:
        await telegram.close()


async def _chats(telegram: TelegramApi) -> str:
    """Return the chats of the waiting updates, which stay with Telegram for the service: none is acknowledged here."""
    wrote = {one.chat: one.text for one in await telegram.updates()}
    return "\n".join([f"@{telegram.name}", *(f"{chat}: {text[:40]}" for chat, text in wrote.items())])


async def _test(telegram: TelegramApi, settings: BotSettings, text: str) -> None:
    for chat in settings.roles:
        await telegram.send(chat, text, topic=settings.topics.get(chat))
