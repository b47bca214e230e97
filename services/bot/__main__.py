"""python -m services.bot"""

from services.bot.serve import serve
from services.bot.settings import BotSettings
from shared.service import run

KEEP_FOR_S = 24 * 3600
"""How long the broker keeps what is done to plugs for a bot that is away; state is retained anyway."""

if __name__ == "__main__":
    run("bot", BotSettings, serve, session_s=KEEP_FOR_S)
