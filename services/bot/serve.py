"""The service: the bot, if it has a recipient."""

import asyncio

from services.bot.settings import BotSettings
from shared.conditions import bot as conditions
from shared.service import Service


async def serve(service: Service[BotSettings]) -> None:
    """Run for ever; without a token or another channel, report that and wait."""
    settings = service.settings
    if not any(
        (settings.telegram_bot_token.get_secret_value(), settings.ntfy_url.get_secret_value(), settings.email_to)
    ):
        service.health.disable(conditions.NO_TOKEN())
        await asyncio.Event().wait()
    from services.bot.bot import Bot  # noqa: PLC0415 - its libraries take 30 MB, which those without a token need not spend

    await Bot(service).run()
