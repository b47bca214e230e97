"""Alerts that wait for delivery, and the state of the rules, in one file: synced to disk before anything is sent.

Alerts and state change together, so whenever the power fails, an event is either still unreported or waits here.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, model_validator

from services.bot.alerts.alert import Alert, AlertGroup
from services.bot.alerts.state import AlertState
from shared.state_file import StateFile

log = logging.getLogger("bot")

MOST = 500
"""Alerts that wait for one chat; further ones replace the oldest, or a month without internet would fill the disk."""


Redate = Callable[[Any], Any]
"""Returns a value with its moments by another clock."""


class OutboxContent(BaseModel):
    """The file."""

    state: AlertState = AlertState()
    waiting: dict[int, list[Alert]] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _of_version_1(cls, given: Any) -> Any:
        """Read a file of version 0.1, which calls the state `memory`."""
        if not isinstance(given, dict) or "memory" not in given:
            return given
        return {"state": given["memory"]} | given


class Outbox:
    """The file and its content."""

    def __init__(self, path: Path) -> None:
        self._file = StateFile("BOT_STATE_DIR", path, OutboxContent)
        self._content = self._file.load(_on_damaged)

    @property
    def state(self) -> AlertState:
        """The state of the rules."""
        return self._content.state

    def redate(self, change: Redate) -> None:
        """Give what happened its times by another clock. Raises StorageError."""
        redated = OutboxContent(
            state=_redated_state(self.state, change),
            waiting={
                chat: [_redated_alert(one, change) for one in alerts] for chat, alerts in self._content.waiting.items()
            },
        )
        if redated != self._content:
            self._content = redated
            self._save()

    def waiting(self, chat: int) -> tuple[Alert, ...]:
        """Return the undelivered alerts of a chat, in order."""
        return tuple(self._content.waiting.get(chat, ()))

    def put(self, state: AlertState, alerts: Sequence[tuple[int, Alert]]) -> None:
        """Replace the state and append alerts, each for a chat; on disk when this returns. Raises StorageError."""
        if state == self.state and not alerts:
            return
        self._content.state = state
        for chat, alert in alerts:
            queue = self._content.waiting.setdefault(chat, [])
            if all(one.key != alert.key or one.over != alert.over for one in queue):
                queue.append(alert)
                del queue[:-MOST]
        self._save()

    def remove(self, chat: int, alerts: Sequence[Alert]) -> None:
        """Remove delivered alerts. Raises StorageError."""
        left = [one for one in self._content.waiting.get(chat, ()) if one not in alerts]
        if left:
            self._content.waiting[chat] = left
        else:
            self._content.waiting.pop(chat, None)
        self._save()

    def move(self, numbers: Mapping[int, int]) -> None:
        """Put what waits for a group under its new number. Raises StorageError."""
        for old in self._content.waiting.keys() & numbers.keys():
            there = self._content.waiting.setdefault(numbers[old], [])
            there[:0] = self._content.waiting.pop(old)
            self._save()

    def keep_only(self, chats: Sequence[int]) -> None:
        """Remove the alerts of chats that are no longer allowed. Raises StorageError."""
        strangers = self._content.waiting.keys() - set(chats)
        for chat in strangers:
            del self._content.waiting[chat]
        if strangers:
            self._save()

    def _save(self) -> None:
        self._file.save(self._content)


def _redated_state(state: AlertState, change: Redate) -> AlertState:
    """Return the state by another clock; what was planned is not by ours."""
    ours = {name: change(getattr(state, name)) for name in ("grid", "troubles", "plug_actions")}
    return state.model_copy(update=ours)


def _redated_alert(alert: Alert, change: Redate) -> Alert:
    is_planned = alert.group in (AlertGroup.SCHEDULE, AlertGroup.REMINDER)
    ours = ("stored_at",) if is_planned else ("stored_at", "at", "began")
    return alert.model_copy(update={name: change(getattr(alert, name)) for name in ours})


def _on_damaged(aside: Path) -> None:
    log.warning("The bot's outbox was damaged and is now %s: alerts that waited in it are lost.", aside)
