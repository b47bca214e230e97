"""Tuya's OpenAPI, as far as plugs need it, with its failures."""

import asyncio
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Response, request

from simulators.http_server import HttpApp, raw_headers, raw_target
from simulators.tuya import signature
from simulators.tuya.plug import Plug

CLIENT_ID = "simulated0client0id0"
SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of a simulator
USER = "eu0simulated0user"
SCHEMA = "simulated"
CLOCK_MS = 5 * 60 * 1000
TRICKLE_S = 0.05
HTML = b"<html><head><title>502 Bad Gateway</title></head></html>"


class CloudFault(StrEnum):
    """How the cloud fails."""

    NONE = "none"
    SILENT = "silent"
    HTML = "html"
    ELSE = "else"
    """Another server answers, in JSON."""
    HALF_JSON = "half_json"
    HUGE = "huge"
    """Ten megabytes of what would be an answer."""
    TRICKLE = "trickle"
    """A byte now and then, for ever."""
    QUOTA = "quota"
    PLAN = "plan"
    REGION = "region"
    BUSY = "busy"
    CLOCK = "clock"
    NEW_PATH = "new_path"
    """Commands are only obeyed at the newer path, as those to devices that it has no standard instructions for."""
    TOKENS_DIE = "tokens_die"
    """Every token has expired before it is used."""
    TOKEN_DIES_ONCE = "token_dies_once"  # noqa: S105


MESSAGES = {
    1002: "access_token is null",
    1004: "sign invalid",
    1005: "clientId invalid",
    1010: "token is expired",
    1013: "request time is invalid",
    1106: "permission deny",
    1108: "uri path invalid",
    1199: "your requests are too frequent",
    2001: "device is offline",
    2008: "command or value not support",
    28841002: "No permissions. Your subscription to cloud development plan has expired.",
    28841004: "No permissions. Your quota of Trial Edition is used up.",
}
ODD = {
    CloudFault.HTML: HTML,
    CloudFault.HALF_JSON: b'{"success": true, "result": {"access_tok',
    CloudFault.HUGE: b'{"success": true, "result": {"access_token": "%s"}}' % (b"x" * 10_000_000),
    CloudFault.ELSE: b'{"error": "not found"}',
}
ALWAYS = {
    CloudFault.QUOTA: 28841004,
    CloudFault.PLAN: 28841002,
    CloudFault.REGION: 1106,
    CloudFault.BUSY: 1199,
    CloudFault.CLOCK: 1013,
}


class RefusalError(Exception):
    """The cloud refuses a request."""

    def __init__(self, code: int) -> None:
        super().__init__(MESSAGES[code])
        self.code = code


