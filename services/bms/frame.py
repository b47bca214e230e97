"""A stream of notifications to whole frames, pure.

A JK is a serial line behind a radio: frames of 300 bytes arrive in pieces of any size, between `AT` noise, with an
acknowledgement glued to their end, two of them in one notification, and now and then damaged (captures of firmware 3 to
19). So a frame is found by its header wherever it stands, and counts only with the right sum and a known type.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

HEADER = bytes.fromhex("55aaeb90")
SIZE = 300
TYPE_AT = 4
COMMAND_HEADER = bytes.fromhex("aa5590eb")
COMMAND_SIZE = 20


class FrameType(IntEnum):
    """What a frame is about."""

    SETTINGS = 1
    CELLS = 2
    DEVICE = 3
    LOGBOOK = 5


TYPES = frozenset(FrameType)


class Command(IntEnum):
    """What can be asked for. Neither changes anything in the BMS; cell frames follow CELLS by themselves for ever."""

    DEVICE = 0x97
    CELLS = 0x96


@dataclass(frozen=True)
class Frame:
    """A whole frame with a right sum. The device frame holds pass codes in clear text, so no frame is ever shown."""

    type: FrameType
    data: bytes

    def __repr__(self) -> str:
        return f"Frame({self.type.name})"


def request(command: Command) -> bytes:
    """Return the bytes of a command: header, command, length 0, padding, sum."""
    body = (COMMAND_HEADER + bytes((command,))).ljust(COMMAND_SIZE - 1, b"\0")
    return body + bytes((_sum(body),))


class Assembler:
    """Collects notifications and yields frames; `damaged` counts headers that no sound frame followed."""

    def __init__(self) -> None:
        self.damaged = 0
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take a notification and yield the frames that it completes. Less than two frames are kept, whatever comes."""
        for start in range(0, len(data), SIZE):
            self._buffer += data[start : start + SIZE]
            yield from self._frames()

    def _frames(self) -> Iterator[Frame]:
        while True:
            at = self._buffer.find(HEADER)
            if at < 0:
                self._buffer = self._buffer[-(len(HEADER) - 1) :]  # perhaps the beginning of one
                return
            self._buffer = self._buffer[at:]
            if len(self._buffer) < SIZE:
                return
            frame = _frame(self._buffer[:SIZE])
            if frame:
                yield frame
            else:
                self.damaged += 1
            self._buffer = self._buffer[SIZE if frame else len(HEADER) :]


def _frame(data: bytes) -> Frame | None:
    """Return the frame, or None where the sum or the type is wrong; one in 256 damaged ones passes the sum alone."""
    is_sound = data[TYPE_AT] in TYPES and _sum(data[:-1]) == data[-1]
    return Frame(FrameType(data[TYPE_AT]), data) if is_sound else None


def _sum(data: bytes) -> int:
    return sum(data) & 0xFF
