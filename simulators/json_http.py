"""A web server as small as the control needs: one request a connection, JSON both ways."""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError

from shared.errors import CommandRefusedError

LONGEST_BODY = 65_536
PATIENCE_S = 10

Answer = tuple[HTTPStatus, Any]
Handler = Callable[[str, str, bytes], Awaitable[Answer]]
"""Takes method, path and body."""
Routes = Mapping[tuple[str, str], Callable[[bytes], Awaitable[Any]]]
"""What to do with the body, by method and path."""


@dataclass(frozen=True)
class Request:
    """What somebody asked for. The names of the headers are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


async def routed(routes: Routes, method: str, path: str, body: bytes) -> Answer:
    """Do what a request asks; what is wrong with it is said in one sentence."""
    route = routes.get((method, path))
    if not route:
        known = ", ".join(f"{method} {path}" for method, path in routes)
        return HTTPStatus.NOT_FOUND, f"There is only {known}."
    try:
        return HTTPStatus.OK, await route(body)
    except ValidationError as error:
        return HTTPStatus.BAD_REQUEST, error.errors(include_url=False, include_input=False)[0]["msg"]
    except CommandRefusedError as error:
        return HTTPStatus.CONFLICT, str(error)


async def serve_http(handler: Handler, host: str, port: int) -> asyncio.Server:
    """Listen, and let `handler` answer every request."""

    async def connection(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                status, content = await _handled(handler, reader)
                writer.write(_response(status, content))
                await writer.drain()
        except (OSError, EOFError, TimeoutError):
            pass  # it went away, or never said anything
        finally:
            writer.close()

    return await asyncio.start_server(connection, host, port)


async def serve_requests(handler: Callable[[Request], Awaitable[bytes]], host: str, port: int) -> asyncio.Server:
    """Listen, and let `handler` say the body of every answer, JSON or not; it may take its time."""

    async def connection(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                request = await read_request(reader)
            writer.write(_framed(HTTPStatus.OK, await handler(request)))
            async with asyncio.timeout(PATIENCE_S):
                await writer.drain()
        except (OSError, EOFError, TimeoutError, ValueError):
            pass  # it went away, never said anything, or speaks no HTTP
        finally:
            writer.close()

    return await asyncio.start_server(connection, host, port)


async def read_request(reader: StreamReader) -> Request:
    """Return the request that comes in, or raise ValueError where it is none that is served here."""
    try:
        method, target, headers, length = _head(await reader.readuntil(b"\r\n\r\n"))
    except asyncio.LimitOverrunError:
        raise ValueError("a head that is too long") from None
    return Request(method, target, headers, await reader.readexactly(length))


async def _handled(handler: Handler, reader: StreamReader) -> Answer:
    try:
        request = await read_request(reader)
    except ValueError:
        return HTTPStatus.BAD_REQUEST, "This is not an HTTP request of a length that is served here."
    return await handler(request.method, request.path, request.body)


def _head(raw: bytes) -> tuple[str, str, dict[str, str], int]:
    """Return method, target, headers and the length of the body, or raise ValueError."""
    first, *lines = raw.decode("latin-1").strip().split("\r\n")
    method, target, _version = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= LONGEST_BODY or "transfer-encoding" in headers:
        raise ValueError("a body that is too long, or comes in pieces")
    return method, target, headers, length


def _response(status: HTTPStatus, content: Any) -> bytes:
    return _framed(status, json.dumps({"error": content} if status >= HTTPStatus.BAD_REQUEST else content).encode())


def _framed(status: HTTPStatus, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
