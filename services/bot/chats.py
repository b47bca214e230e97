"""Who may, and how each chat wants it: the settings of a chat are kept on disk."""

from datetime import datetime, time
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from services.bot import kept
from services.bot.alert import Alert, Group
from shared.texts.language import Language


class Role(StrEnum):
    """What a chat may do."""

    OWNER = "owner"
    VIEWER = "viewer"


class Quiet(BaseModel):
    """Hours of the night, which may run over midnight."""

    model_config = ConfigDict(frozen=True)

    start: time
    end: time

    def holds(self, at: datetime, zone: ZoneInfo) -> bool:
        """Whether a moment lies in them."""
        now = at.astimezone(zone).time()
        if self.start <= self.end:
            return self.start <= now < self.end
        return now >= self.start or now < self.end


class ChatSettings(BaseModel):
    """What one chat has chosen."""

    model_config = ConfigDict(frozen=True)

    language: Language = Language.UK
    quiet: Quiet | None = None
    quiet_waits: bool = False
    groups_off: frozenset[Group] = frozenset()
    reminder_minutes: int = 15

    def wants(self, alert: Alert) -> bool:
        """Whether this chat wants to hear of something."""
        return alert.group not in self.groups_off and alert.minutes in (None, self.reminder_minutes)


class _File(BaseModel):
    chats: dict[int, ChatSettings] = Field(default_factory=dict)
    moved: dict[int, int] = Field(default_factory=dict)


class Chats:
    """The chats of TELEGRAM_CHAT_ID, what they may, what they want; a group that becomes a supergroup is followed."""

    def __init__(self, roles: dict[int, Role], language: Language, file: Path) -> None:
        self._file = file
        self._default = ChatSettings(language=language)
        self._kept = kept.load(file, _File, "every chat has its first settings again")
        self.moved = self._kept.moved
        self._roles = {self._kept.moved.get(chat, chat): role for chat, role in roles.items()}

    @property
    def all(self) -> list[int]:
        """Every chat that hears alerts."""
        return list(self._roles)

    def role(self, chat: int) -> Role | None:
        """Return what a chat may, None for a stranger."""
        return self._roles.get(chat)

    def may_switch(self, chat: int, user: int) -> bool:
        """Whether a person may switch in a chat: in a group, only who is allowed with a number of their own."""
        return self.role(chat) is Role.OWNER and self.role(user) is Role.OWNER

    def settings(self, chat: int) -> ChatSettings:
        """Return what a chat has chosen."""
        return self._kept.chats.get(chat, self._default)

    def choose(self, chat: int, settings: ChatSettings) -> None:
        """Keep what a chat has chosen."""
        self._kept.chats[chat] = settings
        self._write()

    def move(self, old: int, new: int) -> None:
        """Follow a group that became a supergroup."""
        if old in self._roles:
            self._roles[new] = self._roles.pop(old)
            self._kept.moved[old] = new
            self._kept.chats[new] = self.settings(old)
            self._write()

    @property
    def reminder_minutes(self) -> tuple[int, ...]:
        """How long before something chats want to be reminded."""
        chosen = {self.settings(chat).reminder_minutes for chat in self._roles}
        return tuple(sorted(chosen - {0}))

    def _write(self) -> None:
        kept.save(self._file, self._kept)
