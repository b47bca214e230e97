"""The process: the Bot API on one port, beside it a page that shows the chat and lets one write and press.

Paths: /bot<token>/<method> for the bot; /, /chat, /photo/<id> to look; POST /say, /press, /fault to act.
"""

import asyncio
import json
import logging
from dataclasses import asdict
from email.parser import BytesParser
from email.policy import HTTP
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.errors import ConfigError
from simulators.ready import say_ready
from simulators.settings import TelegramSettings
from simulators.telegram.api import Api
from simulators.telegram.chat import Fault, World

log = logging.getLogger("telegram")

LONGEST_BODY = 10_000_000
PAGE = files("simulators.telegram").joinpath("chat.html").read_bytes()


class Command(BaseModel):
    """A body that someone posts."""

    model_config = ConfigDict(extra="forbid")


class Say(Command):
    """A text of the person's, sent age_s ago."""

    chat: int
    text: str
    age_s: float = 0


class PressCommand(Command):
    """A button."""

    chat: int
    message_id: int
    data: str


class FaultCommand(Command):
    """What goes wrong from now on, for so many calls (0: until told otherwise)."""

    fault: Fault
    count: int = 0
    moved_to: int = 0


class Server(ThreadingHTTPServer):
    """A thread a connection, for long polls hold theirs."""

    daemon_threads = True
    world: World
    api: Api


class Handler(BaseHTTPRequestHandler):
    """One connection, which may carry many requests."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Look."""
        path, world = urlsplit(self.path).path, self.server.world
        if path == "/":
            self._write(HTTPStatus.OK, PAGE, "text/html; charset=utf-8")
        elif path == "/chat":
            with world.changed:
                messages = [asdict(message) for message in world.messages]
            self._json(HTTPStatus.OK, {"messages": messages, "toasts": world.toasts, "commands": world.commands})
        elif path.startswith("/photo/") and path.removeprefix("/photo/") in world.photos:
            self._write(HTTPStatus.OK, world.photos[path.removeprefix("/photo/")], "image/png")
        else:
            self._json(HTTPStatus.NOT_FOUND, {"error": "There is nothing here."})

    def do_POST(self) -> None:
        """Call a method of the Bot API, or act as the person."""
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), LONGEST_BODY))
        path = urlsplit(self.path).path
        if path.startswith("/bot"):
            token, _, method = path.removeprefix("/bot").partition("/")
            self._bot_api(token, method, form_of(self.headers.get("Content-Type") or "", body))
        else:
            self._act(path, body)

    def _bot_api(self, token: str, method: str, form: dict[str, Any]) -> None:
        reply = self.server.api.call(token, method, form)
        if reply is None:
            self.close_connection = True
        else:
            self._json(reply.status, reply.body)

    def _act(self, path: str, body: bytes) -> None:
        acts = {"/say": self._say, "/press": self._press, "/fault": self._fault}
        try:
            acts[path](body)
        except KeyError:
            self._json(HTTPStatus.NOT_FOUND, {"error": f"There is only {', '.join(acts)}."})
        except ValidationError as error:
            self._json(HTTPStatus.BAD_REQUEST, {"error": error.errors(include_url=False)[0]["msg"]})
        else:
            self._json(HTTPStatus.OK, {})

    def _say(self, body: bytes) -> None:
        said = Say.model_validate_json(body)
        self.server.world.add(said.chat, said.text, is_from_bot=False, age_s=said.age_s)

    def _press(self, body: bytes) -> None:
        press = PressCommand.model_validate_json(body)
        self.server.world.press(press.chat, press.message_id, press.data)

    def _fault(self, body: bytes) -> None:
        command, world = FaultCommand.model_validate_json(body), self.server.world
        with world.changed:
            world.fault, world.fault_count, world.moved_to = command.fault, command.count, command.moved_to
            world.changed.notify_all()

    def _json(self, status: HTTPStatus, content: Any) -> None:
        self._write(status, json.dumps(content).encode(), "application/json")

    def _write(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)  # at once: two small writes would wait for each other

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the token stands in every path."""


def form_of(kind: str, body: bytes) -> dict[str, Any]:
    """Read the fields of a form, its files too."""
    if not kind.startswith("multipart/"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    parsed = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    form: dict[str, Any] = {}
    for part in parsed.walk():
        name = part.get_param("name", header="content-disposition")
        if name:
            content = part.get_payload(decode=True)
            is_file = part.get_filename() is not None
            form[str(name)] = content if is_file or not isinstance(content, bytes) else content.decode()
    return form


async def serve(settings: TelegramSettings) -> None:
    """Run until told to stop."""
    try:
        server = Server((settings.house_telegram_bind, settings.house_telegram_port), Handler)
    except OSError as error:
        raise ConfigError(f"The port cannot be opened ({error}): see HOUSE_TELEGRAM_PORT.") from None
    server.world = World(settings.house_telegram_token)
    server.api = Api(server.world)
    log.info("The chat is shown on http://127.0.0.1:%d/.", server.server_port)
    say_ready(settings.house_telegram_ready_file, {"telegram_port": server.server_port})
    await asyncio.to_thread(server.serve_forever)
