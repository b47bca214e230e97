"""A web server as small as the control needs: one request a connection, JSON both ways."""

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

LONGEST_BODY = 65_536
PATIENCE_S = 10

Answer = tuple[HTTPStatus, Any]
Handler = Callable[[str, str, bytes], Awaitable[Answer]]
"""Takes method, path and body."""


@dataclass(frozen=True)
class Request:
    """A request as it came; the names of headers in small letters."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


async def serve_http(handler: Handler, host: str, port: int) -> asyncio.Server:
    """Listen, and let `handler` answer every request."""

    async def answer(reader: StreamReader) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            return _response(*await _handled(handler, reader))

    return await _listen(answer, host, port)


async def serve_requests(handler: Callable[[Request], Awaitable[bytes]], host: str, port: int) -> asyncio.Server:
    """Listen, and let `handler` say the body of every answer, JSON or not; it may take its time."""

    async def answer(reader: StreamReader) -> bytes:
        async with asyncio.timeout(PATIENCE_S):
            request = await _request(reader)
        return _framed(HTTPStatus.OK, await handler(request))

    return await _listen(answer, host, port)


async def _listen(answer: Callable[[StreamReader], Awaitable[bytes]], host: str, port: int) -> asyncio.Server:
    async def connection(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            writer.write(await answer(reader))
            async with asyncio.timeout(PATIENCE_S):
                await writer.drain()
        except (OSError, EOFError, TimeoutError, ValueError):
            pass  # it went away, never said anything, or speaks no HTTP
        finally:
            writer.close()

    return await asyncio.start_server(connection, host, port)


async def _handled(handler: Handler, reader: StreamReader) -> Answer:
    try:
        request = await _request(reader)
    except (ValueError, asyncio.LimitOverrunError):
        return HTTPStatus.BAD_REQUEST, "This is not an HTTP request of a length that is served here."
    return await handler(request.method, request.target.partition("?")[0], request.body)


async def _request(reader: StreamReader) -> Request:
    """Read a request, or raise ValueError."""
    raw = await reader.readuntil(b"\r\n\r\n")
    first, *lines = raw.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= LONGEST_BODY or "transfer-encoding" in headers:
        raise ValueError("a body that is too long, or comes in pieces")
    return Request(method, target, headers, await reader.readexactly(length))


def _response(status: HTTPStatus, content: Any) -> bytes:
    return _framed(status, json.dumps({"error": content} if status >= HTTPStatus.BAD_REQUEST else content).encode())


def _framed(status: HTTPStatus, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
