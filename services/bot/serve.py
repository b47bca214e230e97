"""The service: the bot, where there is a token for it."""

import asyncio

from services.bot.settings import BotSettings
from shared.service import Service

UNSET = "No Telegram: TELEGRAM_BOT_TOKEN is not set. Get one from @BotFather; docs/telegram.md has the five minutes."


async def serve(service: Service[BotSettings]) -> None:
    """Run for ever; without a token say so and wait."""
    if not service.settings.telegram_bot_token.get_secret_value():
        service.health.disable(UNSET)
        await asyncio.Event().wait()
    from services.bot.bot import Bot  # noqa: PLC0415 - its libraries take 30 MB that the many without a token can keep

    await Bot(service).run()
