"""What web sites, Telegram and Tuya answer, and what plugs say on the home network."""

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache, partial
from io import BytesIO
from typing import Any
from unittest.mock import patch

import httpx
import requests
from pydantic import SecretStr
from urllib3 import HTTPResponse

from services.bot.channels.mail import Mail, MailServer
from services.bot.channels.ntfy import Ntfy
from services.bot.chats import Chats, Role
from services.bot.commands.commands import Commands
from services.bot.telegram.answers import is_from_bot_api
from services.bot.telegram.api import Incoming, TelegramApi
from services.schedule import be_svitlo, fetch, gpv_json, yasno
from services.schedule.answer import Answer, json_of
from services.schedule.sources import RAW_HOST, Source
from services.tuya import local
from services.tuya.account import missing_key, to_plug, unlisted
from services.tuya.address import Address
from services.tuya.cloud import CloudClient, Credentials
from services.tuya.local import LocalPlug
from services.tuya.plug import Plug
from shared.errors import EasunError
from shared.history.engine import reader
from shared.texts.language import Language
from simulators.telegram.chat import BOT, PERSON
from simulators.tuya import frames
from simulators.tuya.plug import Plug as VirtualPlug
from simulators.tuya.plug import PlugFault, _Session
from tests.fuzz.broker import KYIV, NOW, whole_house
from tests.fuzz.folder import folder
from tests.fuzz.inputs import near_bytes, near_json, near_text
from tests.fuzz.target import Target
from tests.schedule import facts

TOKEN = "1:fuzz"
OWNER, VIEWER, STRANGER = 5, 6, 7
KEY = "key0of0plug00000"
PLUG = Plug(id="bf1", name="Kettle", host="127.0.0.1", local_key=SecretStr(KEY), gangs={"switch_1": 1})
VERSIONS = ("3.1", "3.3", "3.4", "3.5")
DAYS = ("29.11.2026", "30.11.2026")
HOURS = {"5.2": ["09:00-12:00", "17:30-20:00"], "1.1": ["00:00-24:00"]}


def source(parse: Callable[[Any, str], Answer], region_id: str | None = None) -> Callable[[bytes], None]:
    """Return what reads an answer for a queue as a source does, and every queue that the answer itself names."""
    asked = Source("fuzz", "https://example.org/x", "5.2", parse, region_id=region_id)

    def read(body: bytes) -> None:
        answer = asked.parse_body(body)
        for queue in (answer.queues or ())[:3]:
            asked.parse(json_of(body), queue)

    return read


def queue_list(body: bytes) -> None:
    """Read the list of queues."""
    be_svitlo.queues(json_of(body))


def last_commit(body: bytes) -> None:
    """Read when a mirror was written last."""
    mirror = Source("fuzz", f"https://{RAW_HOST}/a/b/c.json", "5.2", gpv_json.read)
    mirror.request_commit(lambda _url, *, method="GET": fetch.Fetched(body))


def headers(data: bytes) -> None:
    """Read a server's clock, its age in caches, and how long it asks to wait."""
    text = data.decode("latin-1")
    given = dict(line.partition(":")[::2] for line in text.splitlines())
    fetch._wait(given)
    for value in given.values():
        fetch._clock(value), fetch._seconds(value)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


class _Telegram:
    """Our side of the Bot API, with an answer of any kind at the other end of the wire."""

    def __init__(self) -> None:
        self.answer = httpx.Response(200, content=b"{}")
        self.api = TelegramApi(TOKEN, "http://127.0.0.1:9", 1)
        for one in self.api._requests:
            one._client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: self.answer))

    def ask(self, status: int, body: bytes) -> None:
        """Ask everything that the bot asks, and get this answer each time."""
        calls = (
            self.api.updates,
            lambda: self.api.set_up({"": (("status", "Status"),)}),
            lambda: self.api.send(7, "hello"),
            lambda: self.api.edit(7, 1, "hello"),
            lambda: self.api.answer_button("1"),
        )
        for call in calls:
            self.answer = httpx.Response(status, content=body)
            try:
                _loop().run_until_complete(call())
            except EasunError:
                continue


@cache
def _telegram() -> _Telegram:
    return _Telegram()


def bot_api(data: bytes) -> None:
    """Answer with a body; a document with `error_code` has it as its status too."""
    try:
        document = json.loads(data)
        status = document.get("error_code", 200) if isinstance(document, dict) else 200
    except (ValueError, RecursionError):
        status = 200
    status = status if isinstance(status, int) and 200 <= status < 600 else 200
    is_from_bot_api(status, data)
    _telegram().ask(status, data)


