"""Assembles Bluetooth notifications into frames and builds commands. Pure.

A JK is a serial line behind a radio: frames of 300 bytes arrive in pieces of any size, between `AT` noise, followed
directly by an acknowledgement, two in one notification, and sometimes damaged (captures of firmware 3 to 19). So a
frame is found by its header wherever that is, and is accepted only with a correct checksum and a known type.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

HEADER = bytes.fromhex("55aaeb90")
SIZE = 300
TYPE_OFFSET = 4
COMMAND_HEADER = bytes.fromhex("aa5590eb")
COMMAND_SIZE = 20


class FrameType(IntEnum):
    """The kinds of frames."""

    SETTINGS = 1
    CELLS = 2
    DEVICE = 3
    LOGBOOK = 5


TYPES = frozenset(FrameType)


class Command(IntEnum):
    """Requests that change nothing in the BMS. After CELLS it keeps streaming cell frames."""

    DEVICE = 0x97
    CELLS = 0x96


@dataclass(frozen=True)
class Frame:
    """A complete frame with a correct checksum. The device frame holds pass codes, so repr never shows the bytes."""

    type: FrameType
    data: bytes

    def __repr__(self) -> str:
        return f"Frame({self.type.name})"


def command_bytes(command: Command) -> bytes:
    """Return the bytes of a command: header, command, length 0, padding, checksum."""
    body = (COMMAND_HEADER + bytes((command,))).ljust(COMMAND_SIZE - 1, b"\0")
    return body + bytes((checksum(body),))


class FrameAssembler:
    """Turns notifications into frames; `damaged` counts headers that were not followed by a valid frame."""

    def __init__(self) -> None:
        self.damaged = 0
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take a notification and yield the frames that it completes. The buffer never holds two frames or more."""
        for start in range(0, len(data), SIZE):
            self._buffer += data[start : start + SIZE]
            yield from self._frames()

    def _frames(self) -> Iterator[Frame]:
        while True:
            at = self._buffer.find(HEADER)
            if at < 0:
                self._buffer = self._buffer[-(len(HEADER) - 1) :]  # perhaps the start of a header
                return
            self._buffer = self._buffer[at:]
            if len(self._buffer) < SIZE:
                return
            frame = to_frame(self._buffer[:SIZE])
            if frame:
                yield frame
            else:
                self.damaged += 1
            self._buffer = self._buffer[SIZE if frame else len(HEADER) :]


def to_frame(data: bytes) -> Frame | None:
    """Return the frame, or None if checksum or type is wrong; the checksum alone misses one damaged frame in 256."""
    is_valid = data[TYPE_OFFSET] in TYPES and checksum(data[:-1]) == data[-1]
    return Frame(FrameType(data[TYPE_OFFSET]), data) if is_valid else None


def checksum(data: bytes) -> int:
    """Return the sum that ends a frame or a command."""
    return sum(data) & 0xFF
