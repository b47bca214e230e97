"""Faults of a web site: a changed answer, or a fault while it is sent."""

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from http import HTTPStatus

from pydantic import Field

from simulators.http_server import Command
from simulators.schedule.request import Request

CHALLENGE = (
    '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head><body><h1>be-svitlo.oe.if.ua</h1>'
    "<p>Enable JavaScript and cookies to continue</p></body></html>"
)
CLOUDFLARE = {"Server": "cloudflare", "CF-RAY": "9a3c2f1d0b6e7a55-KBP"}
HTML = "text/html; charset=UTF-8"


class FaultKind(StrEnum):
    """One way to fail."""

    NONE = "none"
    CLOUDFLARE = "cloudflare"
    HTML_200 = "html200"
    FORBIDDEN = "403"
    NOT_FOUND = "404"
    TOO_MANY = "429"
    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    EMPTY = "empty"
    NOT_JSON = "not_json"
    WRONG_SHAPE = "wrong_shape"
    REDIRECT = "redirect"
    LOOP = "loop"
    OVERSIZED = "oversized"
    BOMB = "bomb"
    SLOW = "slow"
    DRIP = "drip"
    SILENT = "silent"
    CUT = "cut"
    RESET = "reset"


class WebFault(Command):
    """A fault of all paths that start with `path`, for `count` requests or until changed."""

    kind: FaultKind
    path: str = "/"
    count: int | None = Field(default=None, ge=1)
    to: str = Field(default="", pattern="^(https?://[!-~]+)?$")
    """The target of redirect; by default the same port under another host name."""
    delay_s: float = Field(default=0.5, ge=0, le=600)
    """The delay of slow before the answer, of drip before each byte."""
    size: int = Field(default=20_000_000, ge=1, le=200_000_000)
    """The size of oversized, and of bomb after decompression."""


@dataclass(frozen=True)
class Reply:
    """An HTTP answer. Without Content-Length it ends with the connection."""

    status: HTTPStatus
    body: bytes
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    with_length: bool = True

    def raw(self) -> bytes:
        """Return the bytes to send."""
        length = {"Content-Length": str(len(self.body))} if self.with_length else {}
        headers = {"Content-Type": self.kind} | length | {"Connection": "close"} | self.headers
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status.value} {self.status.phrase}\r\n{lines}\r\n".encode() + self.body


class Faults:
    """The active faults; of two that match, the first."""

    def __init__(self) -> None:
        self._active: list[WebFault] = []

    @property
    def active(self) -> list[WebFault]:
        """The remaining faults."""
        return list(self._active)

    def replace(self, faults: Iterable[WebFault]) -> None:
        """Replace the active faults."""
        self._active = [fault for fault in faults if fault.kind is not FaultKind.NONE]

    def take(self, path: str) -> WebFault | None:
        """Return the fault of one request, and count it."""
        found = next((fault for fault in self._active if path.startswith(fault.path)), None)
        if found and found.count is not None:
            rest = [found.model_copy(update={"count": found.count - 1})] if found.count > 1 else []
            place = self._active.index(found)
            self._active[place : place + 1] = rest
        return found


def spoil_reply(fault: WebFault, reply: Reply, request: Request, port: int) -> Reply:
    """Return the changed answer; faults of the connection leave it as it is."""
    status = _by_status(fault.kind)
    if status:
        return status
    if fault.kind is FaultKind.REDIRECT:
        return _moved(fault.to or f"http://localhost:{port}{request.target}")
    if fault.kind is FaultKind.LOOP:
        return _moved(request.target)
    return _with_body(fault, reply) if reply.status == HTTPStatus.OK else reply


def _by_status(kind: FaultKind) -> Reply | None:
    if kind is FaultKind.CLOUDFLARE:
        return Reply(HTTPStatus.FORBIDDEN, CHALLENGE.encode(), HTML, CLOUDFLARE | {"cf-mitigated": "challenge"})
    if kind is FaultKind.HTML_200:
        return Reply(HTTPStatus.OK, CHALLENGE.encode(), HTML, CLOUDFLARE)
    if not kind.isdecimal():
        return None
    status = HTTPStatus(int(kind))
    body = f"<html><head><title>{status} {status.phrase}</title></head><body>nginx</body></html>"
    return Reply(status, body.encode(), HTML, {"Retry-After": "7"} if status == HTTPStatus.TOO_MANY_REQUESTS else {})


def _moved(place: str) -> Reply:
    return Reply(HTTPStatus.FOUND, b"", HTML, {"Location": place})


def _with_body(fault: WebFault, reply: Reply) -> Reply:
    if fault.kind is FaultKind.EMPTY:
        return replace(reply, body=b"")
    if fault.kind is FaultKind.NOT_JSON:
        return replace(reply, body=reply.body[: max(1, len(reply.body) // 2)])
    if fault.kind is FaultKind.WRONG_SHAPE:
        right = json.loads(reply.body)
        return replace(reply, body=json.dumps({"data": right} if isinstance(right, list) else [right]).encode())
    if fault.kind is FaultKind.OVERSIZED:  # still valid JSON
        return replace(reply, body=_padded(fault, reply), with_length=False)
    if fault.kind is FaultKind.BOMB:
        return replace(reply, body=gzip.compress(_padded(fault, reply), 9), headers={"Content-Encoding": "gzip"})
    return reply


def _padded(fault: WebFault, reply: Reply) -> bytes:
    return b" " * max(0, fault.size - len(reply.body)) + reply.body
