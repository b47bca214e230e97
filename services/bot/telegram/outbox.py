"""Alerts that wait for delivery, and the state of the rules, in one file: synced to disk before anything is sent.

Alerts and state change together, so if the power fails, an event is either still unreported or waits here.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.bot.alerts.alert import Alert, AlertGroup
from services.bot.alerts.outage import Outage
from services.bot.alerts.state import AlertState
from shared.state_file import StateFile

log = logging.getLogger("bot")

MOST = 500
"""The most alerts that wait for one chat; more replace the oldest, or a month without internet would fill the disk."""


Recipient: TypeAlias = int | str
"""A recipient of alerts: the number of a chat, or the name of another channel."""
_Key: TypeAlias = Annotated[int | str, Field(union_mode="left_to_right")]


class LivingMessage(BaseModel):
    """A message that is edited during its outage: its alert, its number and its text.

    Without a number it has still to be sent: the outage began in a digest, or somebody has deleted the message.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    number: int | None = None
    text: str = ""


class OutgoingMessage(BaseModel):
    """Alerts being sent: the parts of their text, and how many of these have been accepted.

    living is the message to edit from now on; its number is that of the message, except after a digest.
    """

    model_config = ConfigDict(frozen=True)

    alerts: tuple[Alert, ...]
    parts: tuple[str, ...]
    sent: int = 0
    living: LivingMessage | None = None
    is_digest: bool = False


Redate = Callable[[Any], Any]
"""Returns a value with its times by another clock."""


class OutboxContent(BaseModel):
    """The file."""

    state: AlertState = AlertState()
    waiting: dict[_Key, list[Alert]] = Field(default_factory=dict)
    living: dict[_Key, list[LivingMessage]] = Field(default_factory=dict)
    begun: dict[_Key, OutgoingMessage] = Field(default_factory=dict)
    """Messages of which some parts were accepted: they are continued unchanged, as their beginning has been read."""

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
        """Convert the times of past events to another clock. Raises StorageError."""
        redated = OutboxContent(
            state=_redated_state(self.state, change),
            waiting={
                chat: [_redated_alert(one, change) for one in alerts] for chat, alerts in self._content.waiting.items()
            },
            living=self._content.living,
            begun=self._content.begun,
        )
        if redated != self._content:
            self._content = redated
            self._save()

    def waiting(self, chat: Recipient) -> tuple[Alert, ...]:
        """Return the undelivered alerts of a chat, in order."""
        return tuple(self._content.waiting.get(chat, ()))

    def put(self, state: AlertState, alerts: Sequence[tuple[Recipient, Alert]]) -> None:
        """Replace the state and append alerts, each for a chat, and save both. Raises StorageError."""
        if state == self.state and not alerts:
            return
        self._content.state = state
        for chat, alert in alerts:
            queue = self._content.waiting.setdefault(chat, [])
            if all(_event(one) != _event(alert) for one in queue):
                queue.append(alert)
                del queue[:-MOST]
        self._save()

    def living(self, chat: Recipient) -> tuple[LivingMessage, ...]:
        """Return the messages of a chat that are edited."""
        return tuple(self._content.living.get(chat, ()))

    def begun(self, chat: Recipient) -> OutgoingMessage | None:
        """Return the message to a chat of which some parts were accepted."""
        return self._content.begun.get(chat)

    def begin(self, chat: Recipient, message: OutgoingMessage) -> None:
        """Remember which parts of a message were accepted. Raises StorageError."""
        self._content.begun[chat] = message
        self._save()

    def delivered(self, chat: Recipient, alerts: Sequence[Alert], message: LivingMessage | None = None) -> None:
        """Remove delivered alerts, and from now on edit their message. Raises StorageError.

        The clock may have been set since they were rendered, which changed the times of those that wait.
        """
        told = {_event(one) for one in alerts}
        left = [one for one in self._content.waiting.get(chat, ()) if _event(one) not in told]
        self._content.begun.pop(chat, None)
        if left:
            self._content.waiting[chat] = left
        else:
            self._content.waiting.pop(chat, None)
        if message is not None:
            self._live(chat, message.key, message)
        self._save()

    def edited(self, chat: Recipient, key: str, message: LivingMessage | None) -> None:
        """Replace a message that is edited; None forgets it. Raises StorageError."""
        self._live(chat, key, message)
        self._save()

    def _live(self, chat: Recipient, key: str, message: LivingMessage | None) -> None:
        others = [one for one in self._content.living.get(chat, ()) if one.key != key]
        self._content.living[chat] = [*others, *([message] if message else [])]
        if not self._content.living[chat]:
            del self._content.living[chat]

    def move(self, numbers: Mapping[int, int]) -> None:
        """Move what waits for a group to its new number. Raises StorageError."""
        for old in numbers.keys() & self._content.waiting.keys():
            there = self._content.waiting.setdefault(numbers[old], [])
            there[:0] = self._content.waiting.pop(old)
            if begun := self._content.begun.pop(old, None):  # the messages of a group move with it
                self._content.begun[numbers[old]] = begun
            self._save()
        for old in numbers.keys() & self._content.living.keys():  # numbers of messages are valid in one chat only
            moved = [one.model_copy(update={"number": None}) for one in self._content.living.pop(old)]
            self._content.living.setdefault(numbers[old], []).extend(moved)
            self._save()

    def keep_only(self, chats: Sequence[Recipient]) -> None:
        """Remove the alerts of chats that are no longer allowed. Raises StorageError."""
        content = (self._content.waiting, self._content.living, self._content.begun)
        strangers = set().union(*content) - set(chats)
        for chat in strangers:
            for by_chat in content:
                by_chat.pop(chat, None)
        if strangers:
            self._save()

    def _save(self) -> None:
        self._file.save(self._content)


def _event(alert: Alert) -> tuple[str, bool]:
    """Return what an alert is about, independent of the clock."""
    return alert.key, alert.over


def _redated_state(state: AlertState, change: Redate) -> AlertState:
    """Return the state by another clock; planned times are not by ours, and stay."""
    ours = {name: change(getattr(state, name)) for name in ("grid", "troubles", "plug_actions")}
    return state.model_copy(update=ours | {"outage": _redated_outage(state.outage, change)})


def _redated_outage(outage: Outage | None, change: Redate) -> Outage | None:
    if outage is None:
        return None
    alerts = {name: getattr(outage, name) for name in ("lost", "now", "back")}
    redated = {name: one and _redated_alert(one, change) for name, one in alerts.items()}
    return outage.model_copy(update=redated | {"off": change(outage.off), "on": change(outage.on)})


def _redated_alert(alert: Alert, change: Redate) -> Alert:
    is_planned = alert.group in (AlertGroup.SCHEDULE, AlertGroup.REMINDER)
    ours = ("stored_at",) if is_planned else ("stored_at", "at", "began", "figures_at")
    return alert.model_copy(update={name: change(getattr(alert, name)) for name in ours})


def _on_damaged(aside: Path) -> None:
    log.warning("The bot's outbox was damaged and set aside as %s: the alerts in it are lost.", aside)
