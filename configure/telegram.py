"""The bot's token, and whom it answers."""

import re
from collections.abc import Sequence

from configure.talk import Talk
from configure.tries import tried

WROTE = re.compile(r"(?P<chat>-?\d+) wrote: .*")


def ask(talk: Talk, known: dict[str, str]) -> dict[str, str]:
    """Return the settings of the bot, with a message sent to every chat."""
    talk.say("telegram")
    talk.say("telegram_how")
    token = talk.ask_secret("token", known.get("TELEGRAM_BOT_TOKEN", ""))
    if not token:
        return {"TELEGRAM_BOT_TOKEN": ""}
    answers = {"TELEGRAM_BOT_TOKEN": token}
    bot = tried(known | answers, ["services.bot", "chats"])
    talk.say("worked" if bot.worked else "failed", what=bot.lines[0] if bot.lines else "")
    if not bot.worked:
        return answers if talk.yes("keep_anyway", usual=False) else ask(talk, known)
    answers["TELEGRAM_CHAT_ID"] = _chats(talk, known | answers, bot.lines)
    if answers["TELEGRAM_CHAT_ID"]:
        sent = tried(known | answers, ["services.bot", "test"])
        talk.say("worked" if sent.worked else "failed", what=" ".join(sent.lines))
    return answers


def _chats(talk: Talk, known: dict[str, str], lines: Sequence[str]) -> str:
    """Return who may: those who are known, or else those who have written to the bot."""
    if not known.get("TELEGRAM_CHAT_ID"):
        talk.ask("write_to_bot", bot=lines[0])
        lines = tried(known, ["services.bot", "chats"]).lines
    wrote = [match["chat"] for match in map(WROTE.fullmatch, lines) if match]
    return talk.ask("chat", known.get("TELEGRAM_CHAT_ID") or ",".join(wrote))
