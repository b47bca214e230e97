"""The Bot API as the real server answers it, with its limits and failures."""

import json
import re
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from simulators.telegram.chat import BOT, Fault, Message, TelegramState, as_json

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
LONGEST_BUTTON = 64
TAGS = {"b", "i", "u", "s", "code", "pre", "a", "blockquote", "tg-spoiler"}
HANG_S = 600.0
SLOW_S = 30.0
MARKUP = re.compile(r"<(/?)([a-z-]+)[^<>]*>")

Form = dict[str, Any]
"""The fields of a request; a file is bytes."""


@dataclass(frozen=True)
class Reply:
    """An answer; None instead of one means that the connection breaks."""

    status: HTTPStatus
    body: dict[str, Any] | str


class ApiError(Exception):
    """The Bot API refuses a call."""

    def __init__(self, status: HTTPStatus, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.reply = Reply(
            status, {"ok": False, "error_code": status.value, "description": description, "parameters": parameters}
        )


FAILURES = {
    Fault.TOO_MANY: (HTTPStatus.TOO_MANY_REQUESTS, "Too Many Requests: retry after 1", {"retry_after": 1}),
    Fault.SERVER_ERROR: (HTTPStatus.BAD_GATEWAY, "Bad Gateway", {}),
    Fault.UNAUTHORIZED: (HTTPStatus.UNAUTHORIZED, "Unauthorized", {}),
    Fault.BLOCKED: (HTTPStatus.FORBIDDEN, "Forbidden: bot was blocked by the user", {}),
    Fault.WAIT_A_DAY: (HTTPStatus.TOO_MANY_REQUESTS, "Too Many Requests: retry after 86400", {"retry_after": 86400}),
    Fault.READ_ONLY: (HTTPStatus.BAD_REQUEST, "Bad Request: not enough rights to send text messages to the chat", {}),
    Fault.TOPIC_CLOSED: (HTTPStatus.BAD_REQUEST, "Bad Request: TOPIC_CLOSED", {}),
    Fault.BAD_REQUEST: (HTTPStatus.BAD_REQUEST, "Bad Request: something is wrong with it", {}),
}

PAGE = "<html><body>Please log in to this network.</body></html>"
STRANGE: dict[Fault, Reply] = {
    Fault.HTML: Reply(HTTPStatus.OK, PAGE),
    Fault.HTML_403: Reply(HTTPStatus.FORBIDDEN, PAGE),
    Fault.HTML_502: Reply(HTTPStatus.BAD_GATEWAY, "<html>502 Bad Gateway</html>"),
    Fault.HALF_JSON: Reply(HTTPStatus.OK, '{"ok":true,"result":{"message_id":1,"da'),
    Fault.NO_RESULT: Reply(HTTPStatus.OK, {"ok": True}),
    Fault.ODD_RESULT: Reply(HTTPStatus.OK, {"ok": True, "result": {"message_id": "?"}}),
    Fault.HUGE: Reply(HTTPStatus.OK, {"ok": True, "result": "x" * 10_000_000}),
}
"""What answers in Telegram's place."""


class Api:
    """Implements the methods that our bot uses and refuses others."""

    def __init__(self, world: TelegramState) -> None:
        self.world = world
        self._methods = {
            "getMe": lambda _form: BOT,
            "deleteWebhook": self._delete_webhook,
            "setMyCommands": self._commands,
            "getUpdates": self._updates,
            "sendMessage": self._send,
            "sendPhoto": self._photo,
            "editMessageText": self._edit,
            "answerCallbackQuery": self._answer_callback,
        }

    def call(self, token: str, method: str, form: Form) -> Reply | None:
        """Perform a call; None is a lost answer."""
        try:
            return self._perform(token, method, form)
        except ApiError as error:
            return error.reply

    def _perform(self, token: str, method: str, form: Form) -> Reply | None:
        if self.world.token and token != self.world.token:
            raise ApiError(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        fault = self._fault(method, form)
        if fault in STRANGE:
            return STRANGE[fault]
        if fault is Fault.HANG:
            self.world.hang(HANG_S)
            return None
        if method not in self._methods:
            raise ApiError(HTTPStatus.NOT_FOUND, "Not Found: method not found")
        result = self._methods[method](form)
        if fault is Fault.SLOW_ANSWER:
            time.sleep(SLOW_S)
        return None if fault is Fault.LOST_ANSWER else Reply(HTTPStatus.OK, {"ok": True, "result": result})

    def _fault(self, method: str, form: Form) -> Fault:
        fault = self.world.next_fault(method)
        if fault in FAILURES:
            status, description, parameters = FAILURES[fault]
            raise ApiError(status, description, **parameters)
        if fault is Fault.MOVED and int(form.get("chat_id", 0)) != self.world.moved_to:
            description = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(HTTPStatus.BAD_REQUEST, description, migrate_to_chat_id=self.world.moved_to)
        return fault

    def _commands(self, form: Form) -> bool:
        self.world.commands[form.get("language_code", "")] = json.loads(form["commands"])
        return True

    def _delete_webhook(self, _form: Form) -> bool:
        self.world.has_webhook = False
        return True

    def _updates(self, form: Form) -> list[dict[str, Any]]:
        if self.world.has_webhook:
            description = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first"
            raise ApiError(HTTPStatus.CONFLICT, description)
        updates = self.world.updates(int(form.get("offset", 0)), float(form.get("timeout", 0)))
        if updates is None:
            raise ApiError(HTTPStatus.CONFLICT, "Conflict: terminated by other getUpdates request")
        return updates

    def _send(self, form: Form) -> dict[str, Any]:
        text = _checked(form, "text", LONGEST_TEXT)
        topic = int(form["message_thread_id"]) if "message_thread_id" in form else None
        message = self.world.add(int(form["chat_id"]), text, is_from_bot=True, topic=topic)
        return as_json(self._with_options(message, form))

    def _photo(self, form: Form) -> dict[str, Any]:
        text = _checked(form, "caption", LONGEST_CAPTION)
        photo = form["photo"]
        if not isinstance(photo, bytes) or not photo.startswith((b"\x89PNG", b"\xff\xd8")):
            raise ApiError(HTTPStatus.BAD_REQUEST, "Bad Request: IMAGE_PROCESS_FAILED")
        message = self.world.add(int(form["chat_id"]), text, is_from_bot=True)
        message.photo = f"photo{message.message_id}"
        self.world.photos[message.photo] = photo
        return as_json(self._with_options(message, form))

    def _edit(self, form: Form) -> dict[str, Any]:
        message = self.world.find(int(form["chat_id"]), int(form["message_id"]))
        if not message or not message.is_from_bot:
            raise ApiError(HTTPStatus.BAD_REQUEST, "Bad Request: message to edit not found")
        text, buttons = _checked(form, "text", LONGEST_TEXT), _buttons(form)
        if (message.text, message.buttons) == (text, buttons):
            raise ApiError(HTTPStatus.BAD_REQUEST, "Bad Request: message is not modified")
        message.text, message.buttons, message.is_edited = text, buttons, True
        return as_json(message)

    def _answer_callback(self, form: Form) -> bool:
        self.world.toasts.append(form.get("text", ""))
        return True

    def _with_options(self, message: Message, form: Form) -> Message:
        message.buttons = _buttons(form)
        message.silent = form.get("disable_notification") == "true"
        return message


def _checked(form: Form, name: str, longest: int) -> str:
    """Return a text that the real server would accept, or raise its refusal."""
    text = str(form.get(name, ""))
    if form.get("parse_mode") != "HTML":
        text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    _check_tags(text)
    bare = MARKUP.sub("", text)
    if len(bare) > longest:
        raise ApiError(HTTPStatus.BAD_REQUEST, "Bad Request: message is too long")
    if name == "text" and not bare.strip():
        raise ApiError(HTTPStatus.BAD_REQUEST, "Bad Request: message text is empty")
    return text


def _check_tags(text: str) -> None:
    opened: list[str] = []
    for closing, tag in MARKUP.findall(text):
        is_fine = tag in TAGS and (not closing or (opened and opened.pop() == tag))
        if not is_fine:
            raise ApiError(HTTPStatus.BAD_REQUEST, f'Bad Request: can\'t parse entities: unsupported tag "{tag}"')
        if not closing:
            opened.append(tag)
    if opened or "<" in MARKUP.sub("", text):
        raise ApiError(HTTPStatus.BAD_REQUEST, "Bad Request: can't parse entities: an unclosed tag")


def _buttons(form: Form) -> list[list[dict[str, str]]]:
    rows: list[list[dict[str, str]]] = json.loads(form.get("reply_markup") or "{}").get("inline_keyboard", [])
    if any(len(button.get("callback_data", "").encode()) > LONGEST_BUTTON for row in rows for button in row):
        raise ApiError(HTTPStatus.BAD_REQUEST, "Bad Request: BUTTON_DATA_INVALID")
    return rows
