"""Which chats are allowed, and what each has chosen; the choices are persisted."""

import logging
from collections.abc import Mapping
from datetime import datetime, time
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from services.bot.alerts.alert import Alert, AlertGroup
from shared.daily_span import in_daily_span
from shared.messages import ActionOutcome
from shared.state_file import StateFile
from shared.texts.language import Language

log = logging.getLogger("bot")


class Role(StrEnum):
    """What a chat may do."""

    OWNER = "owner"
    VIEWER = "viewer"


class QuietHours(BaseModel):
    """Hours of the night; they may span midnight."""

    model_config = ConfigDict(frozen=True)

    start: time
    end: time

    def contain(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether they include a moment."""
        return in_daily_span(at.astimezone(zone).time(), self.start, self.end)


class ChatSettings(BaseModel):
    """What one chat has chosen."""

    model_config = ConfigDict(frozen=True)

    language: Language = Language.UK
    quiet: QuietHours | None = None
    quiet_waits: bool = False
    groups_off: frozenset[AlertGroup] = frozenset()
    reminder_minutes: int = 15

    def wants(self, alert: Alert) -> bool:
        """Whether this chat gets an alert."""
        if alert.told_there and AlertGroup.GRID not in self.groups_off:
            return False
        return alert.group not in self.groups_off and alert.minutes in (None, self.reminder_minutes)


class AlertLimits(BaseModel):
    """The limits beyond which something is reported to all chats."""

    model_config = ConfigDict(frozen=True)

    low_battery_percent: float = 20
    imbalance_mv: int = 100
    silent_minutes: float = 5


class ChatsContent(BaseModel):
    """The file: the settings of chats, the groups that moved (old number -> new number), and the chosen limits."""

    limits: dict[str, FiniteFloat] = Field(default_factory=dict)
    chats: dict[int, ChatSettings] = Field(default_factory=dict)
    moved: dict[int, int] = Field(default_factory=dict)


class Chats:
    """The chats of TELEGRAM_CHAT_ID with role and settings; a group that becomes a supergroup is followed."""

    def __init__(
        self,
        roles: Mapping[int, Role],
        language: Language,
        path: Path,
        topics: Mapping[int, int] | None = None,
        limits: AlertLimits | None = None,
    ) -> None:
        self._default = ChatSettings(language=language)
        self._limits = limits or AlertLimits()
        self._file = StateFile("BOT_STATE_DIR", path, ChatsContent)
        self._content = self._file.load(_on_damaged)
        self.moved: dict[int, int] = self._content.moved
        for old in self.moved:  # up to version 0.1 each move was a step of its own
            self.moved[old] = _last(self.moved, old)
        self._roles = {self.moved.get(chat, chat): role for chat, role in roles.items()}
        self._topics = {self.moved.get(chat, chat): topic for chat, topic in (topics or {}).items()}

    @property
    def all(self) -> list[int]:
        """Every chat that gets alerts."""
        return list(self._roles)

    def role(self, chat: int) -> Role | None:
        """Return what a chat may do, or None for a stranger."""
        return self._roles.get(chat)

    def present(self, recipient: int | str) -> int | str:
        """Return the present number of a chat."""
        return self.moved.get(recipient, recipient) if isinstance(recipient, int) else recipient

    def topic(self, chat: int | str) -> int | None:
        """Return the topic of the forum that its alerts go to."""
        return self._topics.get(chat) if isinstance(chat, int) else None

    def somebody_may_switch(self, chat: int) -> bool:
        """Whether anybody may switch plugs in a chat: in a group, an owner whose own number is allowed."""
        if chat > 0:
            return self.role(chat) is Role.OWNER
        return any(self.may_switch(chat, user) for user in self._roles if user > 0)

    def may_switch(self, chat: int, user: int) -> bool:
        """Whether a person may switch plugs in a chat: in a group, only if their own number is allowed."""
        return self.role(chat) is Role.OWNER and self.role(user) is Role.OWNER

    def settings(self, chat: int | str) -> ChatSettings:
        """Return what a chat has chosen; other channels have the defaults."""
        return self._content.chats.get(chat, self._default) if isinstance(chat, int) else self._default

    def update_settings(self, chat: int, settings: ChatSettings) -> None:
        """Replace the settings of a chat. Raises StorageError, but they apply until the next start."""
        self._content.chats[chat] = settings
        self._file.save(self._content)

    @property
    def limits(self) -> AlertLimits:
        """The limits: as chosen, if that makes sense, otherwise those of the settings."""
        known = {name: value for name, value in self._content.limits.items() if name in AlertLimits.model_fields}
        try:
            return AlertLimits.model_validate(self._limits.model_dump() | known)
        except ValidationError:
            return self._limits

    def update_limits(self, chosen: Mapping[str, float]) -> None:
        """Replace some limits. Raises StorageError, but they apply until the next start."""
        self._content.limits = {**self._content.limits, **chosen}
        self._file.save(self._content)

    def move(self, old: int | str, new: int) -> None:
        """Follow a group that became a supergroup. Raises StorageError, but it applies until the next start."""
        if isinstance(old, int) and old in self._roles and new != old:
            self._roles[new] = self._roles.pop(old)
            if old in self._topics:
                self._topics[new] = self._topics.pop(old)
            steps = {**self.moved, old: new}
            steps.pop(new, None)
            self.moved.update({one: _last(steps, one) for one in steps})
            self.moved.pop(new, None)
            self._content.chats[new] = self.settings(old)
            self._file.save(self._content)

    def wants(self, recipient: int | str, alert: Alert) -> bool:
        """Whether a chat or a channel gets an alert.

        Plugs that an outage's message shows are not reported again, except failures to channels, which cannot edit.
        """
        if isinstance(recipient, int) or not alert.told_there:
            return self.settings(recipient).wants(alert)
        return alert.outcome not in (ActionOutcome.DONE, ActionOutcome.DRY_RUN)

    @property
    def reminder_minutes(self) -> tuple[int, ...]:
        """How long before an event the chats want to be reminded."""
        chosen = {self.settings(chat).reminder_minutes for chat in self._roles} or {self._default.reminder_minutes}
        return tuple(sorted(chosen - {0}))


def _last(steps: Mapping[int, int], chat: int) -> int:
    """Return where a chat is after all its moves."""
    seen = {chat}
    while (following := steps.get(chat)) is not None and following not in seen:
        seen.add(chat := following)
    return chat


def _on_damaged(aside: Path) -> None:
    log.warning("The chats' settings were damaged and set aside as %s: every chat is back to the defaults.", aside)
