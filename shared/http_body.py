"""The body of an HTTP answer, bounded in size and time: a server that trickles would hold a plain read for ever."""

import time
from typing import Protocol

PIECE = 65_536


class BodyTooLongError(Exception):
    """It is longer than any true answer."""


class BodyTooSlowError(Exception):
    """It is not there in time, although some of it comes."""


class Raw(Protocol):
    """What urllib3 calls a response."""

    def read1(self, amt: int, /, *, decode_content: bool) -> bytes:
        """Return what is there, at the latest after the timeout of the request; nothing at the end."""
        ...


def bounded_body(raw: Raw, *, most: int, until_s: float) -> bytes:
    """Return the whole body, read by a moment of the monotonic clock. Raises BodyTooLongError, BodyTooSlowError."""
    body = bytearray()
    while piece := raw.read1(PIECE, decode_content=True):
        body += piece
        if len(body) > most:
            raise BodyTooLongError
        if time.monotonic() > until_s:
            raise BodyTooSlowError
    return bytes(body)
