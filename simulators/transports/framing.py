"""Splits a byte stream into requests and packs answers: the part that all framings share."""

from typing import ClassVar

from simulators.modbus_unit import Request


class GarbageError(Exception):
    """These bytes are no request, and the start of the next one is unknown."""


class Framing:
    """The parser of one connection.

    Like a real device it ignores everything after the first malformed byte until there is a silence.
    """

    silence_s: ClassVar[float | None] = 0.1
    """A silence this long resynchronizes the parser; None: silences mean nothing, garbage ends the connection."""

    def __init__(self) -> None:
        self.ignoring = False
        self._buffer = bytearray()

    @property
    def pending(self) -> bool:
        """Whether a silence would change anything now."""
        return self.ignoring or bool(self._buffer)

    def silence(self) -> None:
        """Discard an unfinished request."""
        self.ignoring = False
        self._buffer.clear()

    def feed(self, data: bytes) -> list[Request]:
        """Add received bytes and return the requests that are now complete."""
        found: list[Request] = []
        if self.ignoring:
            return found
        self._buffer += data
        try:
            while frame := self._next_frame():
                found += self._parse(frame)
        except GarbageError:
            self.ignoring = True
            self._buffer.clear()
        return found

    def pack(self, request: Request, pdu: bytes) -> bytes:
        """Return the frame that carries an answer."""
        raise NotImplementedError

    def strays(self, request: Request) -> tuple[bytes, ...]:
        """Return well-formed frames that are no answers to this request."""
        raise NotImplementedError

    def _length(self) -> int | None:
        """Return the length of the frame at the start of the buffer, None if not yet known, or raise GarbageError."""
        raise NotImplementedError

    def _parse(self, frame: bytes) -> list[Request]:
        """Return the request in a frame, none if nobody answers it, or raise GarbageError if it is damaged."""
        raise NotImplementedError

    def _next_frame(self) -> bytes:
        """Take one complete frame from the buffer; nothing if there is none."""
        length = self._length()
        if length is None or len(self._buffer) < length:
            return b""
        frame = bytes(self._buffer[:length])
        del self._buffer[:length]
        return frame
