"""The process: the Bot API on one port, and beside it a page that shows the chat and lets a person write and press."""

import asyncio
import logging
from dataclasses import asdict
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from flask import Response, abort, request

from shared.errors import UsageError
from simulators.http_server import Command, HttpApp, posted, start_server
from simulators.ready_file import write_ready_file
from simulators.settings import TelegramSettings
from simulators.telegram.api import Api
from simulators.telegram.chat import Fault, TelegramState

log = logging.getLogger("telegram")

MAX_BODY_BYTES = 10_000_000
PAGE = files("simulators.telegram").joinpath("chat.html").read_text()


class SayCommand(Command):
    """A text from the person, sent age_s ago."""

    chat: int
    text: str
    age_s: float = 0
    topic: int | None = None


class PressCommand(Command):
    """A pressed button."""

    chat: int
    message_id: int
    data: str


class FaultCommand(Command):
    """A fault from now on, for `count` calls (0: until changed)."""

    fault: Fault
    count: int = 0
    moved_to: int = 0


class Views:
    """The Bot API for the bot, the page for a person, and the commands for tests."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._world = api.world
        self.app = HttpApp(
            {
                "GET /": lambda: PAGE,
                "GET /chat": self._chat,
                "GET /photo/<name>": self._photo,
                "POST /bot<token>/<method>": self._bot_api,
                "POST /say": self._say,
                "POST /press": self._press,
                "POST /fault": self._fault,
            },
            max_body_bytes=MAX_BODY_BYTES,
        )

    def _bot_api(self, token: str, method: str) -> Any:
        files = {name: file.read() for name, file in request.files.items()}
        reply = self._api.call(token, method, request.form.to_dict() | files)
        if method != "getUpdates":
            self._world.save()
        if reply is None:
            raise ConnectionAbortedError("the answer got lost")
        return reply.body, reply.status

    def _chat(self) -> Any:
        world = self._world
        with world.changed:
            messages = [asdict(message) for message in world.messages]
        return {"messages": messages, "toasts": world.toasts, "commands": world.commands}

    def _photo(self, name: str) -> Response:
        if name not in self._world.photos:
            abort(HTTPStatus.NOT_FOUND)
        return Response(self._world.photos[name], mimetype="image/png")

    def _say(self) -> Any:
        said = posted(SayCommand)
        self._world.add(said.chat, said.text, is_from_bot=False, age_s=said.age_s, topic=said.topic)
        return {}

    def _press(self) -> Any:
        press = posted(PressCommand)
        self._world.press(press.chat, press.message_id, press.data)
        return {}

    def _fault(self) -> Any:
        command, world = posted(FaultCommand), self._world
        with world.changed:
            world.fault, world.fault_count, world.moved_to = command.fault, command.count, command.moved_to
            world.changed.notify_all()
        return {}


async def serve(settings: TelegramSettings) -> None:
    """Run until stopped."""
    views = Views(Api(TelegramState(settings.house_telegram_token, settings.house_telegram_chat_file)))
    try:
        server = start_server(views.app, settings.house_telegram_bind, settings.house_telegram_port)
    except OSError as error:
        raise UsageError(f"The port cannot be opened ({error}): see HOUSE_TELEGRAM_PORT.") from None
    log.info("The chat is shown on http://127.0.0.1:%d/.", server.port)
    write_ready_file(settings.house_telegram_ready_file, {"telegram_port": server.port})
    await asyncio.Event().wait()
