"""python -m services.bot: the service; `chats` says who wrote to the bot, `test` sends a message to those who may."""

import sys

from services.bot.serve import serve
from services.bot.settings import BotSettings
from shared.service import run, use

KEEP_FOR_S = 24 * 3600
"""How long the broker keeps what is done to plugs for a bot that is away; state is retained anyway."""

TOOLS = ("chats", "test")

if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1] in TOOLS:
        from services.bot import tools  # only whoever uses a tool loads it

        use(BotSettings, getattr(tools, sys.argv[1]))
    elif sys.argv[1:]:
        sys.exit(f"Usage: {__doc__}")
    else:
        run("bot", BotSettings, serve, session_s=KEEP_FOR_S)
