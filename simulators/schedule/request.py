"""HTTP requests read from a stream: Flask gives no way to answer as badly as the sources must."""

import asyncio
from asyncio import StreamReader
from dataclasses import dataclass

MAX_BODY_BYTES = 65_536


@dataclass(frozen=True)
class Request:
    """One HTTP request. Header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


async def read_request(reader: StreamReader) -> Request:
    """Read one request, or raise ValueError if it is malformed or too long."""
    try:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    except asyncio.LimitOverrunError:
        raise ValueError("the head is too long") from None
    method, target, _version = first.split(" ")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= MAX_BODY_BYTES or "transfer-encoding" in headers:
        raise ValueError("the body is too long or comes in chunks")
    return Request(method, target, headers, await reader.readexactly(length))
