"""Modbus RTU: unit, request, checksum. Only the silence before a frame marks its start."""

from dataclasses import replace
from functools import cache

from simulators.modbus_unit import Request, requested_words, unrelated_answer
from simulators.transports.framing import Framing, GarbageError

SHORTEST = 4
LENGTHS = dict.fromkeys(range(1, 7), 8)
WRITES_OF_ANY_LENGTH = (15, 16)
AT_THEIR_COUNT = 7
ADDRESS_COUNT_AND_CRC = 9
LONGEST_TEXT = 64


class RtuFraming(Framing):
    """RTU, on a serial line or inside a TCP connection."""

    def pack(self, request: Request, pdu: bytes) -> bytes:
        """Return the frame that carries an answer."""
        return with_crc(bytes([request.unit]) + pdu)

    def strays(self, request: Request) -> tuple[bytes, ...]:
        """Return the answer of another unit, and this unit's answer to a longer request."""
        asked = requested_words(request.pdu)
        other = replace(request, unit=request.unit % 247 + 1)
        return self.pack(other, unrelated_answer(asked)), self.pack(request, unrelated_answer(asked % 100 + 1))

    def _length(self) -> int | None:
        return length_of(self._buffer)

    def _parse(self, frame: bytes) -> list[Request]:
        return [checked(frame)]


class RawFraming(RtuFraming):
    """A dongle that forwards every byte except its own AT commands, which are lines of text."""

    def __init__(self, pn: str) -> None:
        super().__init__()
        self._pn = pn

    def _length(self) -> int | None:
        if self._buffer[:2] != b"AT":  # unit 65 and a function that no inverter has
            return super()._length()
        length = self._buffer.find(b"\n") + 1 or None
        if (length or len(self._buffer)) > LONGEST_TEXT:
            raise GarbageError
        return length

    def _parse(self, frame: bytes) -> list[Request]:
        if not frame.startswith(b"AT"):
            return super()._parse(frame)
        known = frame.strip() == b"AT+DTUPN?"
        return [Request(reply=f"AT+DTUPN:{self._pn}\r\n".encode())] if known else []


def length_of(buffer: bytes | bytearray) -> int | None:
    """Return the length of a request by its first bytes, None if not yet known, or raise GarbageError."""
    if len(buffer) < 2:
        return None
    if buffer[1] in LENGTHS:
        return LENGTHS[buffer[1]]
    if buffer[1] not in WRITES_OF_ANY_LENGTH:
        raise GarbageError
    return buffer[AT_THEIR_COUNT - 1] + ADDRESS_COUNT_AND_CRC if len(buffer) >= AT_THEIR_COUNT else None


def checked(frame: bytes, header: bytes = b"") -> Request:
    """Return the request in a frame, or raise GarbageError if its checksum is wrong."""
    if len(frame) < SHORTEST or with_crc(frame[:-2]) != frame:
        raise GarbageError
    return Request(frame[0], frame[1:-2], header)


def with_crc(content: bytes) -> bytes:
    """Return a frame with its checksum, the low byte first."""
    return content + crc16(content).to_bytes(2, "little")


def crc16(content: bytes) -> int:
    """Return the checksum of Modbus RTU."""
    crc = 0xFFFF
    for byte in content:
        crc = crc >> 8 ^ _crc_of_byte((crc ^ byte) & 0xFF)
    return crc


@cache
def _crc_of_byte(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0xA001 if byte & 1 else 0)
    return byte
