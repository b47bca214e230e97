"""The body of an HTTP answer, limited in size and time: a server that trickles would block a plain read for ever."""

import time
from typing import Protocol

PIECE = 65_536


class BodyTooLongError(Exception):
    """It is longer than any genuine answer."""


class BodyTooSlowError(Exception):
    """It does not arrive in time, although some of it does."""


class Raw(Protocol):
    """The part of urllib3's response that is used here."""

    def read1(self, amt: int, /, *, decode_content: bool) -> bytes:
        """Return what has arrived, at the latest after the timeout of the request; nothing at the end."""
        ...


def bounded_body(raw: Raw, *, most: int, until_s: float) -> bytes:
    """Return the whole body, by a deadline of the monotonic clock. Raises BodyTooLongError, BodyTooSlowError."""
    body = bytearray()
    while piece := raw.read1(PIECE, decode_content=True):
        body += piece
        if len(body) > most:
            raise BodyTooLongError
        if time.monotonic() > until_s:
            raise BodyTooSlowError
    return bytes(body)
