"""python -m services.bot: the service; `chats` lists who wrote to it, `test` sends a message to all recipients."""

import sys

from services.bot.serve import serve
from services.bot.settings import BotSettings
from shared.service import run
from shared.tool import use

SESSION_S = 24 * 3600
"""How long the broker queues plug events while the bot is away; state is retained anyway."""

TOOLS = ("chats", "test")

if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1] in TOOLS:
        from services.bot import tools  # loaded only if a tool is used

        use(BotSettings, getattr(tools, sys.argv[1]))
    elif sys.argv[1:]:
        sys.exit(f"Usage: {__doc__}")
    else:
        run("bot", BotSettings, serve, session_s=SESSION_S)
