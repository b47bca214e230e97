"""How requests are found in a stream of bytes and how answers are packed: what all wires have in common."""

from typing import ClassVar

from simulators.unit import Request


class GarbageError(Exception):
    """These bytes are no request, and where the next one would begin nobody knows."""


class Framing:
    """One side's view of one connection.

    Like a real device it becomes deaf at the first byte that makes no sense, and hears again after a silence.
    """

    quiet_s: ClassVar[float | None] = 0.1
    """So long a silence ends whatever was said; None: it ends nothing, and who is not understood is cut off."""

    def __init__(self) -> None:
        self.deaf = False
        self._buffer = bytearray()

    @property
    def pending(self) -> bool:
        """Whether a silence would mean something now."""
        return self.deaf or bool(self._buffer)

    def silence(self) -> None:
        """Forget what was not finished."""
        self.deaf = False
        self._buffer.clear()

    def feed(self, data: bytes) -> list[Request]:
        """Take what came, and return the requests that are now complete."""
        found: list[Request] = []
        if self.deaf:
            return found
        self._buffer += data
        try:
            while frame := self._cut():
                found += self._understood(frame)
        except GarbageError:
            self.deaf = True
            self._buffer.clear()
        return found

    def pack(self, request: Request, pdu: bytes) -> bytes:
        """Return the frame that carries an answer."""
        raise NotImplementedError

    def strays(self, request: Request) -> tuple[bytes, ...]:
        """Return well-formed frames that are no answers to this request."""
        raise NotImplementedError

    def _length(self) -> int | None:
        """Return how long the frame is that begins here, None while that cannot be told, or raise GarbageError."""
        raise NotImplementedError

    def _understood(self, frame: bytes) -> list[Request]:
        """Return the request in a frame; none where nobody answers it; raise GarbageError where it is damaged."""
        raise NotImplementedError

    def _cut(self) -> bytes:
        """Take one complete frame out of what has come; nothing where there is none."""
        length = self._length()
        if length is None or len(self._buffer) < length:
            return b""
        frame = bytes(self._buffer[:length])
        del self._buffer[:length]
        return frame
