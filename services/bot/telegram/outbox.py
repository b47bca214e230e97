"""What is still to be told, and what was told, in one file: written whole and synced before anything is sent.

Alerts and memory change together, so whatever moment the power goes, an event is either still news or waits here.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, Field

from services.bot import kept
from services.bot.alert import Alert
from services.bot.memory import Memory

MOST = 500
"""Alerts that wait for one chat; beyond that the oldest go. A month without internet must not fill the disk."""


class Contents(BaseModel):
    """The file."""

    memory: Memory = Memory()
    waiting: dict[int, list[Alert]] = Field(default_factory=dict)


class Outbox:
    """The file and what is in it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._contents = kept.load(file, Contents, "what waited in it is not told")

    @property
    def memory(self) -> Memory:
        """What the rules remember."""
        return self._contents.memory

    def waiting(self, chat: int) -> tuple[Alert, ...]:
        """Return what a chat has not got yet, in order."""
        return tuple(self._contents.waiting.get(chat, ()))

    def put(self, memory: Memory, alerts: Sequence[tuple[int, Alert]]) -> None:
        """Keep what was found, for each chat that is to hear it; on disk when this returns."""
        if memory == self.memory and not alerts:
            return
        self._contents.memory = memory
        for chat, alert in alerts:
            queue = self._contents.waiting.setdefault(chat, [])
            if all(one.key != alert.key or one.over != alert.over for one in queue):
                queue.append(alert)
                del queue[:-MOST]
        self._write()

    def taken(self, chat: int, alerts: Sequence[Alert]) -> None:
        """Forget what Telegram has taken."""
        left = [one for one in self._contents.waiting.get(chat, ()) if one not in alerts]
        if left:
            self._contents.waiting[chat] = left
        else:
            self._contents.waiting.pop(chat, None)
        self._write()

    def follow(self, moved: Mapping[int, int]) -> None:
        """Let what waits for a group wait under its new number."""
        for old in self._contents.waiting.keys() & moved.keys():
            there = self._contents.waiting.setdefault(moved[old], [])
            there[:0] = self._contents.waiting.pop(old)
            self._write()

    def keep_only(self, chats: Sequence[int]) -> None:
        """Forget chats that may no longer hear anything."""
        strangers = self._contents.waiting.keys() - set(chats)
        for chat in strangers:
            del self._contents.waiting[chat]
        if strangers:
            self._write()

    def _write(self) -> None:
        kept.save(self._file, self._contents)