class _Cloud(requests.adapters.BaseAdapter):
    """The other end of the wire to a web site: the same answer to everything but Tuya's question for a token."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.status = b"", 200

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        body = TUYA_TOKEN if "/token?" in (request.url or "") else self.body
        response = requests.Response()
        response.status_code = self.status
        response.raw = HTTPResponse(BytesIO(body), status=self.status, preload_content=False)
        response.url, response.request = request.url or "", request
        return response

    def close(self) -> None:
        pass


TUYA_TOKEN = json.dumps({"success": True, "result": {"access_token": "t", "expire_time": 7200}}).encode()


def tuya_cloud(data: bytes) -> None:
    """Let the cloud answer with this, whatever was asked."""
    wire = _Cloud()
    wire.body = data
    for user in ("", "eu1"):
        for ask in (_devices, lambda client: client.read(PLUG), _switch, lambda client: client.gang_names("bf1")):
            with CloudClient(Credentials("http://127.0.0.1:9", "id", "secret", user_id=user)) as client:
                client._session.mount("http://", wire)
                try:
                    ask(client)
                except EasunError:
                    continue


def _devices(client: CloudClient) -> None:
    found = client.devices()
    unlisted(found, {})
    for device in found:
        missing_key(to_plug(device, {"switch_1": "Lamp"}, enabled=True) or PLUG, device)


def _switch(client: CloudClient) -> None:
    client.switch(PLUG, {"switch_1": True})


def ntfy(data: bytes) -> None:
    """Let the server of a topic answer with this."""
    wire = _Cloud()
    for wire.status in (200, 403, 507):
        wire.body = data
        with patch.object(requests.Session, "get_adapter", lambda *_, wire=wire, **__: wire), suppress(EasunError):
            Ntfy("http://127.0.0.1:9/topic", "token").deliver("title", "text", silent=False)


@cache
def _certificates() -> ssl.SSLContext:
    return ssl.create_default_context()


def mail(data: bytes) -> None:
    """Let a mail server say this, whatever it is asked."""
    certificates = _certificates()
    for security, user in (("none", ""), ("none", "me"), ("starttls", "")):
        ours, theirs = socket.socketpair()
        with closing(ours), closing(theirs):
            theirs.sendall(data[:60_000])
            theirs.shutdown(socket.SHUT_WR)
            with (
                patch.object(socket, "create_connection", partial(_given, ours)),
                patch.object(ssl, "create_default_context", lambda: certificates),
                suppress(EasunError),
            ):
                server = MailServer("127.0.0.1", 9, security, user, "secret")
                Mail(server, "me@x.example", ("you@x.example", "we@x.example")).deliver("t", "text", silent=True)


def _given(ours: socket.socket, *_: object, **__: object) -> socket.socket:
    return ours


def said_and_pressed(data: bytes) -> None:
    """Let somebody write this to the bot, and press a button with it; the number of the chat tells who it is."""
    text = data.decode(errors="replace")[:4096]
    for chat in (OWNER, VIEWER, STRANGER):
        for incoming in (Incoming(chat, chat, NOW, text), Incoming(chat, chat, NOW, button=text[:64], message_id=1)):
            _loop().run_until_complete(_commands()._dispatch(incoming))


@cache
def _commands() -> Commands:
    place = folder("bot")
    roles = {OWNER: Role.OWNER, VIEWER: Role.VIEWER}
    return Commands(
        FakeTelegram(), whole_house, Chats(roles, Language.UK, place / "chats.json"), reader(place / "none.db"),
        clock=lambda: NOW, zone=KYIV, send=lambda _name, _command: None,
    )  # fmt: skip


class FakeTelegram:
    """Takes everything that Telegram would take."""

    name = "our_bot"

    async def send(self, chat: int, text: str, **_: Any) -> int:
        """Check a message."""
        assert chat
        assert 0 < len(text.encode()) < 16_000
        return 1

    async def edit(self, chat: int, message: int, text: str, **_: Any) -> None:
        """Check another text of a message."""
        assert message
        await self.send(chat, text)

    async def send_picture(self, chat: int, png: bytes, caption: str, **_: Any) -> None:
        """Check a picture."""
        assert png
        await self.send(chat, caption)

    async def answer_button(self, button_id: str, text: str = "") -> None:
        """Check what is shown over a button."""
        assert len(text) <= 200, text


def tuya_announcements(data: bytes) -> None:
    """Hear a packet on the home network, bare and as a plug would send it."""
    local.announced(data)
    head = frames.announcement("bf1", "127.0.0.1", "3.3")[:20]
    local.announced(head + data + bytes(8))
    local.announced(head + frames.encrypt(data, frames.ANNOUNCE_KEY) + bytes(8))


def tuya_bytes(data: bytes) -> None:
    """Let a plug answer with bytes; the first chooses the version of the protocol."""
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        theirs.sendall(data[1:60_000])
        theirs.shutdown(socket.SHUT_WR)
        _ask_plug(_Ours(ours), VERSIONS[data[0] % 4 if data else 0])


def tuya_contents(data: bytes) -> None:
    """Let a plug answer with any contents in frames that are right."""
    for version in VERSIONS:
        _ask_plug(_TalkingPlug(data, version), version)


def _ask_plug(wire: object, version: str) -> None:
    plug = LocalPlug(PLUG, Address("127.0.0.1", version), 1.0)
    connects = patch.object(socket, "create_connection", lambda *_: wire)
    with connects, patch.object(time, "sleep", lambda _: None), closing(plug):
        for ask in (plug.read, lambda: plug.switch({"switch_1": True})):
            with suppress(EasunError):
                ask()


class _Ours:
    """Our end of a pair of sockets, which has no TCP_NODELAY."""

    def __init__(self, given: socket.socket) -> None:
        self._given = given

    def setsockopt(self, *_: Any) -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self._given, name)


class _TalkingPlug(_Session):
    """Our end of a connection to a plug that opens a session as it should, and answers all else with one content."""

    def __init__(self, content: bytes, version: str) -> None:
        self._sent = bytearray()
        plug = VirtualPlug(PLUG.id, PLUG.name, KEY, version, PLUG.gangs)
        super().__init__(plug, PlugFault.NONE, self._sent.extend)
        self._content = content

    def sendall(self, data: bytes) -> None:
        while data:
            size = frames.header_length(data[:4])
            end = size + frames.rest_length(data[:size])
            self._answer(frames.parse(data[:size], data[size:end], self._key, self._plug.version))
            data = data[end:]

    def _do(self, frame: frames.Frame) -> None:
        for command in (frame.command, frames.STATUS):
            self._send(command, frame.number, self._content)

    def recv(self, most: int) -> bytes:
        taken = bytes(self._sent[:most])
        del self._sent[:most]
        return taken

    def setsockopt(self, *_: Any) -> None:
        pass

    settimeout = close = setsockopt


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _target(name: str, run: Callable[[bytes], object], *seeds: bytes) -> Target:
    return Target(name, run, seeds, near_json(seeds))


COMMIT = {"commit": {"committer": {"date": "2026-11-30T02:00:00Z"}}}
YASNO = {
    "5.2": {
        "today": {
            "slots": [
                {"start": 0, "end": 540, "type": "NotPlanned"},
                {"start": 540, "end": 720, "type": "Definite"},
                {"start": 720, "end": 1440, "type": "NotPlanned"},
            ],
            "date": "2026-11-30T00:00:00+02:00",
            "status": "ScheduleApplies",
        },
        "tomorrow": {"slots": [], "date": "2026-12-01T00:00:00+02:00", "status": "WaitingForSchedule"},
        "updatedOn": "2026-11-30T06:10:05+00:00",
    }
}
GPV = facts.gpv(dict.fromkeys(DAYS, HOURS)) | {"regionId": "x", "lastUpdateStatus": {"status": "ok", "ok": True}}
GPV["fact"] = GPV["fact"] | {"emergency": []}
CHAT = {"id": 4242, "type": "private", "first_name": "You"}
MESSAGE = {"message_id": 5, "date": 1764460800, "chat": CHAT, "from": PERSON, "text": "/status",
        "is_topic_message": True, "message_thread_id": 3}  # fmt: skip
UPDATES = [
    {"update_id": 1, "message": MESSAGE},
    {"update_id": 2, "callback_query": {"id": "9", "from": PERSON, "data": "plug|desk|on", "message": MESSAGE}},
]
DEVICE = {
    "id": "bf1",
    "name": "Kettle",
    "local_key": KEY,
    "online": True,
    "category": "cz",
    "status": [{"code": "switch_1", "value": True}, {"code": "countdown_1", "value": 0}],
}
DATE = "Sun, 30 Nov 2026 02:00:00 GMT"
HEADERS = (f"Retry-After:120\nDate:{DATE}\nAge:5\nLast-Modified:{DATE}".encode(),)
ANNOUNCEMENTS = (
    *(frames.announcement("bf1", "192.168.1.7", version) for version in VERSIONS),
    _json({"ip": "192.168.1.7", "gwId": "bf1", "version": "3.3"}),
)
ANSWERS = tuple(
    bytes((number,)) + frames.pack(command, 1, _json({"dps": {"1": True}}), KEY.encode(), version)
    for number, version in enumerate(VERSIONS)
    for command in (frames.QUERY, frames.SESSION_ANSWER)
)
COMMANDS = (
    *("/start", "/help", "/id", "/status", "/battery", "/outlook", "/schedule", "/plugs", "/inverter", "/energy"),
    *("/outages", "/settings", "/status@our_bot", "/status@other"),
)
BUTTONS = (
    *("status", "battery", "outlook", "schedule", "plugs", "setup", "inverter", "keep", "no", "chart|year", "set|low"),
    *("set|quiet", "set|language", "set|imbalance", "ask|kettle|on", "plug|kettle|off", "pick|main|output_priority"),
    *("want|main|output_priority|solar_first", "do|main|output_priority|1", "pick|main|profile", "want|main|profile|0"),
)
WORDS = (
    *COMMANDS,
    *BUTTONS,
    "|",
    "/",
    "@",
    " ",
    "main",
    "kettle",
    "desk",
    "on",
    "off",
    "\0",
    "\ud800",
    "9" * 5000,
    "²",
    "-1",
    "<b>",
)
SAID = tuple(line.encode() for line in (*COMMANDS, *BUTTONS))
MAILS = tuple(
    "".join(f"{line}\r\n" for line in said.split("|")).encode("latin-1")
    for said in (
        "220 mail|250-mail|250-AUTH PLAIN LOGIN|250-STARTTLS|250 SIZE 1|250 ok|250 ok|250 ok|354 go|250 ok|221 bye",
        "220 mail|250-mail|250 AUTH CRAM-MD5 PLAIN|334 eA==|235 ok|250 ok|550 no|250 ok|354 go|250 ok",
        "220 mail|250-mail|250 STARTTLS|220 go|\x15\x03\x01\x00\x02\x02\x28",
        "421 later",
    )
)

CLOUDS = (
    _target("schedule: be-svitlo", source(be_svitlo.read), _json([facts.element(day, HOURS) for day in DAYS])),
    _target("schedule: a mirror's file", source(gpv_json.read, "x"), _json(GPV)),
    _target("schedule: YASNO", source(yasno.read), _json(YASNO)),
    _target("schedule: the list of queues", queue_list, _json([{"code": "1.1"}, {"code": "5.2", "name": "x"}])),
    _target("schedule: a mirror's commits", last_commit, _json([COMMIT])),
    Target(
        "schedule: HTTP headers",
        headers,
        HEADERS,
        near_text(HEADERS, ("Retry-After:", "99999999", "Date:", "Mon, 31 Feb 9999 23:59:59 -9999", "-1", DATE)),
    ),
    _target(
        "Telegram: answers and updates",
        bot_api,
        _json({"ok": True, "result": UPDATES}),
        _json({"ok": True, "result": BOT}),
        _json({"ok": True, "result": MESSAGE}),
        _json({"ok": True, "result": True}),
        _json({"ok": False, "error_code": 429, "description": "Too Many", "parameters": {"retry_after": 5}}),
        _json({"ok": False, "error_code": 400, "description": "Bad", "parameters": {"migrate_to_chat_id": -10}}),
        _json({"ok": False, "error_code": 409, "description": "Conflict: terminated by other getUpdates"}),
    ),
    Target("Telegram: what people write and press", said_and_pressed, SAID, near_text(SAID, WORDS)),
    _target(
        "ntfy: answers", ntfy, b'{"id": "x", "event": "message"}', b'{"code": 40301, "http": 403, "error": "forbidden"}'
    ),
    Target("e-mail: answers of a server", mail, MAILS, near_bytes(MAILS, 300), is_bytes=True, most=60_000),
    _target(
        "Tuya: answers of the cloud",
        tuya_cloud,
        _json({"success": True, "result": DEVICE, "t": 1764460800000}),
        _json({"success": True, "result": [DEVICE], "t": 1764460800000}),
        _json({"success": True, "result": {"devices": [DEVICE], "has_more": False, "last_row_key": "x"}}),
        _json({"success": True, "result": [{"identifier": "switch_1", "name": "Lamp"}]}),
        _json({"success": True, "result": True}),
        _json({"success": False, "code": 1010, "msg": "token invalid"}),
    ),
    Target(
        "Tuya: announcements on the home network",
        tuya_announcements,
        ANNOUNCEMENTS,
        near_bytes(ANNOUNCEMENTS, 300),
        is_bytes=True,
    ),
    Target("Tuya: bytes of a plug", tuya_bytes, ANSWERS, near_bytes(ANSWERS, 300), is_bytes=True),
    _target(
        "Tuya: contents of a plug's frames",
        tuya_contents,
        _json({"devId": "bf1", "dps": {"1": True, "9": 0}}),
        _json({"data": {"dps": {"1": False}}, "protocol": 4, "t": 1764460800}),
    ),
)
