"""The bot's token, and the chats it serves."""

import re
from collections.abc import Sequence

from configure.prompt import Prompt

WROTE = re.compile(r"(?P<chat>-?\d+): .*")


def ask(prompt: Prompt, known: dict[str, str]) -> dict[str, str]:
    """Return the settings of the bot, after a test message to every chat."""
    prompt.show("telegram")
    prompt.show("telegram_how")
    token = prompt.ask_secret("token", known.get("TELEGRAM_BOT_TOKEN", ""))
    if not token:
        return {"TELEGRAM_BOT_TOKEN": ""}
    answers = {"TELEGRAM_BOT_TOKEN": token}
    bot = prompt.run(known | answers, ["bot", "chats"])
    prompt.show("worked" if bot.worked else "failed", what=bot.lines[0] if bot.lines else "")
    if not bot.worked:
        return answers if prompt.yes("keep_anyway", usual=False) else ask(prompt, known)
    answers["TELEGRAM_CHAT_ID"] = _chats(prompt, known | answers, bot.lines)
    if answers["TELEGRAM_CHAT_ID"]:
        sent = prompt.run(known | answers, ["bot", "test"])
        prompt.show("worked" if sent.worked else "failed", what=" ".join(sent.lines))
    return answers


def _chats(prompt: Prompt, known: dict[str, str], lines: Sequence[str]) -> str:
    """Return the allowed chats: those in .env, or else those that have written to the bot."""
    if not known.get("TELEGRAM_CHAT_ID"):
        prompt.ask("write_to_bot", bot=lines[0])
        lines = prompt.run(known, ["bot", "chats"]).lines
    wrote = [match["chat"] for match in map(WROTE.fullmatch, lines) if match]
    return prompt.ask("chat", known.get("TELEGRAM_CHAT_ID") or ",".join(wrote))
