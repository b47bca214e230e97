"""Requests to bytes, and received bytes to the one reply that answers a request. Pure.

PDUs are pymodbus'; frames and the CRC are ours. pymodbus' framers take the first bytes that look like a frame, so a
stray or damaged frame costs them the valid reply behind it. Here a reply is what answers exactly this request, wherever
it is in the received bytes, and everything else is skipped.
"""

import re
from dataclasses import dataclass, replace
from typing import Protocol

from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    WriteMultipleRegistersRequest,
)

from shared.modbus_crc import crc16

READ = 3
WRITE = 16
"""The only function that these inverters' documents describe for writing, for one register as well."""
EXCEPTION = 0x80
FUNCTIONS = (READ, WRITE, READ | EXCEPTION, WRITE | EXCEPTION)
LONGEST = 264
"""Bytes of the longest frame, including its envelope."""
CRC = 2
PI30_ANSWER = re.compile(rb"\([ -~]{3,200}?..\r", re.DOTALL)
"""A bracket, text, two bytes of checksum, CR: the ASCII protocol of Easun SMW, SMH, SMR, SMT and many others."""
DONGLE_TEXT = re.compile(rb"AT\+[ -~]*\r\n")
"""What a dongle says of itself: its name for the greeting, at times late, and its heartbeat."""


@dataclass(frozen=True)
class Request:
    """Read `count` words from address `start` of a unit, or write these `words` there.

    `number`, 1 to 65535, marks its reply if frames carry it.
    """

    unit: int
    start: int
    count: int
    number: int
    words: tuple[int, ...] = ()

    @property
    def function(self) -> int:
        """The Modbus function."""
        return WRITE if self.words else READ


@dataclass(frozen=True)
class ReadReply:
    """The registers that were asked for."""

    words: tuple[int, ...]


@dataclass(frozen=True)
class WriteReply:
    """The acknowledgement of a write. It does not prove that the inverter has carried it out."""


@dataclass(frozen=True)
class ExceptionReply:
    """A refusal by a Modbus exception code."""

    code: int


Reply = ReadReply | WriteReply | ExceptionReply


class Framing(Protocol):
    """How requests and replies are framed on one kind of transport."""

    name: str
    numbered: bool
    """Whether a reply says which request it belongs to."""
    greeting: bytes
    """Bytes to send on a new connection before the first request."""

    def encode(self, request: Request) -> bytes:
        """Return the bytes of a request."""

    def reply_at(self, data: bytes, at: int, request: Request) -> Reply | None:
        """Return the complete and valid reply that begins at an offset, if one does."""

    def labels_at(self, data: bytes, at: int) -> tuple[int, int] | None:
        """Return the number and the unit that a reply at an offset would carry; a number of 0 if it carries none."""

    def foreign_frame_at(self, data: bytes, at: int, request: Request) -> int:
        """Return the length of a complete frame at an offset that answers another request; 0 if there is none."""


class ModbusTcp:
    """Modbus TCP: number, 0, length, unit, PDU. There is no checksum, so every byte of the header must match."""

    name = "Modbus TCP"
    numbered = True
    greeting = b""

    def encode(self, request: Request) -> bytes:
        """Return the bytes of a request."""
        pdu = _pdu(request)
        return _word(request.number) + _word(0) + _word(1 + len(pdu)) + bytes((request.unit,)) + pdu

    def reply_at(self, data: bytes, at: int, request: Request) -> Reply | None:
        """Return the reply that begins at an offset, if one does."""
        if data[at : at + 4] != _word(request.number) + _word(0) or data[at + 6 : at + 7] != bytes((request.unit,)):
            return None
        size = _reply_size(data, at + 7, request)
        if not size or int.from_bytes(data[at + 4 : at + 6], "big") != 1 + size or len(data) < at + 7 + size:
            return None
        return _reply(data[at + 7 : at + 7 + size])

    def labels_at(self, data: bytes, at: int) -> tuple[int, int] | None:
        """Return the number and the unit that a reply at an offset would carry."""
        return (int.from_bytes(data[at : at + 2], "big"), data[at + 6]) if len(data) > at + 6 else None

    def foreign_frame_at(self, data: bytes, at: int, request: Request) -> int:
        """Return the length of a complete frame at an offset that answers another request; 0 if there is none."""
        size = 6 + int.from_bytes(data[at + 4 : at + 6], "big")
        is_frame = data[at + 2 : at + 4] == b"\0\0" and 9 <= size <= LONGEST and len(data) >= at + size
        is_ours = int.from_bytes(data[at : at + 2], "big") == request.number
        return size if is_frame and not is_ours else 0


class Rtu:
    """The framing of the serial line: unit, PDU, CRC. Replies carry no number."""

    name = "Modbus RTU"
    numbered = False
    greeting = b""

    def encode(self, request: Request) -> bytes:
        """Return the bytes of a request."""
        content = bytes((request.unit,)) + _pdu(request)
        return content + crc16(content)

    def reply_at(self, data: bytes, at: int, request: Request) -> Reply | None:
        """Return the reply that begins at an offset, if one does."""
        if data[at] != request.unit:
            return None
        size = _reply_size(data, at + 1, request)
        if not size or not _has_crc(data, at, 1 + size):
            return None
        return _reply(data[at + 1 : at + 1 + size])

    def labels_at(self, data: bytes, at: int) -> tuple[int, int] | None:
        """Return the unit that a reply at an offset would carry, without a number."""
        return 0, data[at]

    def foreign_frame_at(self, data: bytes, at: int, request: Request) -> int:  # noqa: ARG002 - it carries no number
        """Return the length of a complete frame at an offset that answers another request; 0 if there is none."""
        function, length = (*data[at + 1 : at + 3], 0, 0)[:2]
        size = 3 + length if function == READ else 6 if function == WRITE else 3
        is_frame = function in FUNCTIONS and _has_crc(data, at, size)
        return size + CRC if is_frame else 0


