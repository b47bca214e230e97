"""`chats` and `test`: what people need to set up the bot, without the service."""

import asyncio
from collections.abc import Awaitable, Callable

from services.bot.settings import BotSettings
from services.bot.telegram.api import TelegramApi
from shared.conditions import bot as conditions
from shared.errors import ConfigError
from shared.texts.catalogue import say

LISTEN_S = 3


def chats(settings: BotSettings) -> str:
    """Return the bot's name and a line for each chat that has written to it lately."""
    return asyncio.run(_with(settings, _chats))


def test(settings: BotSettings) -> str:
    """Send a message to every chat of TELEGRAM_CHAT_ID and return where it went."""
    if not settings.roles:
        raise ConfigError(conditions.NO_CHAT())
    return asyncio.run(_with(settings, lambda telegram: _test(telegram, settings)))


async def _with(settings: BotSettings, work: Callable[[TelegramApi], Awaitable[str]]) -> str:
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
    """Updates stay with Telegram for the service to answer: none is acknowledged here."""
    wrote = {one.chat: one.text for one in await telegram.updates()}
    return "\n".join([f"@{telegram.name}", *(f"{chat} wrote: {text[:40]}" for chat, text in wrote.items())])


async def _test(telegram: TelegramApi, settings: BotSettings) -> str:
    for chat in settings.roles:
        text = say(settings.bot_language, "configure.test_message")
        await telegram.send(chat, text, topic=settings.topics.get(chat))
    return f"Sent to {', '.join(map(str, settings.roles))}."
