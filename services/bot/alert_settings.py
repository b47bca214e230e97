"""What the bot reports and when, as the page shows and changes it. Pure.

They are stored with the chats, which /settings also changes; the page sends a command and shows what comes back.
"""

from collections.abc import Mapping
from datetime import datetime, time
from hashlib import sha256

from services.bot.chats import AlertLimits, ChatSettings, QuietHours
from shared.conditions import Reason
from shared.conditions import bot as conditions
from shared.freshness import COMMAND_HOLDS, fresh
from shared.messages import AlertSettings, AlertSettingsCommand, ChatAlerts

LABEL_DIGITS = 3


def published(limits: AlertLimits, chats: Mapping[int, ChatSettings], at: datetime) -> AlertSettings:
    """Return the present settings; the numbers of chats stay with the bot."""
    return AlertSettings(
        at=at, **limits.model_dump(), chats={chat_key(chat): _of_chat(chat, chosen) for chat, chosen in chats.items()}
    )


def chat_key(chat: int) -> str:
    """Return the name of a chat on the broker: always the same, and not its number."""
    return sha256(f"chat {chat}".encode()).hexdigest()[:12]


def refusal(command: AlertSettingsCommand, now: datetime, *, retained: bool) -> Reason | None:
    """Return why a command is refused: it may be from last week, and delivered again at every reconnect."""
    return conditions.OLD_COMMAND() if retained or not fresh(command.at, now, COMMAND_HOLDS) else None


def chosen_limits(command: AlertSettingsCommand) -> dict[str, float]:
    """Return the limits that a command changes."""
    named = {name: getattr(command, name) for name in AlertLimits.model_fields}
    return {name: value for name, value in named.items() if value is not None}


def chosen_settings(now: ChatSettings, command: AlertSettingsCommand) -> ChatSettings:
    """Return the settings of a chat after a command."""
    change: dict[str, object] = {} if command.quiet_waits is None else {"quiet_waits": command.quiet_waits}
    if command.quiet is False:
        change["quiet"] = None
    elif command.quiet and command.quiet_from_min is not None and command.quiet_to_min is not None:
        change["quiet"] = QuietHours(start=_time(command.quiet_from_min), end=_time(command.quiet_to_min))
    return now.model_copy(update=change)


def _of_chat(chat: int, chosen: ChatSettings) -> ChatAlerts:
    quiet = chosen.quiet
    return ChatAlerts(
        label=str(abs(chat))[-LABEL_DIGITS:],
        quiet_from_min=_minutes(quiet.start) if quiet else None,
        quiet_to_min=_minutes(quiet.end) if quiet else None,
        quiet_waits=chosen.quiet_waits,
    )


def _time(minutes: int) -> time:
    return time(*divmod(minutes, 60))


def _minutes(at: time) -> int:
    return 60 * at.hour + at.minute