class RawDongle(Rtu):
    """RTU as newer Wi-Fi dongles carry it: bare, on a connection that begins with a text command."""

    greeting = b"AT+DTUPN?\r\n"

    def foreign_frame_at(self, data: bytes, at: int, request: Request) -> int:
        """Return the length of a complete frame or line of text at an offset that answers another request, or 0."""
        text = DONGLE_TEXT.match(data, at)
        return len(text[0]) if text else super().foreign_frame_at(data, at, request)


class EyeBond:
    """RTU in the envelope of the Wi-Fi dongles: number, device code, length, address, function (all big endian).

    Function 4 forwards to the inverter. Length and device code of a reply are ignored, for they vary between dongles;
    number and CRC must match. Bytes behind the CRC are skipped.
    """

    name = "Modbus"
    numbered = True
    greeting = b""
    device_code, collector, forward = 1, 0xFF, 4
    functions = frozenset((1, 2, 3, 4, 17, 18, 19))
    header = 8

    def encode(self, request: Request) -> bytes:
        """Return the bytes of a request."""
        inner = _line.encode(request)
        header = _word(request.number) + _word(self.device_code) + _word(len(inner) + 2)
        return header + bytes((self.collector, self.forward)) + inner

    def reply_at(self, data: bytes, at: int, request: Request) -> Reply | None:
        """Return the reply that begins at an offset, if one does."""
        is_ours = data[at : at + 2] == request.number.to_bytes(2, "big") and data[at + 7 : at + 8] == b"\x04"
        return _line.reply_at(data, at + self.header, request) if is_ours and len(data) > at + self.header else None

    def labels_at(self, data: bytes, at: int) -> tuple[int, int] | None:
        """Return the number and the unit that a reply at an offset would carry."""
        if len(data) <= at + self.header:
            return None
        return int.from_bytes(data[at : at + 2], "big"), data[at + self.header]

    def foreign_frame_at(self, data: bytes, at: int, request: Request) -> int:
        """Return the length of a complete frame at an offset that answers another request; 0 if there is none."""
        if len(data) < at + self.header or data[at + 7] not in self.functions:
            return 0
        size = 6 + int.from_bytes(data[at + 4 : at + 6], "big")
        is_ours = int.from_bytes(data[at : at + 2], "big") == request.number and data[at + 7] == self.forward
        return size if not is_ours and self.header <= size <= 2 * LONGEST and len(data) >= at + size else 0


_line = Rtu()


def find_reply(framing: Framing, data: bytes, request: Request) -> Reply | None:
    """Return the reply to a request, wherever it is in the received bytes."""
    return next((reply for at in range(len(data)) if (reply := framing.reply_at(data, at, request))), None)


def mislabelled(framing: Framing, data: bytes, request: Request) -> Request | None:
    """Return the request that the bytes would answer, with another unit or number than was sent, if there is one."""
    for at in range(len(data)):
        if labels := framing.labels_at(data, at):
            number, unit = labels
            other = replace(request, number=number, unit=unit)
            if framing.reply_at(data, at, other):
                return other
    return None


def is_damaged(framing: Framing, data: bytes, request: Request) -> bool:
    """Whether the bytes hold more than complete foreign frames: damage, or the beginning of a reply."""
    at = 0
    while at < len(data):
        size = framing.foreign_frame_at(data, at, request)
        if not size:
            return True
        at += size
    return False


def speaks_pi30(data: bytes) -> bool:
    """Whether the bytes are in the ASCII protocol of another family of inverters."""
    return PI30_ANSWER.search(data) is not None


def _word(number: int) -> bytes:
    return number.to_bytes(2, "big")


def _pdu(request: Request) -> bytes:
    if request.words:
        asked = WriteMultipleRegistersRequest(address=request.start, registers=list(request.words))
        return bytes((WRITE,)) + asked.encode()
    return bytes((READ,)) + ReadHoldingRegistersRequest(address=request.start, count=request.count).encode()


def _reply_size(data: bytes, at: int, request: Request) -> int:
    """Return the length of the PDU at an offset if it answers the request, else 0."""
    function, length = (*data[at : at + 2], 0, 0)[:2]
    if function == request.function | EXCEPTION:
        return 2
    if function != request.function:
        return 0
    if function == WRITE:
        return 5 if data[at + 1 : at + 5] == _word(request.start) + _word(request.count) else 0
    return 2 + length if length == 2 * request.count else 0


def _has_crc(data: bytes, at: int, size: int) -> bool:
    end = at + size
    return data[end : end + CRC] == crc16(data[at:end])


def _reply(pdu: bytes) -> Reply:
    if pdu[0] & EXCEPTION:
        return ExceptionReply(pdu[1])
    if pdu[0] == WRITE:
        return WriteReply()
    decoded = ReadHoldingRegistersResponse()
    decoded.decode(pdu[1:])
    return ReadReply(tuple(decoded.registers))