class Cloud:
    """The cloud of one account."""

    def __init__(self, plugs: Mapping[str, Plug]) -> None:
        self.fault = CloudFault.NONE
        self.requests = 0
        self.refused = 0
        self._plugs = dict(plugs)
        self._tokens: dict[str, float] = {}
        self._token_lifetime_s = 7200.0

    def add(self, plug: Plug) -> None:
        """Add a plug to the account."""
        self._plugs[plug.id] = plug

    async def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
        """Return the body of an answer."""
        self.requests += 1
        if self.fault is CloudFault.SILENT:
            await asyncio.sleep(3600)
        if self.fault in ODD:
            return ODD[self.fault]
        now = int(time.time() * 1000)
        try:
            self._check(method, target, headers, body)
            answer = {"result": self._result(method, target, body), "success": True}
        except RefusalError as refusal:
            self.refused += 1
            answer = {"code": refusal.code, "msg": str(refusal), "success": False}
        return json.dumps(answer | {"t": now, "tid": secrets.token_hex(16)}).encode()

    def _check(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> None:
        """Check in the same order as the real cloud."""
        if headers.get("client_id") != CLIENT_ID:
            raise RefusalError(1005)
        t = headers.get("t", "")
        if not t.isdecimal() or abs(int(t) - time.time() * 1000) > CLOCK_MS:
            raise RefusalError(1013)
        if headers.get("sign") != signature.expected(SECRET, method, target, body, headers):
            raise RefusalError(1004)
        if self.fault in ALWAYS:
            raise RefusalError(ALWAYS[self.fault])
        if not target.startswith("/v1.0/token"):
            self._check_token(headers.get("access_token", ""))

    def _check_token(self, token: str) -> None:
        if not token:
            raise RefusalError(1002)
        dies = self.fault in (CloudFault.TOKENS_DIE, CloudFault.TOKEN_DIES_ONCE)
        if self.fault is CloudFault.TOKEN_DIES_ONCE:
            self.fault = CloudFault.NONE
        if dies or self._tokens.get(token, 0) < time.time():
            self._tokens.pop(token, None)
            raise RefusalError(1010)

    def _result(self, method: str, target: str, body: bytes) -> Any:
        path = urlsplit(target).path
        match method, path.strip("/").split("/"):
            case "GET", ["v1.0", "token"]:
                return self._token()
            case "GET", ["v2.0", "apps", schema, "users"] if schema == SCHEMA:
                return {"has_more": False, "list": [{"uid": USER}], "total": 1}
            case "GET", ["v1.0", "iot-01", "associated-users", "devices"]:
                return self._page(parse_qs(urlsplit(target).query))
            case "GET", ["v1.0", "users", user, "devices"]:
                return self._devices(user)
            case "POST", ["v1.0", "iot-03", "devices", id_, "commands"]:
                return self._command(self._owned(id_), body)
            case "POST", ["v1.0", "devices", _, "commands"] if self.fault is CloudFault.NEW_PATH:
                raise RefusalError(2008)
            case _, ["v1.0", "devices", id_, *rest]:
                return self._of_plug(method, self._owned(id_), rest, body)
        raise RefusalError(1108)

    def _of_plug(self, method: str, plug: Plug, rest: list[str], body: bytes) -> Any:
        match method, rest:
            case "GET", []:
                return self._record(plug)
            case "GET", ["multiple-names"]:
                return [{"identifier": gang, "name": name} for gang, name in plug.names.items()]
            case "POST", ["commands"]:
                return self._command(plug, body)
        raise RefusalError(1108)

    def _token(self) -> dict[str, Any]:
        """Return the project's token, the same one until it expires."""
        living = [token for token, end in self._tokens.items() if end > time.time()]
        token = living[0] if living else secrets.token_hex(16)
        self._tokens = {token: self._tokens.get(token, time.time() + self._token_lifetime_s)}
        left = int(self._tokens[token] - time.time())
        return {"access_token": token, "expire_time": left, "refresh_token": secrets.token_hex(16), "uid": "bay0"}

    def _devices(self, user: str) -> list[dict[str, Any]]:
        if user != USER:
            raise RefusalError(1106)
        return [self._record(plug) for plug in self._plugs.values()]

    def _page(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        """Return a page of the devices of all linked users."""
        first = int(query.get("last_row_key", ["row+/0="])[0].strip("row+/="))
        size = int(query.get("size", ["20"])[0])
        plugs = list(self._plugs.values())
        rows = [self._record(plug) for plug in plugs[first : first + size]]
        more = {"last_row_key": f"row+/{first + size}="} if first + size < len(plugs) else {}
        return {"devices": rows, "has_more": bool(more), "total": len(plugs)} | more

    def _owned(self, id_: str) -> Plug:
        if id_ not in self._plugs:
            raise RefusalError(1106)
        return self._plugs[id_]

    def _command(self, plug: Plug, body: bytes) -> bool:
        if not plug.online:
            raise RefusalError(2001)
        for command in json.loads(body)["commands"]:
            if command["code"] not in plug.gangs or not isinstance(command["value"], bool):
                raise RefusalError(2008)
            plug.switch(command["code"], command["value"])
        return True

    def _record(self, plug: Plug) -> dict[str, Any]:
        status: list[dict[str, Any]] = [{"code": gang, "value": on} for gang, on in plug.relays.items()]
        status += [{"code": "countdown_1", "value": 0}, {"code": "relay_status", "value": "last"}]
        return {
            "id": plug.id,
            "name": plug.name,
            "uid": USER,
            "local_key": plug.key,
            "category": plug.category,
            "online": plug.online,
            "status": status,
        }


def cloud_app(cloud: Cloud) -> HttpApp:
    """Return the HTTP side of the cloud, which answers at every path."""
    app = HttpApp({}, asyncio.get_running_loop())

    @app.before_request
    async def answer() -> Response:
        if cloud.fault is CloudFault.TRICKLE:
            return Response(_trickle(), mimetype="application/json", headers={"Content-Length": "1000000"})
        body = await cloud.answer(request.method, raw_target(), raw_headers(), request.get_data())
        return Response(body, mimetype="application/json")

    return app


def _trickle() -> Iterator[bytes]:
    while True:
        time.sleep(TRICKLE_S)
        yield b" "
