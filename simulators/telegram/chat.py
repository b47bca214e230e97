"""The state of the simulated Telegram: messages, updates that the bot has not fetched yet, faults."""

import json
import time
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from threading import Condition
from typing import Any

from shared.files import replace_atomically

BOT = {"id": 1, "is_bot": True, "first_name": "Easun", "username": "easun_demo_bot"}
PERSON = {"id": 4242, "is_bot": False, "first_name": "You"}
FORGET_AFTER = 1000
"""The number of messages kept."""


class Fault(StrEnum):
    """How the Bot API fails. lost_answer performs the request but loses the answer, slow_answer
    answers when nobody waits any more.

    From html on something else answers in its place, as a captive portal or a proxy does.
    """

    NONE = "none"
    TOO_MANY = "too_many"
    SERVER_ERROR = "server_error"
    HANG = "hang"
    LOST_ANSWER = "lost_answer"
    SLOW_ANSWER = "slow_answer"
    UNAUTHORIZED = "unauthorized"
    BLOCKED = "blocked"
    BAD_REQUEST = "bad_request"
    MOVED = "moved"
    WAIT_A_DAY = "wait_a_day"
    READ_ONLY = "read_only"
    TOPIC_CLOSED = "topic_closed"
    HTML = "html"
    HTML_403 = "html_403"
    HTML_502 = "html_502"
    HALF_JSON = "half_json"
    NO_RESULT = "no_result"
    ODD_RESULT = "odd_result"
    HUGE = "huge"


ONLY_SENDING = (
    Fault.BLOCKED,
    Fault.BAD_REQUEST,
    Fault.MOVED,
    Fault.LOST_ANSWER,
    Fault.SLOW_ANSWER,
    Fault.TOO_MANY,
    Fault.READ_ONLY,
    Fault.TOPIC_CLOSED,
    Fault.WAIT_A_DAY,
)
"""Faults that do not affect polling."""


@dataclass
class Message:
    """One message as the person sees it."""

    message_id: int
    chat: int
    date: int
    text: str
    is_from_bot: bool
    photo: str | None = None
    buttons: list[list[dict[str, str]]] = field(default_factory=list)
    silent: bool = False
    topic: int | None = None
    is_edited: bool = False


class TelegramState:
    """All chats, kept in a file where there is one. `changed` guards everything and wakes long polls."""

    def __init__(self, token: str = "", file: Path | None = None) -> None:
        self.token = token
        self.changed = Condition()
        self.fault = Fault.NONE
        self.fault_count = 0
        self.moved_to = 0
        self.has_webhook = False
        """Whether another program has set one: nobody can poll until it is deleted."""
        self.commands: dict[str, Any] = {}
        self.toasts: list[str] = []
        self.photos: dict[str, bytes] = {}
        self.messages: list[Message] = []
        self._updates: list[dict[str, Any]] = []
        self._number = 0
        self._pollers = 0
        self._file = file
        if file and file.exists():
            self._number, messages = json.loads(file.read_text(encoding="utf-8"))
            self.messages = [Message(**one) for one in messages]

    def save(self) -> None:
        """Keep the chats; updates that the bot has not fetched are lost with the process."""
        if self._file:
            with self.changed:
                kept = json.dumps([self._number, [asdict(one) for one in self.messages]])
                replace_atomically(self._file, kept)

    def next_fault(self, method: str) -> Fault:
        """Return the fault of this call; a fault with a count wears off."""
        if self.fault in ONLY_SENDING and not method.startswith(("send", "edit", "answer")):
            return Fault.NONE
        fault = self.fault
        if self.fault_count > 0:
            self.fault_count -= 1
            self.fault = fault if self.fault_count else Fault.NONE
        return fault

    def add(self, chat: int, text: str, *, is_from_bot: bool, age_s: float = 0, topic: int | None = None) -> Message:
        """Store a message; one from the person becomes an update, with the entities of a command."""
        with self.changed:
            message = Message(self._next(), chat, int(time.time() - age_s), text, is_from_bot, topic=topic)
            self.messages.append(message)
            del self.messages[:-FORGET_AFTER]
            if not is_from_bot:
                self._update("message", _with_entities(message))
            return message

    def press(self, chat: int, message_id: int, data: str) -> None:
        """Press a button, real or forged."""
        with self.changed:
            message = self.find(chat, message_id)
            pressed = {"id": str(self._next()), "from": PERSON, "chat_instance": "1", "data": data}
            if message:
                pressed["message"] = as_json(message)
            self._update("callback_query", pressed)

    def updates(self, offset: int, timeout_s: float) -> list[dict[str, Any]] | None:
        """Wait for updates and drop those before the offset; None if a newer poller has taken over."""
        with self.changed:
            self._pollers += 1
            mine = self._pollers
            self.changed.notify_all()
            self._updates = [one for one in self._updates if one["update_id"] >= offset]
            self.changed.wait_for(
                lambda: self._updates or self.fault is not Fault.NONE or self._pollers != mine, timeout_s
            )
            return list(self._updates[:100]) if self._pollers == mine else None

    def hang(self, patience_s: float) -> None:
        """Block until the fault is cleared, or for longer than any client waits."""
        with self.changed:
            self.changed.wait_for(lambda: self.fault is not Fault.HANG, patience_s)

    def find(self, chat: int, message_id: int) -> Message | None:
        """Return a message."""
        found = (one for one in self.messages if one.chat == chat and one.message_id == message_id)
        return next(found, None)

    def _update(self, kind: str, content: dict[str, Any]) -> None:
        self._updates.append({"update_id": self._next(), kind: content})
        self.changed.notify_all()

    def _next(self) -> int:
        self._number += 1
        return self._number


def as_json(message: Message) -> dict[str, Any]:
    """Return a message as the Bot API shows it."""
    chat = {
        "id": message.chat,
        "type": "private" if message.chat > 0 else "group",
        "first_name": "You",
        "title": "Home",
    }
    shown = {"message_id": message.message_id, "date": message.date, "chat": chat}
    shown["from"] = BOT if message.is_from_bot else PERSON
    if message.topic is not None:
        shown |= {"message_thread_id": message.topic, "is_topic_message": True}
    if message.photo:
        size = {"file_id": message.photo, "file_unique_id": message.photo, "width": 1080, "height": 1080}
        return shown | {"photo": [size], "caption": message.text}
    return shown | {"text": message.text}


def _with_entities(message: Message) -> dict[str, Any]:
    word = message.text.split(maxsplit=1)[0] if message.text.strip() else ""
    entity = {"type": "bot_command", "offset": 0, "length": len(word)}
    return as_json(message) | ({"entities": [entity]} if word.startswith("/") else {})
